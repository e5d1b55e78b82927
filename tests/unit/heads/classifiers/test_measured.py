"""The figures that the documentation quotes, and a small part of them measured again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from framesift import load_embedder
from framesift.heads.classifiers import ClassifierHead, from_labels
from framesift.heads.training.examples import Examples
from framesift.types import Embeddings

ROOT = Path(__file__).resolve().parents[4]
FIGURES = json.loads((ROOT / "training" / "classifiers" / "figures.json").read_text())


def test_the_page_quotes_what_was_measured() -> None:
    page = (ROOT / "docs" / "classifiers.md").read_text(encoding="utf-8")
    words, names = FIGURES["cifar10 zero-shot"], FIGURES["imagenet, 1000 names"]
    quoted = [words["accuracy, labels"], words["accuracy, with neither"]]
    quoted += [value for name, value in names.items() if "text" in name or "trunk" in name][:2]
    quoted += [names["text, unseen, top-1"], names["text, unseen, top-5"]]
    quoted += [FIGURES["cifar10 few-shot"][count]["mean"] for count in ("5", "10", "20")]
    calibration = FIGURES["calibration, cifar10 and caltech as none"]
    quoted += [
        calibration[when][what] for when in ("before", "after") for what in ("ece", "accuracy")
    ]
    for value in quoted:
        assert f"{value:.3f}" in page, value
    assert words["accuracy, labels"] >= 0.40
    assert FIGURES["cifar10 few-shot"]["5"]["mean"] >= 0.50
    assert FIGURES["cifar10 few-shot"]["20"]["mean"] >= 0.62


@pytest.mark.shared
def test_five_pictures_of_each_label_beat_the_words(shared: Path) -> None:
    pytest.importorskip("sklearn")
    from framesift.heads.classifiers.fewshot import fit_few_shot, shots_of

    embedder = load_embedder("starter")
    known = np.load(shared / "starter" / "idenprof_features.npz")
    features = known["features"].astype(np.float32)
    labels = [str(label) for label in known["label"]]
    made = Embeddings(
        embedder.project(features), embedder.space, embedder.fingerprint, {"features": features}
    )
    head = ClassifierHead.from_definition(embedder, from_labels(", ".join(sorted(set(labels)))))
    scores = head.score(made)
    words = np.mean(np.array(scores.names)[scores.values.argmax(axis=1)] == np.array(labels))
    assert words > 0.3  # one in ten by guessing
    shots = shots_of(head, Examples(made), labels, np.arange(len(labels), dtype=np.int32))
    rng = np.random.default_rng(0)
    train = np.concatenate(
        [rng.permutation(np.flatnonzero(shots.labels == label))[:5] for label in range(10)]
    )
    fitted = fit_few_shot(shots.take(train))
    rest = shots.take(np.setdiff1d(np.arange(len(labels)), train))
    learnt = np.mean(fitted.probabilities(rest).argmax(axis=1) == rest.labels)
    assert learnt > words + 0.15
