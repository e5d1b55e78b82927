"""``framesift heads``: what a head file is, and how far it can be trusted."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.exits import DONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.heads.base import HeadCard

__all__ = ["heads"]

_INDENT = 2


@click.group(short_help="Say what a head is.")
def heads() -> None:
    """Say what a trained head is."""


@heads.command("info", short_help="Print the card of a head file.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info(file: Path, *, as_json: bool) -> int:
    """Print the card of a head FILE: what it is, how good, on what, with intervals."""
    from framesift.heads.store import read_card

    card = read_card(file)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(card), indent=2, default=str))
        return DONE
    for line in _lines(card):
        click.echo(line)
    return DONE


def _lines(card: HeadCard) -> Iterator[str]:
    from framesift.reports.words import visible

    facts: dict[str, Any] = {
        "name": card.name,
        "task": card.task,
        "range": f"{card.low:g} to {card.high:g}",
        "model": card.model,
        "space": card.space,
        "reads": ", ".join(card.inputs),
        "method": card.source,
        "licence": card.licence,
        "provenance": card.provenance,
    }
    for name, value in facts.items():
        if value:
            yield f"{name:<17} {visible(str(value))}"
    if card.metrics:
        yield ""
        for name, figure in card.metrics.items():
            yield f"{visible(name):<17} {figure:.4g}"
    if card.details:
        yield ""
        yield from (visible(line) for line in _tree(card.details, 0))


def _tree(value: Any, depth: int) -> Iterator[str]:
    """Write plain JSON data as indented lines; a figure with its interval stays on one line."""
    indent = " " * (_INDENT * depth)
    for key, item in value.items():
        if item in (None, "", [], {}):
            continue
        told = _told(item)
        if told is not None:
            yield f"{indent}{key}: {told}"
            continue
        yield f"{indent}{key}:"
        if isinstance(item, dict):
            yield from _tree(item, depth + 1)
        else:
            for one in item:
                flat = _told(one)
                yield f"{indent}{' ' * _INDENT}- {flat or json.dumps(one)}"


def _told(item: Any) -> str | None:
    """Return what fits on a line, or ``None`` for what needs more."""
    if isinstance(item, dict) and set(item) == {"value", "low", "high"}:
        ends = [item["low"], item["high"]]
        text = _scalar(item["value"])
        return text if None in ends else f"{text} ({_scalar(ends[0])} to {_scalar(ends[1])})"
    if isinstance(item, list) and all(not isinstance(one, (dict, list)) for one in item):
        return ", ".join(_scalar(one) for one in item)
    return None if isinstance(item, (dict, list)) else _scalar(item)


def _scalar(item: Any) -> str:
    if item is None:
        return "-"
    if isinstance(item, bool):
        return "yes" if item else "no"
    return f"{item:.4g}" if isinstance(item, float) else str(item)
