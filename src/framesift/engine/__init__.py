"""Engines: how an `Analyzer` is put to work on many sources."""

from framesift.engine.local import run_many

__all__ = ["run_many"]
