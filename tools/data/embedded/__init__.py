"""The embedded data set: short videos with sound, drawn and encoded on the spot.

``classes`` says what is shown and which evidence tells it, ``clips`` draws the chance of one clip,
``picture`` and ``sound`` render it, ``movie`` encodes it.
"""
