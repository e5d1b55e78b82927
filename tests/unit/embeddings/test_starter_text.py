from __future__ import annotations

import numpy as np
import pytest

from framesift.embeddings.starter_text import WordTower, known_words, split_words

WORDS = ["dog", "snow", "fire", "fighter", "run", "make", "party", "box", "a", "in", "don't", "50"]
ROWS = {word: row for row, word in enumerate(WORDS)}


@pytest.fixture
def tower() -> WordTower:
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 8)).astype(np.float32)
    return WordTower(WORDS, vectors, np.full(8, 0.1, np.float32))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dog, in the SNOW!", ["a", "dog", "in", "the", "snow"]),
        ("black-and-white", ["black", "and", "white"]),
        ("don't 'quote' me", ["don't", "quote", "me"]),
        ("don\N{RIGHT SINGLE QUOTATION MARK}t", ["don't"]),
        (
            "Caf\N{LATIN SMALL LETTER E WITH ACUTE} na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve",
            ["cafe", "naive"],
        ),
        ("snake_case 3.5", ["snake", "case", "3", "5"]),
        ("  \t\n", []),
        ("", []),
        ("\N{DOG FACE}", []),
    ],
)
def test_texts_are_split_into_lower_case_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("dog", ["dog"]),
        ("dogs", ["dog"]),
        ("dog's", ["dog"]),
        ("boxes", ["box"]),
        ("parties", ["party"]),
        ("making", ["make"]),
        ("firefighter", ["fire", "fighter"]),
        ("snowdog", ["snow", "dog"]),
        ("zebra", []),
        ("as", []),
        ("5000", []),
        ("x" * 10_000, []),
    ],
)
def test_unknown_words_are_traced_to_known_ones(word: str, found: list[str]) -> None:
    assert [WORDS[row] for row in known_words(word, ROWS)] == found


def test_embeddings_are_unit_vectors_and_blind_to_order(tower: WordTower) -> None:
    vectors = tower.embed(["a dog in snow", "snow in a dog", "run"])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert vectors[0] @ vectors[2] < 0.99


def test_a_text_without_known_words_gets_the_neutral_vector(tower: WordTower) -> None:
    empty, unknown, emoji = tower.embed(["", "zebra zebra", "\N{DOG FACE}"])
    np.testing.assert_array_equal(empty, unknown)
    np.testing.assert_array_equal(empty, emoji)
    np.testing.assert_allclose(np.linalg.norm(empty), 1, atol=1e-6)


def test_no_texts_give_no_rows(tower: WordTower) -> None:
    assert tower.embed([]).shape == (0, 8)


def test_a_text_does_not_depend_on_its_neighbours(tower: WordTower) -> None:
    texts = ["dog", "snow run", "", "a fire"]
    together = tower.embed(texts)
    alone = np.concatenate([tower.embed([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)


def test_only_the_beginning_of_an_endless_text_is_read(tower: WordTower) -> None:
    np.testing.assert_array_equal(
        tower.embed(["dog " * 5_000]), tower.embed(["dog " * 5_000 + "snow " * 1_000_000])
    )
