from __future__ import annotations

import json
import stat

import numpy as np
import pytest
from safetensors.numpy import save_file

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import (
    ExpertHead,
    HeadCard,
    LinearHead,
    QualityHead,
    ZeroShotHead,
    load_head,
    save_head,
)
from framesift.heads.linear import Standardiser
from framesift.heads.quality import QualityCurve

WIDTH = 6


def standardiser() -> Standardiser:
    return Standardiser(np.linspace(-1, 1, WIDTH, dtype=np.float32), np.full(WIDTH, 2, np.float32))


def quality(knots=((0.0, 1.0), (8.0, 9.0))) -> QualityHead:
    card = HeadCard(
        "ridge-1",
        "quality",
        "fake-1",
        high=10.0,
        source="ridge",
        provenance="made up, Käse",
        licence="Apache-2.0",
        metrics={"srcc": 0.5},
    )
    coef = np.linspace(0, 3, WIDTH, dtype=np.float32)
    curve = QualityCurve(knots, 1.25)
    return QualityHead(
        card, coef, np.array([5], np.float32), standardiser=standardiser(), curve=curve
    )


def linear() -> LinearHead:
    coef = np.arange(2 * WIDTH, dtype=np.float32).reshape(WIDTH, 2)
    card = HeadCard("lin-1", "moderation", "fake-1")
    return LinearHead(card, ("a", "b"), coef, np.ones(2), standardiser=standardiser())


def zero_shot() -> ZeroShotHead:
    vectors = np.eye(3, WIDTH, dtype=np.float32)
    return ZeroShotHead(HeadCard("zs", "tags", "fake-1"), ("x", "y", "z"), vectors, logit_scale=7.5)


@pytest.mark.parametrize("make", [quality, lambda: quality(None), linear, zero_shot])
def test_a_head_comes_back_as_it_was(tmp_path, random_embeddings, make):
    head = make()
    path = save_head(head, tmp_path / "sub" / "head")
    assert path == tmp_path / "sub" / "head.safetensors"
    again = load_head(path)
    assert type(again) is type(head)
    assert again.card == head.card
    pictures = random_embeddings(4, width=WIDTH)
    before, after = head.score(pictures), again.score(pictures)
    for name in ("values", "low", "high"):
        old, new = getattr(before, name), getattr(after, name)
        assert old is new is None or np.array_equal(old, new)


@pytest.mark.parametrize("name", ["head", "head.safetensors", "head.json"])
def test_either_file_or_the_stem_names_the_head(tmp_path, name):
    save_head(quality(), tmp_path / "head.json")
    assert load_head(tmp_path / name).card.name == "ridge-1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["head.json", "head.safetensors"]


def test_a_dot_in_the_stem_is_kept(tmp_path):
    assert save_head(quality(), tmp_path / "head-1.2").name == "head-1.2.safetensors"
    assert load_head(tmp_path / "head-1.2").card.name == "ridge-1"


def test_files_can_be_read_by_others_and_hold_no_pickle(tmp_path):
    path = save_head(quality(), tmp_path / "head")
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["format"] == 1
    assert card["kind"] == "quality"
    assert card["calibration"] == [[0.0, 1.0], [8.0, 9.0]]


def test_only_heads_with_parameters_are_saved(tmp_path):
    with pytest.raises(HeadError, match="ExpertHead are not saved"):
        save_head(ExpertHead("s"), tmp_path / "head")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HeadError, match=r"head\.safetensors: the head cannot be written"):
        save_head(quality(), tmp_path / "file" / "head")


def test_another_space_or_task_is_refused(tmp_path):
    path = save_head(quality(), tmp_path / "head")
    assert load_head(path, task="quality", space="fake-1").card.space == "fake-1"
    with pytest.raises(SpaceMismatchError, match=r"head\.json: .*'fake-1', not for 'other'"):
        load_head(path, space="other")
    with pytest.raises(HeadError, match="for quality, not for tags"):
        load_head(path, task="tags")


def change(path, **changes):
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    card.update(changes)
    card = {name: value for name, value in card.items() if value != "remove"}
    path.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "has format 2; .* reads format 1"),
        ({"format": "remove"}, "has format None"),
        ({"kind": "forest"}, "heads of kind 'forest' are not known"),
        ({"task": "cooking"}, "task 'cooking'"),
        ({"name": "remove"}, "does not describe a head"),
        ({"space": "remove"}, "does not describe a head"),
        ({"residual_90": "remove"}, "does not describe a head"),
        ({"residual_90": "wide"}, "does not describe a head"),
        ({"calibration": [[1, 2, 3]]}, "does not describe a head"),
        ({"calibration": [[0, 5], [1, 4]]}, "must not fall"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(tmp_path, changes, message):
    path = save_head(quality(), tmp_path / "head")
    change(path, **changes)
    with pytest.raises(HeadError, match=message) as caught:
        load_head(path)
    assert str(tmp_path / "head.") in str(caught.value)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"coef": None}, "does not describe a head"),
        ({"coef": np.ones((2, 3), np.float32)}, r"expected \(any\)"),
        ({"mean": np.ones(3, np.float32)}, r"expected \(6\)"),
        ({"scale": np.zeros(WIDTH, np.float32)}, "not above zero"),
        ({"intercept": np.array([np.nan], np.float32)}, "NaN or infinite"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(tmp_path, tensors, message):
    path = save_head(quality(), tmp_path / "head")
    good = {
        "coef": np.ones(WIDTH, np.float32),
        "intercept": np.zeros(1, np.float32),
        "mean": np.zeros(WIDTH, np.float32),
        "scale": np.ones(WIDTH, np.float32),
    }
    changed = {**good, **tensors}
    save_file({name: array for name, array in changed.items() if array is not None}, path)
    with pytest.raises(HeadError, match=message) as caught:
        load_head(path)
    assert "head.safetensors" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00\xff"])
def test_a_card_that_is_not_json_is_refused(tmp_path, text):
    path = save_head(quality(), tmp_path / "head")
    path.with_suffix(".json").write_bytes(text.encode("latin-1"))
    with pytest.raises(HeadError, match=r"head\.json: this file does not describe a head"):
        load_head(path)


@pytest.mark.parametrize("keep", [0, 4, 60])
def test_cut_off_tensors_are_refused(tmp_path, keep):
    path = save_head(quality(), tmp_path / "head")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(HeadError, match=r"head\.safetensors: this is not a safetensors file"):
        load_head(path)


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_a_missing_file_is_named(tmp_path, suffix):
    path = save_head(quality(), tmp_path / "head")
    path.with_suffix(suffix).unlink()
    with pytest.raises(HeadError, match="cannot be read") as caught:
        load_head(path)
    assert f"head{suffix}" in str(caught.value)
