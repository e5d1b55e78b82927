"""The head for fights on the labelled clips: what docs/models/violence.md says."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from framesift.embeddings import load_embedder
from framesift.heads.clip import fights_head
from framesift.heads.motion import changes, scene_rows
from framesift.media import Source, open_media
from framesift.types import Embeddings

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "models" / "violence.md"
ROWS = {
    "ten a second": "every 0.1 s from 0 s",
    "four a second": "every 0.25 s from 0 s",
    "two a second": "every 0.5 s from 0 s",
    "one a second": "every 1 s from 0 s",
    "as a scan chooses them (`adaptive`, 1 fps)": "as a scan",
}


@pytest.fixture(scope="module")
def embedder():
    return load_embedder("starter")


def watched(embedder, path: Path) -> tuple[Embeddings, tuple[Fraction, ...]]:
    """Four frames a second of at most ten seconds."""
    with open_media(Source.from_path(path)) as media:
        last = min(media.info.duration or Fraction(1), Fraction(10))
        wanted = [media.start + Fraction(number, 4) for number in range(int(last * 4) + 1)]
        frames = list(media.read(wanted))
    rows = embedder.encode(np.stack([embedder.prepare(frame.pixels) for frame in frames]))
    return embedder.to_embeddings(rows), tuple(frame.time for frame in frames)


@pytest.fixture(scope="module")
def clips(shared, embedder):
    folder = shared / "data" / "video_fights"
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found = [(row["fight"] == "1", row["source"]) for row in rows]
    return found, [watched(embedder, folder / row["path"]) for row in rows]


def auc(truth: np.ndarray, scores: np.ndarray) -> float:
    yes, no = scores[truth][:, None], scores[~truth][None]
    return float((yes > no).mean() + (yes == no).mean() / 2)


def test_level_and_growth_learnt_elsewhere_tell_fights_of_a_source_never_seen(clips):
    """A cheap repetition of the cross-validation: two numbers per clip, four folds."""
    linear = pytest.importorskip("sklearn.linear_model")
    labels, looks = clips
    fight = np.array([label for label, _ in labels])
    source = np.array([source for _, source in labels])
    motion = np.stack(
        [
            np.nanmean(changes(scene_rows(made.extras["features"]), times)[0], axis=0)
            for made, times in looks
        ]
    )
    odds = np.zeros(len(fight))
    for held in set(source):
        learnt = source != held
        mean, scale = motion[learnt].mean(axis=0), motion[learnt].std(axis=0) + 0.05
        model = linear.LogisticRegression(C=3.0, class_weight="balanced")
        model.fit((motion[learnt] - mean) / scale, fight[learnt])
        odds[~learnt] = model.decision_function((motion[~learnt] - mean) / scale)
    assert auc(fight, odds) >= 0.8
    pairs = [
        odds[yes] > odds[no]
        for yes in np.flatnonzero(fight)
        for no in np.flatnonzero(~fight)
        if source[yes] == source[no]
    ]
    assert len(pairs) == 18
    assert sum(pairs) >= 16


def test_the_shipped_head_ranks_the_clips_it_learnt_from(clips):
    labels, looks = clips
    fight = np.array([label for label, _ in labels])
    best = np.array([fights_head().score(*look).values.max() for look in looks])
    assert auc(fight, best) >= 0.9
    assert (best[fight] >= 0.8).mean() >= 0.5
    assert not (best[~fight] >= 0.8).any()


@pytest.mark.parametrize(
    "name",
    [
        "dover/17734.mp4",
        "dover/1724.mp4",
        "moviepy/media/doc_medias/result.mp4",
        "opencv/Megamind_bugy.avi",
        "torchcodec/test/resources/av1_video.mkv",
    ],
)
def test_ordinary_videos_are_no_fights(shared, embedder, name):
    made, times = watched(embedder, shared / "data" / "robust_videos" / name)
    assert fights_head().score(made, times).values.max() < 0.8


def test_photographs_that_follow_each_other_are_no_fight(shared):
    photos = np.load(shared / "starter" / "flickr8k_features.npz")["features"][1:1801:2]
    times = tuple(Fraction(number, 4) for number in range(len(photos)))
    features = photos.astype(np.float32)
    made = Embeddings(features[:, :2], "starter-1", "f", {"features": features})
    assert (fights_head().score(made, times).values >= 0.5).mean() <= 0.01


def test_the_card_quotes_the_figures():
    """After training/violence/train.py: the tables of the card by hand."""
    figures = json.loads((ROOT / "training" / "violence" / "figures.json").read_text())
    measured = figures["held_out_source"]
    shown = {
        cells[0]: cells[1:]
        for cells in (
            [cell.strip(" *") for cell in line.split("|")[1:-1]]
            for line in PAGE.read_text(encoding="utf-8").splitlines()
            if line.startswith("| ")
        )
    }
    for name, way in ROWS.items():
        one = measured[way]
        low, high = one["interval_95"]
        assert shown[name][:4] == [
            f"{one['area']:.3f}",
            f"{low:.2f} to {high:.2f}",
            f"{one['p_motion_alone']:.4f}",
            one["right_within_source"],
        ]
    assert fights_head().card.metrics["auroc_scan"] == measured["as a scan"]["area"]
    raised = json.loads((ROOT / "training" / "violence" / "pictures.json").read_text())
    films = [one["films"] for one in raised.values()]
    rows = [cells for name, cells in shown.items() if "panned" in name or "nine in two" in name]
    assert [int(cells[0]) for cells in rows] == films
    assert [float(cells[1].rstrip(" %")) for cells in rows] == [
        round(100 * one["from_0.5"], 1) for one in raised.values()
    ]
