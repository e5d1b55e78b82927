"""Framesift: score, filter and moderate images and videos with CLIP."""

__version__ = "0.1.0.dev0"
