"""Owns the measures and colours of our PDF forms."""

MARGIN = 15.0  # mm
FOOT = 16.0  # mm
LEADING = 1.5
GREY = (86, 103, 114)
PALE = (226, 232, 236)
INK = (20, 33, 43)
