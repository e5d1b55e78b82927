"""The pages on training and evaluation: self-contained, safe whatever the names, honest."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from framesift.heads.training import compare_classifiers
from framesift.heads.training.class_results import ClassifierEvaluation
from framesift.heads.training.results import Figure, RowProblem
from framesift.reports import ReportHeader
from framesift.reports.classifier_page import (
    classified_pictures,
    classifier_page,
    labels_page,
)
from framesift.reports.evaluation_page import evaluation_page
from framesift.reports.figures import (
    classifier_plots,
    evaluation_plots,
    quality_plots,
    sheet_plot,
    write_png,
)
from framesift.reports.parts import PageFacts, interval, number
from framesift.reports.training_page import rated_pictures, training_page
from framesift.types import Failure, ModelInfo, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from framesift.heads.training.class_results import ClassComparison, ClassifierResult
    from framesift.heads.training.results import (
        Comparison,
        Evaluation,
        Prediction,
        TrainingResult,
    )

ATTACK = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;.jpg"
NAN = float("nan")


class Page(HTMLParser):
    """Collects what a browser would see."""

    VOID = frozenset(("meta", "link", "img", "br"))

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert not self.open, "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def facts() -> PageFacts:
    return PageFacts(
        header=ReportHeader(
            version="1.2.3",
            model=ModelInfo("starter", "0123456789abcdef", "fp32"),
            started=datetime(2026, 3, 4, 5, 6, tzinfo=UTC),
            arguments=("framesift", "train", "quality", "ratings.csv"),
            notice="starter stood in for CLIP",
        ),
        source="ratings.csv",
        images="photos",
        head="my-taste.head",
        thumbnails={f"holiday/{i}.jpg": b"\xff\xd8jpeg" for i in range(80)},
        failures=(Failure("a/b.jpg", Problem("CorruptMediaError", "a/b.jpg: cut off")),),
        problems=(RowProblem(7, "", "the rating is not a number"),),
        problem_count=3,
    )


@pytest.fixture(scope="module")
def label_comparison(classifier_result: ClassifierResult) -> ClassComparison:
    """The classifier of the training run evaluated, beside one that turns each fifth answer."""
    shared = {
        name: getattr(classifier_result, name)
        for name in ("card", "classes", "metrics", "by_class", "confusion", "calibration")
    }
    shared |= {"verdict": classifier_result.verdict, "warnings": ("some pictures are odd",)}
    said = classifier_result.predictions
    turned = tuple(
        replace(
            one,
            probabilities=one.probabilities[::-1],
            predicted=classifier_result.classes[int(np.argmax(one.probabilities[::-1]))],
        )
        if i % 5 == 0
        else one
        for i, one in enumerate(said)
    )
    first = ClassifierEvaluation(head="my-labels", predictions=said, **shared)
    second = ClassifierEvaluation(head="other", predictions=turned, **shared)
    return compare_classifiers(first, second, repeats=50)


@pytest.fixture(scope="module")
def pages(
    training_result: TrainingResult,
    comparison: Comparison,
    classifier_result: ClassifierResult,
    label_comparison: ClassComparison,
    facts: PageFacts,
) -> dict[str, str]:
    fitted = np.array([one.actual for one in training_result.predictions])
    return {
        "training": training_page(training_result, facts, fitted),
        "evaluation": evaluation_page(comparison.a, facts, comparison),
        "classifier": classifier_page(classifier_result, facts),
        "labels": labels_page(label_comparison.a, facts, label_comparison),
    }


def test_pages_load_nothing_and_run_nothing(pages: dict[str, str]) -> None:
    for text in pages.values():
        page = Page(text)
        policies = [tag["content"] for tag in page.all("meta") if tag.get("http-equiv")]
        assert policies == [
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
            "form-action 'none'"
        ]
        assert not page.all("script")
        assert all(str(image["src"]).startswith("data:image/") for image in page.all("img"))
        for _, attributes in page.tags:
            for name in ("href", "src"):
                value = attributes.get(name) or "data:"
                assert value.startswith(("data:", "#"))
        assert "http://" not in text
        assert "https://" not in text


def test_pages_say_where_they_come_from(pages: dict[str, str]) -> None:
    for text in pages.values():
        told = Page(text).text
        for word in ("ratings.csv", "starter", "0123456789abcdef", "4 March 2026", "1.2.3"):
            assert word in told
        assert "Starter stood in for CLIP" in told


def test_pages_name_what_could_not_be_used(pages: dict[str, str]) -> None:
    for text in pages.values():
        told = Page(text).text
        assert "4 could not be used" in told
        assert "a/b.jpg" in told
        assert "cut off" in told
        assert "line 7" in told
        assert "And 2 more." in told


def test_ids_are_used_once(pages: dict[str, str]) -> None:
    for text in pages.values():
        ids = [str(tag["id"]) for _, tag in Page(text).tags if tag.get("id")]
        assert len(ids) == len(set(ids))


def test_a_training_page_leads_with_the_honest_figures(pages: dict[str, str]) -> None:
    told = Page(pages["training"]).text
    assert "It is good enough to sort by." in told
    assert "0.8points off on average" in told
    assert "0.61 0.52 to 0.68" in told
    assert told.index("Unseen groups") < told.index("Random split") < told.index("Trained on")
    assert "flatters the head" in told
    assert "Would more ratings help?" in told
    assert "Training and test loss" in told
    assert "an R² of 0.70" in told, "the ceiling that the raters set"
    assert "1 became 0 and 5 became 10 (1-5 stars), guessed" in told
    assert "Only 80 ratings." in told


def test_every_picture_of_the_sheets_has_both_numbers(
    pages: dict[str, str], training_result: TrainingResult
) -> None:
    page = Page(pages["training"])
    assert len(page.all("img")) == 36
    whole, worst = rated_pictures(training_result.predictions, {})
    for one in (*whole, *worst):
        assert f"Actual {one.actual}Predicted {one.predicted}" in page.text
    misses = [abs(float(one.actual) - float(one.predicted)) for one in worst]
    assert misses[0] == max(misses)
    ratings = [float(one.actual) for one in whole]
    assert ratings == sorted(ratings)


def test_without_related_pictures_there_is_one_split(
    training_result: TrainingResult, facts: PageFacts
) -> None:
    text = training_page(replace(training_result, random=None), facts)
    told = Page(text).text
    assert "Random split" not in told
    assert "a random split would be the same" in told


def test_held_out_pictures_come_first(training_result: TrainingResult, facts: PageFacts) -> None:
    held = training_result.predictions[:20]
    result = replace(
        training_result,
        held_out=replace(training_result.grouped.test, n=20, mae=Figure(1.26, 1.0, 1.5)),
        held_out_predictions=held,
    )
    told = Page(training_page(result, facts)).text
    assert "1.3points off on average" in told
    assert told.index("Held out by the table") < told.index("Unseen groups")


def test_two_heads_are_compared_with_their_test(pages: dict[str, str]) -> None:
    told = Page(pages["evaluation"]).text
    assert "my-taste against old-taste" in told
    assert "my-taste is better" in told
    assert "cannot be told apart" in told
    assert "0.700" in told
    assert "alike on 5" in told
    assert "p = 0.030" in told
    assert "On average it scores 0.6 points too low." in told


def test_an_evaluation_alone(make_evaluation: Callable[..., Evaluation], facts: PageFacts) -> None:
    told = Page(evaluation_page(make_evaluation(), facts)).text
    assert "against" not in told.split("Predicted and actual")[0]
    assert "If only the scale differed" in told


def test_a_classifier_shows_the_surest_misses_first(
    pages: dict[str, str], classifier_result: ClassifierResult
) -> None:
    told = Page(pages["classifier"]).text
    assert "93 % right (86 to 98 %)" in told
    right, wrong = classified_pictures(classifier_result.predictions, {})
    assert len(wrong) == 4
    assert all(one.actual != one.predicted for one in wrong)
    sure = [float(one.note.split()[0]) for one in wrong]
    assert sure == sorted(sure, reverse=True)
    assert {one.actual for one in right} == {"cat", "dog"}
    assert not any(one.far for one in right)


def test_two_classifiers_are_compared_with_their_tests(
    label_comparison: ClassComparison, pages: dict[str, str], facts: PageFacts
) -> None:
    told = Page(pages["labels"]).text
    for word in (
        "my-labels against other",
        "McNemar's exact test",
        "Mean F1",
        "Some pictures are odd",
    ):
        assert word in told
    assert "What was tried" not in told
    assert "learnt from" not in told
    alone = Page(labels_page(label_comparison.a, facts)).text
    assert "McNemar" not in alone
    assert "Can its probabilities be believed?" in alone


def test_names_cannot_become_markup(
    training_result: TrainingResult,
    make_evaluation: Callable[..., Evaluation],
    make_predictions: Callable[..., tuple[Prediction, ...]],
    facts: PageFacts,
) -> None:
    hostile = make_predictions(30, name=ATTACK + "/{}" + ATTACK)
    groups = tuple(replace(group, name=ATTACK + group.name) for group in training_result.by_group)
    card = replace(training_result.card, name=ATTACK, provenance=ATTACK)
    facts = replace(
        facts,
        source=ATTACK,
        thumbnails={},
        failures=(Failure(ATTACK, Problem("MediaError", f"{ATTACK}: broken")),),
        problems=(RowProblem(1, ATTACK, ATTACK),),
    )
    result = replace(training_result, predictions=hostile, by_group=groups, card=card)
    evaluation = replace(make_evaluation(ATTACK), predictions=hostile, by_group=groups, card=card)
    for text in (training_page(result, facts), evaluation_page(evaluation, facts)):
        page = Page(text)
        assert not page.all("script")
        assert not page.all("img"), "there are no thumbnails, so none is the attack's"
        assert not any(name.startswith("on") for _, tag in page.tags for name in tag)
        assert text.count("<style>") == text.count("</style>") == 1


def test_figures_without_a_meaning_are_dashes(
    make_evaluation: Callable[..., Evaluation], facts: PageFacts
) -> None:
    none = Figure(NAN)
    bare = make_evaluation()
    metrics = replace(bare.metrics, r2=none, srcc=none, plcc=none, kendall=none)
    predictions = tuple(replace(one, low=NAN, high=NAN) for one in bare.predictions[:8])
    evaluation = replace(
        bare,
        metrics=metrics,
        recalibrated=metrics,
        coverage=none,
        bias=none,
        predictions=predictions,
        by_group=(),
    )
    told = Page(evaluation_page(evaluation, facts)).text
    assert "nan" not in told.lower()


def test_numbers() -> None:
    assert number(-1.256) == "\N{MINUS SIGN}1.26"
    assert number(NAN) == "&ndash;"
    assert number(float("inf")) == "&ndash;"
    assert re.sub("<[^>]+>", "", interval(Figure(0.5, 0.25, 0.75))) == "0.50 0.25 to 0.75"
    assert interval(Figure(0.5)) == "<b>0.50</b>"


def test_the_plots_are_files_too(
    training_result: TrainingResult,
    make_evaluation: Callable[..., Evaluation],
    classifier_result: ClassifierResult,
    tmp_path: Path,
) -> None:
    fitted = np.array([one.actual for one in training_result.predictions])
    found = {plot.name: plot for plot in quality_plots(training_result, fitted)}
    assert list(found) == [
        "predicted-actual",
        "calibration",
        "ratings",
        "coverage",
        "learning-curve",
        "loss",
        "groups",
    ]
    assert {plot.name for plot in evaluation_plots(make_evaluation())} < set(found)
    assert {plot.name for plot in classifier_plots(classifier_result)} == {
        "confusion",
        "reliability",
        "roc",
        "precision-recall",
        "learning-curve",
    }
    written = write_png([found["ratings"]], tmp_path / "new" / "folder")
    assert written == [tmp_path / "new" / "folder" / "ratings.png"]
    assert written[0].read_bytes().startswith(b"\x89PNG")


def test_a_contact_sheet_decodes_the_thumbnails_it_is_given(
    training_result: TrainingResult,
) -> None:
    whole, _ = rated_pictures(training_result.predictions, {"holiday/1.jpg": b"jpeg"})
    given = []

    def decode(jpeg: bytes) -> np.ndarray:
        given.append(jpeg)
        return np.zeros((4, 6, 3), np.uint8)

    shown = [one for one in whole if one.thumbnail] or [replace(whole[0], thumbnail=b"jpeg")]
    plot = sheet_plot("sheet", "All", [*shown, whole[-1]], decode)
    assert given == [b"jpeg"]
    texts = [axes.get_xlabel() for axes in plot.figure.axes]
    assert f"Actual {whole[-1].actual}\nPredicted {whole[-1].predicted}" in texts
