"""Results to write: pictures, videos and failures, made without any file."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from framesift.heads import HeadCard, QualityHead
from framesift.heads.training.class_results import (
    CalibrationBin,
    ClassCurvePoint,
    ClassFigures,
    ClassifierResult,
    ClassMetrics,
    ClassPrediction,
)
from framesift.heads.training.results import (
    Agreement,
    Candidate,
    Comparison,
    CurvePoint,
    Difference,
    EpochLoss,
    Evaluation,
    Figure,
    GroupFigures,
    Loss,
    Metrics,
    Prediction,
    RaterFigures,
    Scale,
    SplitFigures,
    TrainingResult,
)
from framesift.heads.training.results import Verdict as Words
from framesift.types import (
    Analysis,
    Curve,
    Failure,
    LabelScore,
    MediaInfo,
    ModelInfo,
    Poster,
    Problem,
    Quality,
    Segment,
    Shot,
    Tag,
    Timeline,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = ModelInfo(name="starter", fingerprint="0123456789abcdef", precision="fp32")
LABELS = (
    LabelScore("violence", 0.12, 0.5, flagged=False, source="zero-shot"),
    LabelScore(
        "weapons", 0.87654321, 0.6, flagged=True, source="zero-shot", part="image", action="review"
    ),
)


@pytest.fixture(scope="session")
def make_analysis() -> Callable[..., Analysis]:
    """Make an analysis: ``make(path, score, action=..., kind=..., **fields)``."""

    def make(
        path: str = "holiday/beach.jpg",
        score: float | None = 7.25,
        *,
        action: str | None = "allow",
        kind: str = "image",
        **fields: Any,
    ) -> Analysis:
        seconds = None if kind == "image" else Fraction(25, 2)
        info = MediaInfo(path, "ab" * 32, kind, "jpeg", 4000, 3000, seconds)
        quality = None
        if score is not None:
            quality = Quality(score, max(0.0, score - 1), min(10.0, score + 1), "starter-ridge")
        verdict = None if action is None else Verdict(action, LABELS, "default@0011aabb")
        made = Analysis(info, quality, verdict, (Tag("dog", 0.8), Tag("cat", 0.2)), MODEL)
        return replace(made, **fields)

    return make


@pytest.fixture(scope="session")
def timeline() -> Timeline:
    """A clip of 12.5 s that starts at half a second: two shots, violence, weapons, a freeze."""
    times = tuple(Fraction(1, 2) + place for place in range(12))
    quality = np.linspace(7, 4, 12, dtype=np.float32)
    violence = np.array([0.1] * 6 + [0.6, 0.93, 0.7] + [0.1] * 3, np.float32)
    spam = np.full(12, 0.01, np.float32)
    half = Fraction(1, 2)
    return Timeline(
        start=half,
        end=Fraction(13),
        times=times,
        curves=(
            Curve("quality", "starter-ridge", quality),
            Curve("violence", "zero-shot", violence, 0.5),
            Curve("spam_scam", "zero-shot", spam, 0.5),
        ),
        segments=(
            Segment("weapons", half, Fraction(2), 0.71, half, action="review", source="trained"),
            Segment("freeze", Fraction(3), Fraction(5), 0.4, Fraction(3), kind="fault"),
            Segment(
                "violence", 6 + half, 9 + half, 0.93, 7 + half, action="block", source="zero-shot"
            ),
        ),
        shots=(Shot(half, Fraction(6)), Shot(Fraction(6), Fraction(13))),
        longest_gap=1 + half,
        watched=Fraction(10),
        sampler="adaptive:fps=1,max=600",
        posters=(Poster(half, b"start"), Poster(7 + half, b"clear-blow", b"soft-blow")),
    )


@pytest.fixture(scope="session")
def failure() -> Failure:
    """Return a file that could not be read."""
    problem = Problem("CorruptMediaError", "holiday/broken.jpg: the file ends after 312 bytes")
    return Failure("holiday/broken.jpg", problem, "cd" * 32, "default@0011aabb", MODEL)


@pytest.fixture(autouse=True)
def _no_terminal_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no width of the caller's terminal change how tables are laid out."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session")
def make_predictions() -> Callable[..., tuple[Prediction, ...]]:
    """Make ``count`` predictions that miss by ``noise`` points, the same for the same seed."""

    def make(
        count: int = 80, *, noise: float = 0.8, name: str = "holiday/{}.jpg", seed: int = 0
    ) -> tuple[Prediction, ...]:
        rng = np.random.default_rng(seed)
        actual = np.clip(rng.normal(5.5, 2, count), 0, 10)
        said = np.clip(actual + rng.normal(0, noise, count), 0, 10)
        return tuple(
            Prediction(
                index=i,
                name=name.format(i),
                actual=float(actual[i]),
                predicted=float(said[i]),
                low=float(max(said[i] - 1.4, 0)),
                high=float(min(said[i] + 1.4, 10)),
                fold=i % 5,
                group=i // 2,
                group_name=f"group {i % 3}",
            )
            for i in range(count)
        )

    return make


def _metrics(n: int, r2: float = 0.61) -> Metrics:
    return Metrics(
        n,
        n // 2,
        r2=Figure(r2, r2 - 0.09, r2 + 0.07),
        mse=Figure(0.96, 0.8, 1.12),
        mae=Figure(0.78, 0.7, 0.86),
        srcc=Figure(0.77, 0.7, 0.83),
        plcc=Figure(0.79, 0.71, 0.84),
        kendall=Figure(0.58, 0.52, 0.64),
    )


def _card(name: str = "my-taste") -> HeadCard:
    return HeadCard(name, "quality", "framesift/starter", high=10.0, model="starter")


GROUPS = (
    GroupFigures("group 2", 26, 5.1, 5.9, Figure(0.8, 0.4, 1.2), 1.1),
    GroupFigures("group 0", 27, 5.6, 5.7, Figure(0.1, -0.2, 0.4), 0.7),
    GroupFigures("group 1", 27, 5.9, 5.6, Figure(-0.3, -0.6, 0.0), 0.8),
)


@pytest.fixture(scope="session")
def training_result(make_predictions: Callable[..., tuple[Prediction, ...]]) -> TrainingResult:
    """Return what training on 80 rated pictures gives back, with everything filled in."""
    predictions = make_predictions()
    curve = tuple(
        CurvePoint(
            n, 5, *(Figure(0.9 - v, 0.8 - v, 1.0 - v) for v in (0.1, 0.5, 0.7, 0.0, 0.1, 0.2))
        )
        for n in (20, 40, 64)
    )
    loss = Loss(64, 0.93, 0.2, 0.31, 0.95)
    history = tuple(EpochLoss(e, 3 / e, 3 / e + 0.5, kept=e == 20) for e in range(1, 31))
    raters = (
        RaterFigures("anna", 80, 0.4, 1.1, 0.5, 0.8),
        RaterFigures("bert", 60, -0.5, 0.7, 0.9, 0.6),
    )
    return TrainingResult(
        head=QualityHead(_card(), np.zeros(4, np.float32), np.zeros(1, np.float32)),
        card=_card(),
        predictions=predictions,
        grouped=SplitFigures("grouped", _metrics(80), loss, ((loss, loss),)),
        random=SplitFigures("random", _metrics(80, 0.78), loss, ((loss, loss),)),
        held_out=None,
        held_out_predictions=(),
        coverage=Figure(0.9, 0.83, 0.95),
        curve=curve,
        by_group=GROUPS,
        candidates=(
            Candidate("ridge", ("vectors",), {"alpha": 100.0}, 0.96, 0.05, chosen=True),
            Candidate("kernel", ("vectors", "features"), {"gamma": 0.01}, 0.99, 0.06),
        ),
        history=history,
        verdict=Words(
            "useful", "It is good enough to sort by.", more_ratings=True, sentences=("More.",)
        ),
        warnings=("Only 80 ratings.",),
        scale=Scale(1, 5, inferred=True, words="1-5 stars"),
        agreement=Agreement(raters, 0.4, 0.7, 0.68, 0.7, 60),
        seconds={"fit": 1.5, "total": 2.0},
    )


@pytest.fixture(scope="session")
def make_evaluation(
    make_predictions: Callable[..., tuple[Prediction, ...]],
) -> Callable[..., Evaluation]:
    """Make an evaluation: ``make(name, noise=...)``."""

    def make(name: str = "my-taste", *, noise: float = 0.8) -> Evaluation:
        return Evaluation(
            head=name,
            card=_card(name),
            predictions=make_predictions(noise=noise, seed=1),
            metrics=_metrics(80),
            coverage=Figure(0.88, 0.8, 0.94),
            bias=Figure(-0.6, -0.8, -0.4),
            recalibrated=_metrics(80, 0.64),
            by_group=GROUPS,
            deciles=(),
            verdict=Words("weak", "It is a little better than guessing.", more_ratings=False),
            warnings=(),
            scale=Scale(1, 10),
        )

    return make


@pytest.fixture(scope="session")
def comparison(make_evaluation: Callable[..., Evaluation]) -> Comparison:
    """Return two heads on the same 80 pictures."""
    differences = (
        Difference("r2", 0.61, 0.5, Figure(-0.11, -0.2, -0.02), float("nan"), "a"),
        Difference("mae", 0.78, 0.8, Figure(0.02, -0.1, 0.14), 0.7, "undecided"),
    )
    first, second = make_evaluation(), make_evaluation("old-taste", noise=1.2)
    return Comparison(first, second, 80, differences, (45, 30, 5), 0.03, "It is better.", ())


@pytest.fixture(scope="session")
def classifier_result() -> ClassifierResult:
    """Return a classifier of cats and dogs from 60 pictures, four of them taken for the other."""
    rng = np.random.default_rng(0)
    predictions = []
    for i in range(60):
        actual = "cat" if i % 2 else "dog"
        sure = float(rng.uniform(0.55, 0.99))
        other = "dog" if actual == "cat" else "cat"
        said = other if i % 15 == 0 else actual
        both = (sure, 1 - sure) if said == "cat" else (1 - sure, sure)
        predictions.append(ClassPrediction(i, f"{actual}/{i}.jpg", actual, said, both, i % 5, i))
    one = Figure(0.93, 0.86, 0.98)
    metrics = ClassMetrics(60, 60, one, one, one, one, one, Figure(0.04), 0.5)
    roc = ((0.0, 0.0), (0.0, 0.8), (0.2, 1.0), (1.0, 1.0))
    by_class = tuple(
        ClassFigures(name, 30, one, one, one, one, one, roc, ((0.0, 1.0), (1.0, 0.5)))
        for name in ("cat", "dog")
    )
    card = HeadCard("pets", "tags", "framesift/starter", model="starter")
    return ClassifierResult(
        head=QualityHead(_card(), np.zeros(4, np.float32), np.zeros(1, np.float32)),
        card=card,
        classes=("cat", "dog"),
        predictions=tuple(predictions),
        metrics=metrics,
        train_accuracy=0.99,
        by_class=by_class,
        confusion=((30, 0), (4, 26)),
        calibration=(CalibrationBin(0.5, 0.8, 30, 0.65, 0.7), CalibrationBin(0.8, 1, 30, 0.9, 1.0)),
        candidates=(Candidate("ridge", ("vectors",), {"c": 1.0}, 0.2, 0.02, chosen=True),),
        curve=(ClassCurvePoint(20, 5, one, one), ClassCurvePoint(40, 5, one, one)),
        verdict=Words("strong", "It tells them apart.", more_ratings=False),
        warnings=("Folder names were taken as labels.",),
    )
