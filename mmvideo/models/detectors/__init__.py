"""Detectors: what each person in a clip does, given boxes in which somebody may be."""
from mmvideo.models.detectors.acrn import ACRNHead
from mmvideo.models.detectors.bbox_head import BBoxHeadAVA
from mmvideo.models.detectors.fast_rcnn import FastRCNN
from mmvideo.models.detectors.roi_extractor import SingleRoIExtractor3D
from mmvideo.models.detectors.roi_head import AVARoIHead

__all__ = ['ACRNHead', 'AVARoIHead', 'BBoxHeadAVA', 'FastRCNN', 'SingleRoIExtractor3D']
