"""The ``framesift`` command. Nothing heavy is imported until a sub-command runs."""

from framesift.cli.app import cli, main

__all__ = ["cli", "main"]
