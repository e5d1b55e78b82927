"""A score belongs to its picture: batch size, order, threads and cache do not move it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from framesift import Analyzer, Cache, Source, build_analyzer, load_embedder, run_many
from framesift.types import Analysis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from framesift.types import Result

TOLERANCE = 1e-4


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    out = io.BytesIO()
    image = Image.fromarray(pixels)
    if kind == "gif":
        frames = [Image.fromarray(np.roll(pixels, 40 * n, axis=1)) for n in range(1, 6)]
        image.save(out, "GIF", save_all=True, append_images=frames, duration=100)
    else:
        image.save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def sources(make_image: Callable[..., np.ndarray]) -> list[Source]:
    sizes = [(320, 240), (1600, 1200), (100, 400), (40, 40), (600, 500), (321, 123), (800, 600)]
    kinds = ["png", "jpeg", "webp", "png", "gif", "bmp", "jpeg"]
    return [
        Source.from_bytes(encoded(make_image(*size, seed=seed), kind), name=f"{seed}.{kind}")
        for seed, (size, kind) in enumerate(zip(sizes, kinds, strict=True))
    ]


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return build_analyzer(load_embedder("starter", offline=True))


@pytest.fixture(scope="module")
def alone(analyzer: Analyzer, sources: list[Source]) -> dict[str, list[float]]:
    """Every picture analysed by itself, one frame at a time."""
    return {source.name: numbers(analyzer.analyze(source)) for source in sources}


def numbers(result: Result) -> list[float]:
    assert isinstance(result, Analysis), result
    assert result.quality is not None
    assert result.moderation is not None
    scores = [label.score for label in result.moderation.labels]
    return [result.quality.score, result.quality.low, result.quality.high, *scores]


def assert_same(results: list[Result], alone: dict[str, list[float]]) -> None:
    for result in results:
        np.testing.assert_allclose(numbers(result), alone[result.path], atol=TOLERANCE, rtol=0)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    order=st.permutations(range(7)),
    workers=st.integers(1, 4),
    batch_size=st.integers(1, 12),
)
def test_batch_order_and_threads_do_not_move_a_score(
    order: list[int],
    workers: int,
    batch_size: int,
    analyzer: Analyzer,
    sources: list[Source],
    alone: dict[str, list[float]],
) -> None:
    chosen = [sources[i] for i in order]
    results = list(run_many(analyzer, chosen, workers=workers, batch_size=batch_size))
    assert [result.path for result in results] == [source.name for source in chosen]
    assert_same(results, alone)


def test_the_cache_does_not_move_a_score(
    sources: list[Source], alone: dict[str, list[float]], tmp_path: Path
) -> None:
    embedder = load_embedder("starter", offline=True)
    with Cache(tmp_path / "cache.sqlite") as cache:
        analyzer = build_analyzer(embedder, cache=cache)
        first = list(run_many(analyzer, sources))
        second = list(run_many(analyzer, reversed(sources), workers=1, batch_size=1))
    assert_same(first, alone)
    assert_same(second, alone)


def test_a_second_run_decodes_nothing(
    sources: list[Source], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = load_embedder("starter", offline=True)
    with Cache(tmp_path / "cache.sqlite") as cache:
        analyzer = build_analyzer(embedder, cache=cache)
        first = [numbers(result) for result in run_many(analyzer, sources)]

        def refuse(*_: object, **__: object) -> None:
            pytest.fail("a cached picture was opened again")

        monkeypatch.setattr("framesift.pipeline.stages.open_media", refuse)
        assert [numbers(result) for result in run_many(analyzer, sources)] == first
