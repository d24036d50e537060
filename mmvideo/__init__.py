"""mmvideo: train, test and compare networks that recognize actions in video.

Importing the package imports no network, no decoder and no data set: the registries of
:mod:`mmvideo.registry` import a floor of the house when its first member is asked for.
"""
__version__ = '0.1.0'
