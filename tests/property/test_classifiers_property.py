"""What holds of every classifier in words, whatever its labels."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.heads.classifiers import NONE, ClassifierDefinition, ClassifierHead, Label
from framesift.types import Embeddings

DIM = 16
WORDS = [f"w{n}" for n in range(12)]


class Embedder:
    """Gives every text a vector of its own."""

    name, space, fingerprint, logit_scale = "made-up", "made-up-1", "made-up", 30.0
    spec = SimpleNamespace(layout="embedded")

    def embed_texts(self, texts):
        rows = [
            np.random.default_rng([ord(letter) for letter in text]).normal(size=DIM)
            for text in texts
        ]
        array = np.stack(rows)
        return (array / np.linalg.norm(array, axis=1, keepdims=True)).astype(np.float32)


def definitions(mode: str):
    return st.lists(st.sampled_from(WORDS), min_size=2, max_size=8, unique=True).map(
        lambda names: ClassifierDefinition(
            "x",
            tuple(
                Label(name, (f"a {name}",), (f"not {name}",) if n % 3 == 0 else ())
                for n, name in enumerate(sorted(names))
            ),
            mode,
            ("{}", "a photo of {}"),
            ("a room", "food"),
        )
    )


def pictures(seed: int, count: int = 9) -> Embeddings:
    rows = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return Embeddings(rows, "made-up-1", "made-up")


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["one", "many"]).flatmap(definitions),
    st.integers(0, 999),
    st.randoms(use_true_random=False),
)
def test_order_and_batch_do_not_matter(made, seed, random) -> None:
    shuffled = list(made.labels)
    random.shuffle(shuffled)
    other = ClassifierDefinition(
        "x", tuple(shuffled), made.mode, made.templates, made.background[::-1]
    )
    one, two = (ClassifierHead.from_definition(Embedder(), each) for each in (made, other))
    seen = pictures(seed)
    first, second = one.score(seen), two.score(seen)
    for name in first.names:
        a = first.values[:, first.names.index(name)]
        np.testing.assert_allclose(a, second.values[:, second.names.index(name)], atol=1e-5)
    alone = Embeddings(seen.vectors[4:5], seen.space, seen.fingerprint)
    np.testing.assert_allclose(one.score(alone).values[0], first.values[4], atol=1e-5)
    assert ((first.values >= 0) & (first.values <= 1)).all()
    if made.mode == "one":
        assert first.names[-1] == NONE
        np.testing.assert_allclose(first.values.sum(axis=1), 1, atol=1e-5)
    for row in first.values:
        assert one.rule.answer(row).status in ("label", "none")


@settings(max_examples=25, deadline=None)
@given(definitions("one"), st.integers(0, 999), st.floats(0, 1), st.floats(0, 1))
def test_abstaining_more_never_gives_another_label(made, seed, low, high) -> None:
    low, high = sorted((low, high))
    head = ClassifierHead.from_definition(Embedder(), made)
    for row in head.score(pictures(seed)).values:
        loose, strict = (head.rule.with_abstention(b).answer(row) for b in (low, high))
        assert strict == loose or strict.status == "unsure"
