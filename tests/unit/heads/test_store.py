from __future__ import annotations

import json
import stat

import numpy as np
import pytest
from safetensors import safe_open
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
from framesift.heads.novelty import Novelty
from framesift.heads.quality import QualityCurve
from framesift.heads.store import read_card

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
    assert path == tmp_path / "sub" / "head.head"
    assert [file.name for file in path.parent.iterdir()] == ["head.head"]
    again = load_head(path)
    assert type(again) is type(head)
    assert again.card == head.card
    pictures = random_embeddings(4, width=WIDTH)
    before, after = head.score(pictures), again.score(pictures)
    for name in ("values", "low", "high", "percentile", "distance"):
        old, new = getattr(before, name), getattr(after, name)
        assert old is new is None or np.array_equal(old, new)


@pytest.mark.parametrize("name", ["my", "my.head", "my.safetensors", "my-1.2", "my-1.2.head"])
def test_a_suffix_is_added_where_there_is_none(tmp_path, name):
    path = save_head(quality(), tmp_path / name)
    assert path.suffix in (".head", ".safetensors")
    assert path.name.startswith(name)
    assert load_head(tmp_path / name).card == read_card(path) == quality().card


def test_the_file_can_be_read_by_others_and_holds_its_card_as_json(tmp_path):
    path = save_head(quality(), tmp_path / "head")
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444
    card, tensors = parts(path)
    assert card["format"] == 1
    assert card["kind"] == "quality"
    assert card["calibration"] == [[0.0, 1.0], [8.0, 9.0]]
    assert card["provenance"] == "made up, Käse"
    assert set(tensors) >= {"coef", "intercept", "mean", "scale"}


def test_the_same_head_gives_the_same_bytes(tmp_path):
    first, second = (save_head(quality(), tmp_path / name) for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_what_novelty_and_percentiles_say_comes_back(tmp_path, random_embeddings):
    rows = random_embeddings(40, width=WIDTH).vectors
    head = quality()
    curve = QualityCurve(percentiles=((2.0, 0.0), (8.0, 100.0)))
    head = QualityHead(head.card, head.coef, head.intercept, curve=curve, novelty=Novelty.fit(rows))
    again = load_head(save_head(head, tmp_path / "head"))
    scores = again.score(random_embeddings(5, width=WIDTH))
    assert ((scores.percentile >= 0) & (scores.percentile <= 100)).all()
    assert (scores.distance > 0).all()


def test_only_heads_with_parameters_are_saved(tmp_path):
    with pytest.raises(HeadError, match="ExpertHead are not saved"):
        save_head(ExpertHead("s"), tmp_path / "head")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HeadError, match=r"head\.head: the head cannot be written"):
        save_head(quality(), tmp_path / "file" / "head")


def test_another_space_or_task_is_refused(tmp_path):
    path = save_head(quality(), tmp_path / "head")
    assert load_head(path, task="quality", space="fake-1").card.space == "fake-1"
    with pytest.raises(SpaceMismatchError, match=r"head\.head: .*'fake-1', not for 'other'"):
        load_head(path, space="other")
    with pytest.raises(HeadError, match="for quality, not for tags"):
        load_head(path, task="tags")


def parts(path):
    with safe_open(path, framework="numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return json.loads(file.metadata()["framesift"]), tensors


def change(path, **changes):
    card, tensors = parts(path)
    card.update(changes)
    card = {name: value for name, value in card.items() if value != "remove"}
    save_file(tensors, path, metadata={"framesift": json.dumps(card)})


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
    assert str(path) in str(caught.value)


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
    card, _ = parts(path)
    good = {
        "coef": np.ones(WIDTH, np.float32),
        "intercept": np.zeros(1, np.float32),
        "mean": np.zeros(WIDTH, np.float32),
        "scale": np.ones(WIDTH, np.float32),
    }
    changed = {**good, **tensors}
    kept = {name: array for name, array in changed.items() if array is not None}
    save_file(kept, path, metadata={"framesift": json.dumps(card)})
    with pytest.raises(HeadError, match=message) as caught:
        load_head(path)
    assert "head.head" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00\xff"])
def test_a_card_that_is_not_json_is_refused(tmp_path, text):
    path = save_head(quality(), tmp_path / "head")
    save_file(parts(path)[1], path, metadata={"framesift": text})
    with pytest.raises(HeadError, match=r"head\.head: this file does not describe a head"):
        load_head(path)


def test_tensors_of_something_else_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"weight": np.ones(3, np.float32)}, path)
    with pytest.raises(HeadError, match="there is no card in it"):
        load_head(path)


@pytest.mark.parametrize("keep", [0, 4, 60])
def test_a_file_that_was_cut_off_is_refused(tmp_path, keep):
    path = save_head(quality(), tmp_path / "head")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(HeadError, match=r"head\.head: this is not a head file"):
        load_head(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(HeadError, match=r"nowhere\.head: the head cannot be read"):
        load_head(tmp_path / "nowhere")
