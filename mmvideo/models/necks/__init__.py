"""Necks stand between backbone and head.

A neck is called as ``neck(features, label)`` (``label`` is None outside training) and returns
``(features, losses)``; the losses, a dict that may be empty, join those of the head.
"""
from mmvideo.models.necks.tpn import TPN

__all__ = ['TPN']
