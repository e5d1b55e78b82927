"""Measure classifiers in words with `starter`; docs/classifiers.md quotes figures.json.

    python training/classifiers/measure.py --shared ../shared

CIFAR-10 and Caltech-101 were not trained on; the ImageNet sample was, with its names, by
training/starter/train.py. How a few-shot head is made was chosen on Idenprof and Caltech-101
(accuracies of several methods, all within a point of each other) before CIFAR-10 was looked at.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from framesift import load_embedder
from framesift.engine.gather import gather
from framesift.heads.classifiers import (
    NONE,
    ClassifierHead,
    SpaceCalibration,
    as_prompt,
    from_labels,
)
from framesift.heads.classifiers.abstaining import AbstentionTarget
from framesift.heads.classifiers.calibrating import Sample, calibrate, measured
from framesift.heads.classifiers.fewshot import fit_few_shot, held_out, shots_of
from framesift.heads.classifiers.head import calibrated
from framesift.heads.prompts import TEMPLATES, label_vectors
from framesift.heads.training.examples import Examples
from framesift.heads.training.results import as_json
from framesift.pipeline import Gatherer
from framesift.types import Embeddings

OUT = Path(__file__).with_name("figures.json")
DRAWS = 24
SHOTS = (5, 10, 20)
NEAR_CIFAR = {
    "airplanes", "car_side", "ferry", "ketch", "schooner", "helicopter", "dalmatian", "wild_cat",
    "cougar_body", "cougar_face", "leopards", "flamingo", "flamingo_head", "emu", "ibis", "pigeon",
    "rooster", "gerenuk", "snoopy", "garfield", "llama", "okapi", "beaver", "hedgehog",
}  # fmt: skip
"""Caltech classes that are, or look much like, a class of CIFAR-10: not "none of these"."""

QUOTED = {
    "cifar10 zero-shot, CLIP ViT-B/32": 0.913,
    "imagenet top-1 zero-shot, CLIP ViT-B/32": 0.632,
    "source": "Radford and others, Learning Transferable Visual Models From Natural Language "
    "Supervision, 2021, table 11; quoted, not measured here",
}


@dataclass(frozen=True)
class Data:
    """Embedded pictures and their labels."""

    examples: Examples
    labels: list[str]

    def take(self, rows: np.ndarray) -> Data:
        """Return some of them."""
        return Data(self.examples.take(rows), [self.labels[row] for row in rows])


def pictures(folder: Path, embedder) -> Data:
    rows = list(csv.DictReader((folder / "labels.csv").open(encoding="utf-8")))
    got = gather(Gatherer(embedder), [folder / row["path"] for row in rows])
    examples = Examples.stack(got.embeddings, names=[rows[i]["path"] for i in got.rows])
    return Data(examples, [rows[i]["class_name"] for i in got.rows])


def caltech(shared: Path, embedder) -> Data:
    known = np.load(shared / "starter" / "caltech101_features.npz")
    features = known["features"].astype(np.float32)
    vectors = embedder.project(features)
    made = Embeddings(vectors, embedder.space, embedder.fingerprint, {"features": features})
    return Data(Examples(made), [str(label) for label in known["label"]])


def zero_shot(cifar: Data, embedder) -> dict[str, float]:
    names = sorted(set(cifar.labels))
    found = {}
    for what, text in (("labels", ", ".join(names)), ("with neither", f"{', '.join(names)}, none")):
        head = ClassifierHead.from_definition(embedder, from_labels(text))
        scores = head.score(cifar.examples.embeddings)
        said = np.array(scores.names)[scores.values.argmax(axis=1)]
        found[f"accuracy, {what}"] = float(np.mean(said == np.array(cifar.labels)))
        found[f"called none, {what}"] = float(np.mean(said == NONE))
    return found


def imagenet(sample: Data, unseen: Data, shared: Path, embedder) -> dict[str, object]:
    """Top-1 and top-5 among 1000 names: by text, and by the trunk's own classifier."""
    table = shared / "data" / "zeroshot_imagenet1000" / "labels.csv"
    rows = sorted(csv.DictReader(table.open(encoding="utf-8")), key=lambda row: row["wnid"])
    names = [row["class_name"] for row in rows]
    labels = {str(i): (as_prompt(name),) for i, name in enumerate(names)}
    texts = label_vectors(embedder, labels, TEMPLATES)
    place = {name.lower(): i for i, name in enumerate(names)}
    of_file = {row["path"]: i for i, row in enumerate(rows)}
    own = np.array([of_file[name] for name in sample.examples.names])
    plain = [label.lower().replace("_", " ") for label in unseen.labels]
    kept = np.array([i for i, label in enumerate(plain) if label in place])
    other = unseen.take(kept)
    truth = np.array([place[plain[i]] for i in kept])
    found: dict[str, object] = {
        "unseen pictures": len(kept),
        "unseen classes": len(set(truth.tolist())),
    }
    for where, data, actual in (("trained on", sample, own), ("unseen", other, truth)):
        embeddings = data.examples.embeddings
        for what, scores in (
            ("text", embeddings.vectors @ texts.T),
            ("trunk's classifier", embedder.logits(embeddings.extras["features"])),
        ):
            above = (scores > scores[np.arange(len(actual)), actual][:, None]).sum(axis=1)
            found[f"{what}, {where}, top-1"] = float(np.mean(above < 1))
            found[f"{what}, {where}, top-5"] = float(np.mean(above < 5))
    return found


