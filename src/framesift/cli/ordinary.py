"""``framesift train known``: from a folder of ordinary pictures to what tells unknown ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from framesift.errors import ConfigError, HeadError
from framesift.media import ExpandOptions, Source, expand_sources

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.cli.workbench import Workbench
    from framesift.heads.known import KnownHead
    from framesift.heads.training.examples import Examples
    from framesift.settings import Settings
    from framesift.types import Embeddings, Failure

_DRAWN = 40

__all__ = ["fit_known", "known_summary", "ordinary_files"]


def ordinary_files(folder: Path, settings: Settings) -> tuple[list[Path], list[Failure]]:
    """Find every picture below a folder.

    Returns:
        The pictures, and what could not be looked at.

    Raises:
        ConfigError: There is none.
    """
    options = ExpandOptions(hidden=settings.hidden, all_files=settings.all_files)
    files: list[Path] = []
    failures: list[Failure] = []
    for found in expand_sources([str(folder)], options=options):
        if not isinstance(found, Source):
            failures.append(found)
        elif found.path is not None:
            files.append(found.path)
    if not files:
        message = "holds no pictures; name a folder with ordinary pictures of all kinds"
        raise ConfigError(message, source=str(folder))
    return files, failures


def fit_known(
    folder: Path, examples: Examples, bench: Workbench, choices: dict[str, Any]
) -> KnownHead:
    """Fit the detector on what was embedded.

    Args:
        folder: Where the pictures are, for the card.
        examples: The pictures.
        bench: Where they were embedded.
        choices: The options ``out``, ``name``, ``share`` (in percent) and ``seed``.

    Raises:
        HeadError: There are too few pictures; the message names the folder.
    """
    from framesift.heads.base import HeadCard
    from framesift.heads.known import MIN_PICTURES, KnownHead, KnownOptions, known_input

    embeddings = examples.embeddings
    # Nothing is drawn where there are too few pictures, which `fit` refuses.
    unusual = _unusual(bench) if len(examples) >= MIN_PICTURES else None
    options = KnownOptions(share=choices["share"] / 100, seed=choices["seed"])
    card = HeadCard(
        name=choices["name"] or choices["out"].name.removesuffix(".head"),
        task="known",
        space=embeddings.space,
        inputs=(known_input(embeddings),),
        source="neighbours",
        provenance=(
            f"{len(examples):,} pictures of {folder.name}, distance to number "
            f"{options.neighbours} of the nearest, and {_DRAWN} drawn pictures of each of some "
            f"unusual kinds; {choices['share']:g} % of the former, held out, are called unknown"
        ),
        model=bench.model,
        details={"pictures": len(examples), "seed": options.seed},
    )
    try:
        return KnownHead.fit(card, embeddings, unusual=unusual, options=options)
    except HeadError as error:
        raise HeadError(error.message, source=str(folder)) from error


def known_summary(head: KnownHead, pictures: int, *, as_json: bool) -> str:
    """Say what was learnt, for people or as JSON."""
    share = head.options.share
    if as_json:
        facts = {
            "head": head.card.name,
            "space": head.card.space,
            "inputs": list(head.card.inputs),
            "pictures": pictures,
            "kept": len(head.ordinary.places),
            "share": share,
            "limit": head.limit,
        }
        return json.dumps(facts, allow_nan=False)
    return (
        f"{head.card.name}: {pictures:,} ordinary pictures of {head.card.space}\n"
        f"  {share:.1%} of them would be called unknown (held out); how many of other ordinary\n"
        "  pictures depends on how like these they are. Use it: framesift scan --known FILE"
    )


def _unusual(bench: Workbench) -> Embeddings:
    """Draw what no photograph is like and embed it, for the other side of the plane."""
    from framesift.media.drawn import EXPOSED, draw_unusual
    from framesift.pipeline.limits.scoring import embed_pictures

    pictures = (draw_unusual(name, index) for name in EXPOSED for index in range(_DRAWN))
    return embed_pictures(bench.gatherer.embedder, pictures)
