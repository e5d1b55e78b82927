"""The index finds what comparing with every vector finds, whatever vectors, filters and order."""

from __future__ import annotations

import hashlib
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framesift.embeddings.index import IndexBuilder, VectorIndex, identities
from framesift.embeddings.index.codes import encode, encode_query, rotation
from framesift.embeddings.index.integer import product
from framesift.embeddings.index.nearest import exact_products

KINDS = st.sampled_from(["random", "copies", "clustered", "one number", "zeros", "lengths"])


def vectors_of(kind: str, count: int, width: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = rng.standard_normal((count, width))
    if kind == "copies":
        made = made[rng.integers(0, max(count // 4, 1), count)]
    elif kind == "clustered":
        made = 0.02 * made + rng.standard_normal(width)
    elif kind == "one number":
        made[:, 0] += 40
    elif kind == "zeros":
        made[rng.random(count) < 0.5] = 0
    made = made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)
    if kind == "lengths":
        made *= 10 ** rng.uniform(-3, 3, (count, 1))
    return made.astype(np.float32)


def sha(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


def stored(folder: Path, vectors: np.ndarray, order: np.ndarray) -> VectorIndex:
    place = {"key": "k", "width": vectors.shape[1]}
    with IndexBuilder(folder, **place, shard_rows=32) as builder:
        for number in order:
            builder.add(sha(number), (Fraction(0),), vectors[number : number + 1])
    return VectorIndex.open(folder, **place)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=KINDS,
    count=st.integers(1, 150),
    width=st.sampled_from([1, 2, 3, 5, 8, 31, 64, 100]),
    top=st.integers(1, 40),
    share=st.sampled_from([0.0, 0.03, 0.4, 1.0]),
    seed=st.integers(0, 2**16),
)
def test_the_index_equals_brute_force_and_knows_no_order(
    kind: str, count: int, width: int, top: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed + 1)
    vectors = vectors_of(kind, count, width, seed)
    query = vectors[0].astype(float) if seed % 3 == 0 else rng.standard_normal(width)
    allowed = {sha(number) for number in range(count) if rng.random() < share or share == 1.0}
    scores = exact_products(vectors, query)
    ranked = sorted(range(count), key=lambda n: (-scores[n], bytes.fromhex(sha(n))))
    expected = [(sha(n), scores[n]) for n in ranked if sha(n) in allowed][:top]
    orders = [np.arange(count), rng.permutation(count)]
    for order in orders:
        with tempfile.TemporaryDirectory() as folder:
            index = stored(Path(folder), vectors, order)
            wanted = index.rows_of(sorted(allowed))[0]
            near = index.nearest(query, top, wanted=None if share == 1.0 else wanted)
            found = [(index.sha256(r), s) for r, s in zip(near.rows, near.scores, strict=True)]
            assert found == expected
            least = float(np.median(scores))
            near = index.nearest(query, count, wanted=wanted, least=least)
            above = [n for n in range(count) if sha(n) in allowed and scores[n] >= least]
            assert {index.sha256(row) for row in near.rows} == {sha(n) for n in above}


@settings(max_examples=60, deadline=None)
@given(kind=KINDS, width=st.integers(1, 140), seed=st.integers(0, 2**16))
def test_no_product_lies_outside_its_interval(kind: str, width: int, seed: int) -> None:
    vectors = vectors_of(kind, 60, width, seed)
    query = np.random.default_rng(seed + 1).standard_normal(width)
    made = product(width)
    assert made is not None
    multiply, levels = made
    codes, coarse = encode(vectors), encode_query(query, levels)
    near = multiply(codes.codes, coarse.codes) * codes.step.astype(float) * coarse.step
    near += codes.mean.astype(float) @ query
    off = codes.error * coarse.length + codes.length * coarse.error
    assert (np.abs(near - vectors.astype(float) @ query) <= off).all()


def test_the_rotation_is_one() -> None:
    for width in (1, 2, 3, 7, 256, 512, 768):
        matrix = rotation(width).astype(float)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(width), atol=1e-6)


@given(
    times=st.lists(
        st.fractions(min_value=-10, max_value=10**6, max_denominator=90000), min_size=1, max_size=5
    )
)
def test_times_come_back_exactly(times: list[Fraction]) -> None:
    rows = np.ones((len(times), 3), dtype=np.float32)
    index = VectorIndex.of(rows, identities("ab" * 32, times))
    assert [index.time(row) for row in range(len(times))] == times