def few_shot(data: Data, embedder) -> dict[str, dict[str, object]]:
    """Draw a few pictures of each class, learn from them, test on all others."""
    names = sorted(set(data.labels))
    head = ClassifierHead.from_definition(embedder, from_labels(", ".join(names)))
    shots = shots_of(head, data.examples, data.labels, np.arange(len(data.labels), dtype=np.int32))
    found: dict[str, dict[str, object]] = {}
    for count in SHOTS:
        right, shares, errors = [], [], []
        for draw in range(DRAWS):
            rng = np.random.default_rng(draw)
            train = np.concatenate(
                [
                    rng.permutation(np.flatnonzero(shots.labels == label))[:count]
                    for label in range(len(names))
                ]
            )
            test = shots.take(np.setdiff1d(np.arange(len(shots.labels)), train))
            fitted = fit_few_shot(shots.take(train), seed=draw)
            chances = fitted.probabilities(test)
            logs = np.log(np.maximum(chances, 1e-30))
            sample = Sample(shots.names, "one", logs, test.labels, test.groups)
            one = measured(chances, sample, repeats=0)
            right.append(one.accuracy.value)
            errors.append(one.ece.value)
            shares.append(fitted.share)
        found[str(count)] = {
            "draws": DRAWS,
            "mean": float(np.mean(right)),
            "deviation": float(np.std(right, ddof=1)),
            "lowest": float(np.min(right)),
            "highest": float(np.max(right)),
            "ece": float(np.mean(errors)),
            "share of the words": float(np.mean(shares)),
        }
        print(count, found[str(count)], flush=True)
    return found


def calibration(cifar: Data, unseen: Data, embedder) -> dict[str, object]:
    """Words with "neither": half of the pictures calibrate, the other half measures."""
    outside = np.flatnonzero([label.lower() not in NEAR_CIFAR for label in unseen.labels])
    outside = np.random.default_rng(0).permutation(outside)[:250]
    joined = Examples.stack(
        [cifar.examples.take([i]).embeddings for i in range(len(cifar.labels))]
        + [unseen.examples.take([int(i)]).embeddings for i in outside]
    )
    labels = [*cifar.labels, *([NONE] * len(outside))]
    names = sorted(set(cifar.labels))
    head = ClassifierHead.from_definition(embedder, from_labels(f"{', '.join(names)}, none"))
    columns = head.rule.names
    truth = np.array([columns.index(label) for label in labels], np.int32)
    groups = np.arange(len(labels), dtype=np.int32)
    sample = Sample(columns, "one", head.logits(joined.embeddings), truth, groups)
    order = np.random.default_rng(1).permutation(len(labels))
    fit, test = order[: len(order) // 2], order[len(order) // 2 :]
    plain = SpaceCalibration(embedder.space)
    target = AbstentionTarget.parse("accuracy>=80%")
    fitted = calibrate(sample.take(fit), plain, target=target)
    kept = sample.take(test)
    found: dict[str, object] = {"fitted on": len(fit), "measured on": len(test)}
    for what, known in (("before", plain), ("after", fitted.calibration)):
        chances = calibrated(kept.logits, columns, "one", known)
        found[what] = told(chances, kept, columns)
    chances = calibrated(kept.logits, columns, "one", fitted.calibration)
    found["target"] = answered(chances, kept, fitted.calibration.abstain_below or 0.0)
    shots = shots_of(head, joined, labels, groups)
    learnt, _ = held_out(shots.take(order))
    given = Sample(shots.names, "one", learnt, shots.labels[order], groups)
    found["learnt, five folds"] = told(learnt, given, shots.names)
    found["curve after, held back"] = [as_json(point) for point in fitted.curve]
    return found


def told(chances: np.ndarray, sample: Sample, names: tuple[str, ...]) -> dict[str, float]:
    one = measured(chances, sample)
    said, none = chances.argmax(axis=1), names.index(NONE)
    outside = sample.truth == none
    return {
        "accuracy": one.accuracy.value,
        "ece": one.ece.value,
        "ece low": one.ece.low,
        "ece high": one.ece.high,
        "log loss": one.log_loss.value,
        "none found": float(np.mean(said[outside] == none)),
        "labels taken for none": float(np.mean(said[~outside] == none)),
        "labels right": float(np.mean((said == sample.truth)[~outside])),
    }


def answered(chances: np.ndarray, sample: Sample, below: float) -> dict[str, float]:
    given = chances.max(axis=1) >= below
    right = chances.argmax(axis=1) == sample.truth
    return {
        "asked": 0.8,
        "unsure below": below,
        "coverage": float(given.mean()),
        "accuracy": float(right[given].mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    shared = parser.parse_args().shared
    embedder = load_embedder("starter")
    cifar = pictures(shared / "data" / "zeroshot_cifar10", embedder)
    sample = pictures(shared / "data" / "zeroshot_imagenet1000", embedder)
    unseen = caltech(shared, embedder)
    figures = {
        "model": embedder.fingerprint,
        "quoted": QUOTED,
        "cifar10 zero-shot": zero_shot(cifar, embedder),
        "imagenet, 1000 names": imagenet(sample, unseen, shared, embedder),
        "calibration, cifar10 and caltech as none": calibration(cifar, unseen, embedder),
        "cifar10 few-shot": few_shot(cifar, embedder),
    }
    OUT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
