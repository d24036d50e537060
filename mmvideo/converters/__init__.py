"""Weights of other collections: their names for ours, what must be permuted, and a proof."""
from .entries import Report, convert, revert
from .sources import SOURCES, entries_of, source_of

__all__ = ['SOURCES', 'Report', 'convert', 'entries_of', 'revert', 'source_of']
