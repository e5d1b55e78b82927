"""What classify says of labels that will hardly work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.cli.advising import advise
from framesift.cli.console import Console
from framesift.heads.classifiers import ClassifierDefinition, Label, from_labels

if TYPE_CHECKING:
    import pytest


def told(labels: str, capsys: pytest.CaptureFixture[str], *, quiet: bool = False) -> list[str]:
    advise(from_labels(labels), None, labels, Console(quiet=quiet))
    captured = capsys.readouterr()
    assert captured.out == ""
    return [line.removeprefix("framesift: note: ") for line in captured.err.splitlines()]


def test_good_labels_are_used_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert told("dog, cat, a red car, neither", capsys) == []


def test_a_line_for_each_kind_of_mistake_and_where_to_read_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert told("three dogs, two cats, a street without cars, neither", capsys) == [
        '"three dogs" and 1 more: CLIP does not count reliably; better: dogs',
        '"a street without cars": to CLIP "no dog" is close to "dog"; better: '
        'say what is to be seen instead, such as "a street", and put "cars" among the look-alikes '
        '(`contrast = ["cars"]`)',
        "reasons: framesift classifier lint --labels "
        "'three dogs, two cats, a street without cars, neither'",
    ]


def test_what_should_not_be_asked_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told("three dogs, an ugly woman, none", capsys)
    assert lines[0].startswith('"an ugly woman": it judges people by their looks')


def test_labels_that_are_too_alike(capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = told("dog, dogs, none", capsys)
    assert first.startswith('"dog, dogs": the model can hardly tell the two labels apart; both ')


def test_many_kinds_of_trouble_are_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(
        "three dogs, a person left of a car, my grandmother, a BMW X5, a street without cars, "
        "ein Hund im Schnee, none",
        capsys,
    )
    assert len(lines) == 6
    assert lines[-1].startswith("1 more kind of trouble, and reasons: framesift classifier lint")


def test_mere_notes_and_quiet_runs_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert told("dog, cat", capsys) == []  # without a background: classify says that itself
    assert told("three dogs, none", capsys, quiet=True) == []


def test_of_a_file_the_prompt_is_named_where_the_label_hides_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    definition = ClassifierDefinition(
        "pack", (Label("pack", ("three dogs",)), Label("cat\x1b[2J", ("two cats",))), ("a house",)
    )
    advise(definition, None, "x" * 300, Console())
    lines = capsys.readouterr().err.splitlines()
    assert '"pack" ("three dogs") and 1 more' in lines[0]
    assert lines[-1].endswith("lint --labels ...")
    assert "\x1b" not in "".join(lines)
