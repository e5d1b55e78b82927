"""``framesift classifier``: write a classifier in words, test, calibrate and teach it."""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["SUBCOMMANDS", "classifier"]

SUBCOMMANDS = {
    "init": "framesift.cli.classifier_init:init",
    "lint": "framesift.cli.classifier_lint:lint",
    "test": "framesift.cli.classifier_test:test",
    "calibrate": "framesift.cli.classifier_calibrate:calibrate",
    "learn": "framesift.cli.classifier_learn:learn",
}
"""Name to module and command, in the order in which they are used."""


class _ClassifierGroup(click.Group):
    """Sub-commands live in modules of their own, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they are used."""
        del ctx
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the sub-command."""
        del ctx
        if cmd_name not in SUBCOMMANDS:
            return None
        module, _, name = SUBCOMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_ClassifierGroup, short_help="Write, test, calibrate and teach a classifier.")
def classifier() -> None:
    """Write labels in words into a file, test them on your own pictures, and make them better.

    `framesift classify --classifier FILE` uses such a file.
    """
