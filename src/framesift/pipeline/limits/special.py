"""Tests that are no plain questions: wording, unknown pictures, pictures that were given."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.numeric import softmax, unit_rows
from framesift.heads.prompts import TEMPLATES, label_vectors
from framesift.media.drawn import EXPOSED, UNUSUAL, draw_unusual
from framesift.pipeline.limits.questions import draw_question
from framesift.pipeline.limits.scoring import MANY_KINDS, answer, embed_pictures, luck_of, probe
from framesift.pipeline.limits.setting import counted, jpeg, pick
from framesift.verdicts.limits import (
    PUBLISHED,
    LimitExample,
    LimitResult,
    judge_answers,
    judge_detection,
    judge_wording,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from framesift.heads.known import KnownHead
    from framesift.heads.numeric import Float64Array
    from framesift.pipeline.limits.setting import Given, Run
    from framesift.types import Embeddings
    from framesift.verdicts.limits import Level
    from framesift.verdicts.proportions import Share

__all__ = ["SPECIAL", "WORDINGS"]

WORDINGS = (
    "{}",
    "a photo of {}.",
    "a drawing of {}.",
    "there is {} in this picture.",
    "an image that shows {}.",
    "{} on a plain background.",
)
"""Wordings between which answers should not change."""

_SURE = 0.5


def _wording(run: Run) -> LimitResult:
    """Ask the same question about the same pictures in several wordings."""
    if run.given is not None:
        vectors, truths, names = _labelled(run.given)
        asked = "Your pictures and labels, asked for in six wordings: whose answer changes."
    else:
        shown = [draw_question("things", k, seed=run.seed) for k in range(run.count)]
        vectors = unit_rows(embed_pictures(run.embedder, [one.pixels for one in shown]).vectors)
        truths, names = np.array([one.answer for one in shown]), list(shown[0].choices)
        asked = "Drawings of eight things, asked for in six wordings: whose answer changes."
    chosen, right = [], []
    for template in WORDINGS:
        found = answer(
            run.embedder,
            vectors,
            [names] * len(vectors),
            truths=truths.tolist(),
            templates=(template,),
            seed=run.seed,
        )
        chosen.append(found.chosen)
        right.append(float(found.right.mean()))
    answers = np.stack(chosen)
    changed = counted((answers != answers[0]).any(axis=0))
    level, sentence = judge_wording(changed)
    return LimitResult(
        "wording",
        "Wording",
        asked,
        changed,
        0.0,
        level,
        sentence,
        figures={"lowest_accuracy": min(right), "highest_accuracy": max(right)},
        published=PUBLISHED["wording"],
    )


def _unknown(run: Run) -> LimitResult:
    """Show kinds of pictures that no photograph is like, and see whether they are noticed."""
    # A detector may have been shown the others.
    families = [name for name in UNUSUAL if name not in EXPOSED]
    count = max(run.count, len(families))
    kinds = [families[k % len(families)] for k in range(count)]
    pictures = [draw_unusual(kind, k, seed=run.seed) for k, kind in enumerate(kinds)]
    made = embed_pictures(run.embedder, pictures)
    sure = _sure(run, unit_rows(made.vectors))
    figures = {"sure_all_the_same": sure}
    told = f"{sure:.0%} of them are surely one of eight everyday things to it."
    if run.detector is None:
        sentence = (
            "Nothing here tells which pictures this model does not know; framesift train known "
            f"makes it from ordinary pictures of yours. {told}"
        )
        return _noticed(None, 0.0, ("unmeasured", sentence), figures)
    marked = _marked(run.detector, made)
    for family in families:
        mine = [k for k, kind in enumerate(kinds) if kind == family]
        figures[family] = float(marked[mine].mean())
    if run.given is not None:
        figures["given_marked"] = float(_marked(run.detector, run.given.embeddings).mean())
    found, alarms = counted(marked), run.detector.options.share
    level, sentence = judge_detection(found, alarms)
    shown = tuple(
        LimitExample(
            jpeg(pictures[k]), kinds[k], "unknown" if marked[k] else "not marked", bool(marked[k])
        )
        for k in range(len(families))
    )
    return _noticed(found, alarms, (level, f"{sentence} {told}"), figures, shown)


def _noticed(
    found: Share | None,
    alarms: float,
    judged: tuple[Level, str],
    figures: Mapping[str, float],
    shown: tuple[LimitExample, ...] = (),
) -> LimitResult:
    level, sentence = judged
    return LimitResult(
        "unknown",
        "Unknown pictures",
        "Noise, patterns, medical greys, pages, charts: whether it is noticed.",
        found,
        alarms,
        level,
        sentence,
        figures=figures,
        published=PUBLISHED["unknown"],
        examples=shown,
    )


def _marked(detector: KnownHead, embeddings: Embeddings) -> NDArray[np.bool_]:
    """Which pictures are unknown; a distance that is no number is no knowledge either."""
    distance = detector.score(embeddings).distance
    assert distance is not None
    return ~(distance <= 1)


def _sure(run: Run, vectors: Float64Array) -> float:
    """Share of pictures that one of eight things gets a probability of a half or more for."""
    things = draw_question("things", 0).choices
    texts = label_vectors(run.embedder, {name: [name] for name in things}, TEMPLATES)
    chances = softmax(run.embedder.logit_scale * (vectors @ texts.T))
    return float((chances.max(axis=1) >= _SURE).mean())


def _given(run: Run) -> LimitResult:
    """Ask for the user's own labels, and let a linear classifier learn them for comparison."""
    assert run.given is not None
    vectors, truths, names = _labelled(run.given)
    found = answer(
        run.embedder,
        vectors,
        [names] * len(vectors),
        truths=truths.tolist(),
        templates=TEMPLATES,
        seed=run.seed,
    )
    luck = None
    if len(names) >= MANY_KINDS:
        luck = luck_of(found.chosen, truths, len(names), seed=run.seed)
    right = counted(found.right)
    level, sentence = judge_answers(right, 1 / len(names), luck=luck)
    learnt = probe(vectors, truths, seed=run.seed)
    shown = [k for k in pick(found.right, len(found.right)) if k in run.given.thumbnails]
    return LimitResult(
        "given",
        "Your pictures",
        f"Which of {len(names)} labels a picture of yours has.",
        right,
        1 / len(names),
        level,
        sentence.replace("simple pictures like these", "pictures like these"),
        luck=luck,
        figures={} if learnt is None else {"linear_probe": float(learnt.mean())},
        published=PUBLISHED["given"],
        examples=tuple(
            LimitExample(
                run.given.thumbnails[k],
                names[truths[k]],
                names[found.chosen[k]],
                bool(found.right[k]),
            )
            for k in shown
        ),
    )


def _labelled(given: Given) -> tuple[Float64Array, NDArray[np.int64], list[str]]:
    names = sorted(set(given.labels))
    truths = np.array([names.index(label) for label in given.labels])
    return unit_rows(given.embeddings.vectors), truths, names


SPECIAL: Mapping[str, Callable[[Run], LimitResult]] = MappingProxyType(
    {"wording": _wording, "unknown": _unknown, "given": _given}
)
"""Name -> test; ``given`` needs pictures that were given."""
