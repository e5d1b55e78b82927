"""A run of ``framesift classify``: settings, model, classifier, cache."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framesift.cli.console import Console
from framesift.cli.effective import effective_settings, using_cache_dir
from framesift.cli.guarding import guard_classifier
from framesift.cli.sampling import sampler_of
from framesift.cli.session import THUMBNAIL_PX, Session, limits_of, open_cache, open_embedder
from framesift.heads.classifiers import (
    ClassifierHead,
    from_labels,
    load_classifier,
    read_classifier,
)
from framesift.heads.classifiers.choosing import is_trained
from framesift.heads.store import read_card
from framesift.pipeline import Reading, experts_for
from framesift.pipeline.classify import Labeller
from framesift.types import Analysis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from framesift.cli.options import Request
    from framesift.embeddings.base import Embedder
    from framesift.heads.base import Head
    from framesift.heads.classifiers import AnswerRule
    from framesift.settings import Settings
    from framesift.types import Result

__all__ = ["Classifying", "open_classifying", "with_model_of"]


@dataclass(frozen=True, eq=False)
class Classifying(Session):
    """A session that keeps the answers, to sort files by them.

    Attributes:
        kept: Of all results so far, without their thumbnails; empty unless they are wanted.
        keep: Whether they are wanted.
    """

    kept: list[Analysis] = field(default_factory=list)
    keep: bool = False

    def results(self) -> Iterator[Result]:
        """Classify everything that was named, in order."""
        for result in super().results():
            if self.keep and isinstance(result, Analysis):
                plain = dataclasses.replace(result, thumbnail=None, timeline=None, tags=())
                self.kept.append(self.with_real_path(plain))
            yield result


@contextlib.contextmanager
def open_classifying(
    request: Request, choices: dict[str, Any], *, thumbnails: bool
) -> Iterator[Classifying]:
    """Prepare a run: settings, model, classifier, cache. Closes the cache at the end."""
    console = Console(quiet=request.quiet)
    settings = effective_settings(request, console)
    with using_cache_dir(settings.cache_dir), contextlib.ExitStack() as stack:
        settings = with_model_of(choices["file"], settings, console)
        study = guard_classifier(
            choices["file"],
            choices["labels"],
            settings,
            command="framesift classify",
            console=console,
        )
        embedder, notice = open_embedder(settings, console)
        head, rule = _chosen(choices, embedder, console)
        cache = open_cache(stack, settings, console)
        analyzer = Labeller(
            embedder,
            (head,),
            experts=experts_for(head.card.inputs, device=settings.device),
            sampler=sampler_of(settings),
            cache=cache,
            reading=Reading(
                limits=limits_of(settings),
                exact=settings.exact,
                thumbnail_px=THUMBNAIL_PX if thumbnails else None,
            ),
            rule=rule.with_abstention(choices["abstain_below"]),
            top=choices["top"],
        )
        keep = any(choices[name] is not None for name in ("copy_to", "move_to", "link_to"))
        yield Classifying(
            settings,
            analyzer,
            console,
            "; ".join(filter(None, (notice, study))) or None,
            request.paths,
            request.progress,
            keep=keep,
        )


def with_model_of(file: Path | None, settings: Settings, console: Console) -> Settings:
    """Where no model was asked for, take the one that a trained head was made with."""
    if file is None or settings.model != "auto" or not is_trained(file):
        return settings
    model = read_card(file).model
    if not model:
        return settings
    console.notice(f"model {model}, which {file} was made with")
    return settings.model_copy(update={"model": model})


def _chosen(
    choices: dict[str, Any], embedder: Embedder, console: Console
) -> tuple[Head, AnswerRule]:
    from framesift.cli.advising import advise

    file = choices["file"]
    if file is not None:
        if not is_trained(file):
            advise(read_classifier(file), file, None, console)
        head, rule = load_classifier(file, embedder)
        told = getattr(head, "notice", None)
        if told:
            console.warn(told)
        return head, rule
    definition = from_labels(choices["labels"])
    if not definition.background:
        console.notice(
            "every picture gets one of these labels; add `neither` so that none of these can win"
        )
    advise(definition, None, choices["labels"], console)
    made = ClassifierHead.from_definition(embedder, definition)
    return made, made.rule
