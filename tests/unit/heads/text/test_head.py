"""The head itself: files, refusals, long and strange texts."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import HeadCard
from framesift.heads.store import load_head, save_head
from framesift.heads.text import TEXT_CATEGORIES, TextHead, load_text_heads
from framesift.heads.text.head import joint_logit, loudest_words
from framesift.heads.text.pieces import Windows, cut, pieces
from framesift.types import Embeddings

if TYPE_CHECKING:
    from pathlib import Path

CARD = HeadCard("toy", "moderation", "text/en-1", ("text",), source="text")


def toy(**changed: object) -> TextHead:
    options = {
        "names": ("a", "b"),
        "weights": np.ones((256, 2), np.int8),
        "scale": np.ones(2, np.float32),
        "calibration": np.array([[0, 0], [1, 1], [0, 0], [0, 0], [0, 0]], np.float32),
        "given": ((-1, 0.0), (0, 2.0)),
        "shape": Windows(100, 60),
        "unusual": 0.5,
    } | changed
    names, weights, scale = (options.pop(name) for name in ("names", "weights", "scale"))
    return TextHead(CARD, names, weights, scale, **options)


@pytest.mark.parametrize(
    "changed",
    [
        {"weights": np.ones((255, 2), np.int8)},
        {"weights": np.ones((256, 2), np.float32)},
        {"weights": np.ones((256, 3), np.int8)},
        {"scale": np.array([1, np.nan], np.float32)},
        {"calibration": np.ones((4, 2), np.float32)},
        {"given": ((-1, 0.0),)},
        {"given": ((-1, 0.0), (5, 1.0))},
        {"shape": Windows(100, 100)},
        {"shape": Windows(100, 60, -1)},
        {"unusual": 0.0},
    ],
)
def test_parameters_that_do_not_fit_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(HeadError, match="toy"):
        toy(**changed)


def test_a_head_is_the_same_after_a_round_trip(tmp_path: Path) -> None:
    head = toy()
    again = load_head(save_head(head, tmp_path / "toy"), task="moderation")
    assert isinstance(again, TextHead)
    texts = ["hello world", "", "f r e e"]
    np.testing.assert_array_equal(head.score_texts(texts).values, again.score_texts(texts).values)
    assert again.card == head.card


def test_embeddings_are_refused_with_the_way_out() -> None:
    rows = Embeddings(np.ones((1, 2), np.float32), "openai/clip-vit-b-32", "x")
    with pytest.raises(SpaceMismatchError, match="reads texts"):
        toy().score(rows)


def test_a_presupposed_category_bounds_the_other() -> None:
    p, q, power = 0.3, 0.5, 2.0
    logit = joint_logit(np.log([p / (1 - p)]), np.log([q / (1 - q)]), power)
    assert 1 / (1 + np.exp(-logit[0])) == pytest.approx(p * q**power)


def test_windows_cover_every_word_and_overlap() -> None:
    piece = pieces(" ".join(["lake", "soup", "friend", "work"] * 100))[0]
    for shape, narrow in ((Windows(100, 60), False), (Windows(100, 60, 30), True)):
        found = [w for w in cut(piece, shape) if w.narrow == narrow]
        assert found[0].start == 0
        assert found[-1].end == len(piece.words)
        assert all(len(window.words) <= (30 if narrow else 100) for window in found)
        assert all(later.start < earlier.end for earlier, later in pairwise(found))


def test_short_windows_begin_every_few_words_where_there_is_no_stop() -> None:
    words = ["lake", "soup", "friend", "work", "garden"] * 8
    shape = Windows(100, 60, 40)

    def starts(text: str) -> list[int]:
        found = cut(pieces(text)[0], shape)
        return [window.start for window in found if window.narrow and " " in window.words]

    close = starts(" ".join(words))
    assert close == sorted(set(close))
    assert max(later - first for first, later in pairwise(close)) <= 40 // 4 + len("garden ")
    assert len(starts(". ".join(words))) < len(close)


def test_close_windows_end_where_the_stretch_ends() -> None:
    words = " ".join(["lake", "soup", "friend", "work", "garden"] * 4)
    piece = pieces(f"Good night. {words}. See you")[0]
    narrow = [w.words for w in cut(piece, Windows(200, 100, 40)) if w.narrow]
    inner = [text for text in narrow if "lake" in text and len(text) <= 40]
    assert len(inner) > 4
    assert any(text.endswith("work garden") for text in inner)
    assert not any("garden see" in text for text in inner)


def test_short_windows_of_long_texts_are_doubted_more() -> None:
    word = "lake soup "
    doubts = [pieces(word * count)[0].doubt for count in (1, 30, 100, 400, 5000)]
    assert doubts[:2] == [0, 0]
    assert 0 < doubts[2] < doubts[3] == doubts[4] == 1
    # What nobody sees does not make a text long.
    assert pieces("lake" + "\u200b" * 10_000)[0].doubt == 0


def test_caution_holds_for_narrow_windows_and_doubt_for_long_texts() -> None:
    head = toy(calibration=np.array([[0] * 2, [1] * 2, [0] * 2, [1] * 2, [2] * 2], np.float32))
    logits = np.zeros((3, 2))
    narrow, doubt = np.array([False, True, True]), np.array([1.0, 0.0, 0.5])
    values = head.probabilities(logits, narrow, doubt)[:, 0]
    np.testing.assert_allclose(np.log(values / (1 - values)), [0, -1, -2], atol=1e-9)


def test_sentences_and_lines_are_windows_too_where_a_head_asks_for_them() -> None:
    piece = pieces("We had soup. I am tired! No. We don't.\nGood night to you")[0]
    found = [(w.words, w.narrow) for w in cut(piece, Windows(100, 60, 60))]
    sentences = ["we had soup", "i am tired", "we do not", "good night to you"]
    assert found == [(piece.words, False), *((text, True) for text in sentences)]
    assert len(list(cut(piece, Windows(100, 60)))) == 1


def test_one_break_is_enough_for_two_windows() -> None:
    piece = pieces("We had soup. Good night to you")[0]
    found = [w.words for w in cut(piece, Windows(100, 60, 60))]
    assert found[1:] == ["we had soup", "good night to you"]


def test_clauses_are_windows_too() -> None:
    piece = pieces("Such a calm day, good night to you")[0]
    found = [w.words for w in cut(piece, Windows(100, 60, 60))]
    assert found[1:] == ["such a calm day", "good night to you"]


def test_what_is_hidden_is_read_by_heads_that_ask_for_it() -> None:
    head = "From: a@b.org\nTo: c@d.org\nSubject: hello\nX-Note: dark words\n\nSee you."
    shown = [w.words for p in pieces(head) for w in cut(p, Windows(100, 60))]
    every = [w for p in pieces(head) for w in cut(p, Windows(100, 60, asides=True))]
    assert shown == [shown[0]]
    assert "dark" not in shown[0]
    assert any("dark words" in window.words and window.narrow for window in every)


def test_the_loudest_run_of_words_is_found() -> None:
    words = "one two three four"
    shares = np.zeros(len(words))
    shares[4:13] = 1.0
    shares[14:] = -1.0
    shares[:3] = -1.0
    assert words[slice(*loudest_words(words, shares))] == "two three"


def test_shipped_heads_say_what_they_are() -> None:
    heads = load_text_heads()
    names = {name for head in heads for name in head.names}
    assert names == {*TEXT_CATEGORIES, "offensive_language"}
    for head in heads:
        assert head.card.task == "moderation"
        assert "Davidson" in head.card.provenance
        assert head.card.licence
        assert all(0 <= value <= 1 for value in head.card.metrics.values())
        areas = [value for name, value in head.card.metrics.items() if name.startswith("auroc")]
        assert len(areas) > 1


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u202e", "\ud800"])
def test_a_text_without_words_scores_zero(text: str) -> None:
    for head in load_text_heads():
        scores = head.score_texts([text])
        assert not scores.values.any()
        assert scores.distance is not None
        assert scores.distance[0] == 0


def test_no_texts_give_no_rows() -> None:
    for head in load_text_heads():
        assert head.score_texts([]).values.shape == (0, len(head.names))


def test_a_harmful_sentence_counts_wherever_it_stands_in_a_million_characters() -> None:
    harm = next(head for head in load_text_heads() if "self_harm" in head.names)
    column = harm.names.index("self_harm")
    calm = "We went to the lake and had soup with friends from work. " * 17_600
    middle = len(calm) // 2
    text = f"{calm[:middle]}. I want to kill myself tonight. {calm[middle:]}"
    assert len(text) > 1_000_000
    values = harm.score_texts([calm, text]).values[:, column]
    assert values[0] < 0.2
    assert values[1] > 0.5
    assert "kill myself" in harm.evidence(pieces(text), "self_harm")


@pytest.mark.parametrize(
    "unit", ["<img alt=", '<a title="x y">', "Aa", "<html><script>", "A" * 70 + "\n", "a, "]
)
@pytest.mark.parametrize("lead", ["", "From: a\nTo: b\nSubject: c\n\n<html>"])
def test_opening_a_text_takes_linear_time(lead: str, unit: str) -> None:
    def seconds(length: int) -> float:
        start = time.process_time()
        pieces(lead + (unit * length)[:length])
        return time.process_time() - start

    # Four times the length: a quadratic step would take sixteen times as long.
    assert seconds(120_000) < 9 * seconds(30_000) + 0.1
