"""Ask a model everything, and gather what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.numeric import unit_rows
from framesift.pipeline.limits.questions import TESTS, draw_question
from framesift.pipeline.limits.scoring import MANY_KINDS, answer, embed_pictures, luck_of, probe
from framesift.pipeline.limits.setting import counted, jpeg, pick
from framesift.pipeline.limits.special import SPECIAL
from framesift.verdicts.limits import (
    PUBLISHED,
    LimitExample,
    LimitResult,
    LimitsReport,
    judge_answers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from framesift.heads.numeric import Float64Array
    from framesift.pipeline.limits.questions import Question
    from framesift.pipeline.limits.scoring import Answers
    from framesift.pipeline.limits.setting import Run
    from framesift.types import UInt8Array
    from framesift.verdicts.proportions import Share

__all__ = ["DRAWN_TEMPLATES", "GROUPS", "NAMES", "measure_limits"]

NAMES = (*TESTS, *SPECIAL)
"""Every test, in the order of reports."""

GROUPS: Mapping[str, tuple[str, ...]] = {"fine-grained": ("polygons", "shades")}
"""Names that stand for several tests."""

DRAWN_TEMPLATES = ("a drawing of {}.", "a picture of {}.", "{}")
_PIXEL_SIDE = 28


def measure_limits(
    run: Run, names: Iterable[str], *, advance: Callable[[], None] | None = None
) -> LimitsReport:
    """Put a model through tests on drawn pictures, and on given ones.

    Args:
        run: The model, how many pictures, the seed; the same run gives the same report.
        names: Of `NAMES`, in any order; ``given`` is passed over where nothing is given.
        advance: Called after each test.
    """
    wanted = set(names)
    results = []
    for name in NAMES:
        if name not in wanted or (name == "given" and run.given is None):
            continue
        results.append(SPECIAL[name](run) if name in SPECIAL else _asked(run, name))
        if advance is not None:
            advance()
    embedder = run.embedder
    return LimitsReport(embedder.name, embedder.fingerprint, run.count, run.seed, tuple(results))


def _asked(run: Run, name: str) -> LimitResult:
    test = TESTS[name]
    questions = [draw_question(name, index, seed=run.seed) for index in range(run.count)]
    vectors = unit_rows(embed_pictures(run.embedder, [one.pixels for one in questions]).vectors)
    truths = np.array([one.answer for one in questions])
    choices = [one.choices for one in questions]
    found = _answered(run, vectors, choices, truths.tolist())
    kinds = len(choices[0])
    chance, turns = 1 / kinds, None
    if questions[0].again:
        turned = [one.again for one in questions]
        second = _answered(run, vectors, turned, [one.again_answer for one in questions])
        found = found.both(second)
        turns = second.chosen
        chance /= len(turned[0])
    luck = luck_of(found.chosen, truths, kinds, seed=run.seed) if kinds >= MANY_KINDS else None
    right, control = counted(found.right), _control(run, questions, vectors)
    level, sentence = judge_answers(right, chance, luck=luck, control=control)
    figures = {"ties": float(found.tied.mean())} if found.tied.any() else {}
    if name == "digits":
        figures |= _probes(vectors, questions, truths, run.seed)
    return LimitResult(
        name,
        test.title,
        test.asked,
        right,
        chance,
        level,
        sentence,
        control=control,
        control_words=test.control_words if control else "",
        luck=luck,
        figures=figures,
        published=PUBLISHED.get(name, ""),
        examples=_examples(questions, found, turns),
    )


def _answered(
    run: Run, vectors: Float64Array, choices: Sequence[Sequence[str]], truths: Sequence[int]
) -> Answers:
    return answer(
        run.embedder, vectors, choices, truths=truths, templates=DRAWN_TEMPLATES, seed=run.seed
    )


def _examples(
    questions: Sequence[Question], found: Answers, turns: NDArray[np.int64] | None
) -> tuple[LimitExample, ...]:
    shown = []
    for k in pick(found.right):
        one = questions[k]
        said = one.choices[found.chosen[k]]
        if turns is not None and found.chosen[k] == one.answer and not found.right[k]:
            said = f"that, but also: {one.again[turns[k]]}"
        truth, right = one.choices[one.answer], bool(found.right[k])
        shown.append(LimitExample(jpeg(one.pixels), truth, said, right))
    return tuple(shown)


def _control(run: Run, questions: Sequence[Question], vectors: Float64Array) -> Share | None:
    """Ask the easier question about the same pictures; the right answer is the first."""
    if not questions[0].control:
        return None
    found = _answered(run, vectors, [one.control for one in questions], [0] * len(questions))
    return counted(found.right)


def _probes(
    vectors: Float64Array, questions: Sequence[Question], truths: NDArray[np.int64], seed: int
) -> dict[str, float]:
    """What a linear classifier makes of the vectors, and of the pixels alone."""
    small = np.stack([_shrunk(one.pixels).ravel() for one in questions]).astype(np.float64) / 255
    sides = {"linear_probe": vectors, "linear_on_pixels": small}
    found = {name: probe(rows, truths, seed=seed) for name, rows in sides.items()}
    return {name: float(right.mean()) for name, right in found.items() if right is not None}


def _shrunk(pixels: UInt8Array) -> UInt8Array:
    from PIL import Image

    side = (_PIXEL_SIDE, _PIXEL_SIDE)
    return np.asarray(Image.fromarray(pixels).convert("L").resize(side, Image.Resampling.BOX))
