"""What the technical head promises, measured on pictures that people rated and on the demo's."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.embeddings.technical import TechnicalEncoder
from framesift.heads.technical import NAMES, TechnicalHead, technical_head
from framesift.types import Embeddings, Scores

if TYPE_CHECKING:
    from collections.abc import Iterable

DEMO = Path(__file__).resolve().parents[2] / "scripts" / "demo.py"


@pytest.fixture(scope="module")
def expert() -> TechnicalEncoder:
    return TechnicalEncoder()


@pytest.fixture(scope="module")
def head() -> TechnicalHead:
    return technical_head("any")


def score(expert: TechnicalEncoder, head: TechnicalHead, paths: Iterable[Path]) -> Scores:
    rows = []
    for path in paths:
        with Image.open(path) as image:
            rows.append(expert.encode(expert.prepare(np.asarray(image.convert("RGB")))[None])[0])
    vectors = np.ones((len(rows), 1), np.float32)
    return head.score(Embeddings(vectors, "any", "f", {"technical": np.stack(rows)}))


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's, with mean ranks for ties."""

    def ranks(values: np.ndarray) -> np.ndarray:
        below = (values[:, None] > values).sum(axis=1)
        return below + (values[:, None] == values).sum(axis=1) / 2

    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


@pytest.mark.shared
def test_it_ranks_coded_pictures_as_people_do(shared: Path, expert, head) -> None:
    folder = shared / "data" / "mos_avt_image_quality"
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    rated = np.array([float(row["mos_0_10"]) for row in rows])
    scores = score(expert, head, [folder / row["path"] for row in rows])
    found = scores.values[:, 0]
    assert rank_correlation(found, rated) >= 0.85
    sources = np.array([row["src"] for row in rows])
    for source in np.unique(sources):
        same = sources == source
        assert rank_correlation(found[same], rated[same]) >= 0.9


@pytest.mark.shared
def test_ordinary_photographs_rarely_get_words(shared: Path, expert, head) -> None:
    paths = sorted((shared / "data" / "moderation_benign_mossbench").glob("*.jpg"))[::2]
    scores = score(expert, head, paths)
    words = [head.describe(dict(zip(NAMES[1:], row[1:], strict=True))) for row in scores.values]
    assert np.mean([bool(one) for one in words]) <= 0.1
    assert scores.distance is not None
    assert np.mean(scores.distance > 1) <= 0.1
    assert 7 < np.median(scores.values[:, 0]) < 9.5


def test_the_demos_originals_come_first(expert, head, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    demo.make_pictures(tmp_path)
    paths = sorted(tmp_path.glob("*.jpg"))
    found = dict(zip([path.stem for path in paths], score(expert, head, paths).values, strict=True))
    order = sorted(found, key=lambda name: -found[name][0])
    for name in ("china", "flower"):
        own = [one for one in order if one.startswith(name)]
        assert own[:2] == [name, f"{name}-tilted"]
    assert set(order[:4]) == {"china", "flower", "china-tilted", "flower-tilted"}
    words = {
        name: head.describe(dict(zip(NAMES[1:], row[1:], strict=True)))
        for name, row in found.items()
    }
    assert words["china"] == words["flower"] == ""
    assert "blurred" in words["china-blurred"]
    assert "very noisy" in words["flower-noisy"]
    assert "underexposed" in words["china-dark"]
    assert "strong compression" in words["flower-overcompressed"]
