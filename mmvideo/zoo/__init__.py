"""The published tables: rows read from the configs, held against the published list, rendered."""
from .rows import Row, View, group_rows, read_configs, read_rows

__all__ = ['Row', 'View', 'group_rows', 'read_configs', 'read_rows']
