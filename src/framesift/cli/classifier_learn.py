"""``framesift classifier learn``: from words and a few pictures to a head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from framesift.cli import learning
from framesift.cli.exits import DONE, FAILED_ITEMS, Stop
from framesift.cli.options import Request, embedding_options

__all__ = ["learn"]


@click.command(short_help="Learn from 5 to 20 pictures of each label.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("labelled", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The head to write.  [default: beside FILE, with .head]",
)
@learning.FORCE
@learning.FORMAT
@click.option(
    "--target",
    metavar="TARGET",
    help="What abstention should achieve: `accuracy>=95%` or `coverage>=80%`.  [default: it "
    "abstains as FILE says]",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the folds."
)
@embedding_options
def learn(request: Request, file: Path, labelled: Path, **choices: Any) -> int:
    """Learn a head from the words of FILE and the pictures of LABELLED.

    LABELLED has a folder for each label, and one called none where other pictures occur. The head
    starts from the words and moves as far as the pictures ask for. `framesift classify --classifier
    NAME.head` uses it. Exit codes are those of `classifier test`.
    """
    learning.require_extra(plots=False)
    out = choices["out"] or file.with_suffix(".head")
    learning.refuse_existing(out, force=choices["force"])
    from framesift.cli.classifier_examples import open_exam
    from framesift.cli.classifier_teaching import as_text, teach
    from framesift.heads import save_head
    from framesift.heads.classifiers.abstaining import AbstentionTarget
    from framesift.heads.classifiers.choosing import is_trained

    target = AbstentionTarget.parse(choices["target"]) if choices["target"] else None
    if is_trained(file):
        message = f"{file} is a head already; give the classifier in words that it came from"
        raise Stop(message)
    with open_exam(request, file, labelled) as exam:
        taught = teach(exam, labelled, target=target, seed=choices["seed"])
        written = save_head(taught.head, out)
        console = exam.bench.console
        for warning in taught.warnings:
            console.notice(warning)
        console.say(f"framesift: wrote {written}")
        left_out = exam.left_out
    click.echo(as_text(taught, as_json=choices["format_"] == "json"))
    return FAILED_ITEMS if left_out else DONE
