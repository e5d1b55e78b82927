"""``framesift classifier init``: a classifier file to start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from framesift.cli.exits import DONE, write_new
from framesift.cli.options import Request, common_options

if TYPE_CHECKING:
    from framesift.heads.classifiers import ClassifierDefinition

__all__ = ["init"]

_LABELS = "dog, cat, neither"
_CONTRAST = {"dog": ("a wolf", "a fox"), "cat": ("a lynx",)}


@click.command(short_help="Write a classifier file to start from.")
@click.argument(
    "file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    default="classifier.toml",
)
@click.option(
    "--labels",
    metavar="LABEL,...",
    help="What it tells apart; with neither, none of these can win.  [default: dog, cat, neither]",
)
@click.option(
    "--mode",
    type=click.Choice(["one", "many"]),
    default="one",
    show_default=True,
    help="One of the labels, or each by itself: a picture may then have several.",
)
@common_options
def init(request: Request, file: Path, labels: str | None, mode: str) -> int:
    """Write a classifier with comments to FILE (`classifier.toml`; `-` prints it).

    A file that is there already is left as it is.
    """
    from framesift.cli.console import Console
    from framesift.heads.classifiers import from_labels

    named = str(file) == "-"
    name = "classifier" if named else file.stem
    text = written(from_labels(labels or _LABELS, name=name), mode, example=labels is None)
    if named:
        click.echo(text, nl=False)
        return DONE
    write_new(file, text)
    Console(quiet=request.quiet).say(
        f"framesift: wrote {file}; edit it, then try it with `framesift classify PICTURES "
        f"--classifier {file}`"
    )
    return DONE


def written(definition: ClassifierDefinition, mode: str, *, example: bool) -> str:
    """Return a definition as a file with comments.

    Args:
        definition: Labels and background.
        mode: ``one`` or ``many``, where labels need a background.
        example: Add look-alikes to the labels that the built-in example has.
    """
    from framesift.heads.classifiers import BACKGROUND

    background = definition.background or (BACKGROUND if mode == "many" else ())
    parts = [
        _HEAD.format(
            name=_quoted(definition.name),
            mode=mode,
            templates=_listed(definition.templates),
            background=_listed(background),
        )
    ]
    for label in definition.labels:
        lines = [
            "[[label]]",
            f"name = {_quoted(label.name)}",
            f"prompts = [{', '.join(map(_quoted, label.prompts))}]",
        ]
        contrast = _CONTRAST.get(label.name, ()) if example else ()
        shown = ", ".join(map(_quoted, contrast)) or '"what looks like it and is not"'
        lines.append(f"{'' if contrast else '# '}contrast = [{shown}]")
        if mode == "many":
            lines.append("threshold = 0.5")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _listed(texts: tuple[str, ...]) -> str:
    if not texts:
        return "[]"
    return "[\n" + "".join(f"    {_quoted(text)},\n" for text in texts) + "]"


def _quoted(text: str) -> str:
    # A JSON string is a TOML string, but for two characters that JSON leaves as they are.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


_HEAD = """\
# A classifier in words, for `framesift classify PICTURES --classifier THIS_FILE`.
# Words go through CLIP's text tower. It knows what pictures are captioned with: say what is to be
# seen ("a dog"), not what is to be concluded, counted or left out ("no dog" is read as "dog").
schema = 1
name = {name}

# one: one of the labels, or none of them.
# many: each label by itself, so that a picture may have several.
mode = "{mode}"

# Answers less probable than this are "unsure". `framesift classifier calibrate` finds a value for
# what you want, such as accuracy>=95%; without a hash in front of it this one is in force.
# abstain_below = 0.6

# Every prompt is put into each of these, and their vectors are averaged.
templates = {templates}

# What pictures of anything else may show. This is how "none of these" wins; with [] it never does.
background = {background}

# A label has a name, several ways to say what its pictures show, and look-alikes (contrast) that
# are not to get the label.
"""
