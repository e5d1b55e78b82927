"""``framesift classifier``: write a classifier in words, test, calibrate and teach it."""

from __future__ import annotations

import click

from framesift.cli.lazy import ModuleGroup

__all__ = ["SUBCOMMANDS", "classifier"]

SUBCOMMANDS = {
    "init": "framesift.cli.classifier_init:init",
    "lint": "framesift.cli.classifier_lint:lint",
    "test": "framesift.cli.classifier_test:test",
    "calibrate": "framesift.cli.classifier_calibrate:calibrate",
    "learn": "framesift.cli.classifier_learn:learn",
}
"""Name to module and command, in the order in which they are used."""


@click.group(
    cls=ModuleGroup,
    modules=SUBCOMMANDS,
    short_help="Write, test, calibrate and teach a classifier.",
)
def classifier() -> None:
    """Write labels in words into a file, test them on your own pictures, and make them better.

    `framesift classify --classifier FILE` uses such a file.
    """
