"""Labels in words, and classifier files."""

from __future__ import annotations

import pytest

from framesift.errors import HeadError
from framesift.heads.classifiers import (
    BACKGROUND,
    NONE,
    ClassifierDefinition,
    Label,
    as_prompt,
    from_labels,
    is_none_name,
    read_classifier,
)


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("dog", "a dog"),
        ("apple", "an apple"),
        ("unicorn", "a unicorn"),
        ("umbrella", "an umbrella"),
        ("hourglass", "an hourglass"),
        ("dogs", "dogs"),
        ("bus", "a bus"),
        ("glass", "a glass"),
        ("snow", "snow"),
        ("people", "people"),
        ("the sea", "the sea"),
        ("two dogs", "two dogs"),
        ("Paris", "Paris"),
        ("red_car", "a red car"),
        ("children playing", "children playing"),
        ("dog on a beach", "a dog on a beach"),
        ("dogs on a beach", "dogs on a beach"),
        ("swimming", "swimming"),
        ("building", "a building"),
        ("great white shark", "a great white shark"),
        ("3d render", "3d render"),
    ],
)
def test_articles_are_added_where_english_wants_them(name: str, prompt: str) -> None:
    assert as_prompt(name) == prompt


def test_neither_is_the_background() -> None:
    made = from_labels(" dog, cat , neither")
    assert made.names == ("dog", "cat")
    assert made.background == BACKGROUND
    assert made.outcomes == ("dog", "cat", NONE)
    assert made.labels[0].prompts == ("a dog",)
    for word in ("None of these", "_none", "other", "something else", "BACKGROUND"):
        assert is_none_name(word)
        assert from_labels(f"dog; {word}").background == BACKGROUND
    assert from_labels("dog, cat").outcomes == ("dog", "cat")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names nothing"),
        (" , ", "names nothing"),
        ("neither", "names nothing"),
        ("dog", "alone would be the answer to every picture"),
        ("dog, cat, Dog", "occurs twice"),
        ("a b, a_b", "occurs twice"),
        ("x" * 201 + ", b", "longer than 200"),
    ],
)
def test_labels_that_make_no_classifier_are_refused(text: str, said: str) -> None:
    with pytest.raises(HeadError, match=said):
        from_labels(text)


def test_a_file_says_all_there_is_to_say(tmp_path) -> None:
    path = tmp_path / "pets.toml"
    path.write_text(
        'schema = 1\nname = "pets"\nmode = "many"\ntemplates = ["{}"]\nbackground = ["a room"]\n'
        'abstain_below = 0.6\ntemperature = 2\n[[label]]\nname = "dog"\nprompts = ["a dog", '
        '"a puppy"]\ncontrast = "a wolf"\nthreshold = 0.7\n[[label]]\nname = "cat"\n'
        '[calibration."fake-1"]\nabstain_below = 0.8\nplatt = {dog = [2, -1]}\n'
    )
    made = read_classifier(path)
    assert made == ClassifierDefinition(
        "pets",
        (Label("dog", ("a dog", "a puppy"), ("a wolf",), 0.7), Label("cat", ("a cat",))),
        "many",
        ("{}",),
        ("a room",),
        0.6,
        2.0,
        "",
        str(path),
        made.calibrations,
    )
    assert made.calibrations["fake-1"].platt == {"dog": (2.0, -1.0)}
    assert made.calibrations["fake-1"].abstain_below == 0.8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[label]]\nname='a'", r"schema is missing; add the line schema = 1"),
        ("schema=2\n[[label]]\nname='a'", "schema is 2; this version reads 1: upgrade"),
        ("schema=1", r"label is missing; write \[\[label\]\]"),
        ("schema=1\n[[labels]]\nname='a'", "labels is not known; did you mean 'label'"),
        ("schema=1\n[[label]]\nprompts=['a']", r"label\[1\].name is missing"),
        ("schema=1\n[[label]]\nname='a'\nprompts=[]", r"label\[1\].prompts is empty"),
        ("schema=1\n[[label]]\nname='a'\nprompts=[3]", r"prompts is \[3\]; write a list"),
        ("schema=1\n[[label]]\nname='a'\n[[label]]\nname='A'", r"as that of label\[1\]"),
        ("schema=1\n[[label]]\nname='neither'", "which the background stands for"),
        ("schema=1\n[[label]]\nname='a'\nthreshold=2", r"threshold is 2; write a number from 0"),
        ("schema=1\nmode='two'\n[[label]]\nname='a'", "mode value 'two' is not known"),
        ("schema=1\ntemplates=['a']\n[[label]]\nname='a'", "templates has 'a'; write {}"),
        ("schema=1\ntemperature=0\n[[label]]\nname='a'", "temperature is 0; write a number above"),
        ("schema=1\ntemperature=nan\n[[label]]\nname='a'", "temperature is nan"),
        ("schema=1\nbackground=[]\n[[label]]\nname='a'", "would always be that label"),
        ("schema=1\n[calibration.x]\nshifts={b=1}\n[[label]]\nname='a'", "shifts.b is not known"),
        ("schema=1\n[calibration.x]\nplatt={a=[0,1]}\n[[label]]\nname='a'", "scale above 0"),
        ("schema=", "this is not a TOML file"),
    ],
)
def test_mistakes_in_a_file_are_named(tmp_path, text: str, said: str) -> None:
    path = tmp_path / "pets.toml"
    path.write_text(text)
    with pytest.raises(HeadError, match=said) as caught:
        read_classifier(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(HeadError, match="the classifier cannot be read"):
        read_classifier(tmp_path / "no.toml")


def test_the_wording_changes_with_prompts_and_not_with_order() -> None:
    one = from_labels("dog, cat, neither")
    assert one.wording == from_labels("cat, dog, other", name="x").wording
    assert one.wording != from_labels("dog, cats, neither").wording
