"""Train and ship the weapons head of `starter`; embed.py has to have run before.

Usage: python training/weapons/train.py SHARED WORK

A softmax regression learns what every thumbnail shows (its class) beside one class for ordinary
pictures; see `framesift.heads.kinds`. Two cross-validations say how good it is:

- by picture: near-duplicates stay together, other pictures of the same class may be trained on;
- by class: no picture of the class was trained on, so that only the idea of a weapon can help.

Every figure of thumbnails is out of fold. The calibration is fitted on out-of-fold log-odds, and
its error is measured by fitting it on four fifths of them and measuring on the last.
"""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from thumbnails import Item, duplicates, items

from framesift.embeddings.starter_model import load_model
from framesift.heads import HeadCard, save_head
from framesift.heads.calibrating import Platt, calibration_error, fit_platt
from framesift.heads.kinds import Group, KindsHead
from framesift.heads.linear import Standardiser
from framesift.heads.numeric import logsumexp
from framesift.heads.resources import DATA

NAME = "weapons-starter-1"
ORDINARY = "ordinary"
FOLDS = 10
C = 0.03
STEPS = 60
USED = {0: 1.0, 2: 0.3, 3: 0.6}
"""Versions that are trained on, with their weights; the small ones on scenes only blur it."""
ORDINARY_WEIGHT = 0.3
TOY_WEIGHT = 3.0
"""Toys are few and nearest to weapons."""
LEARNT = ("weapon", "toy_lookalike", "tool_sharp_ambiguous", "benign", "imagenet")
COUNTED = (0,)
"""Versions that the calibration sees: pictures as they are."""


@dataclass
class Data:
    """Pictures as features (square roots), with what is known of them.

    ``rows`` is float32 (N, 4, 1280); ``extra`` are ordinary photographs that are trained on.
    """

    found: list[Item]
    rows: np.ndarray
    extra: np.ndarray

    def __post_init__(self) -> None:
        """Derive group, kind and weight of every picture."""
        self.group = np.array([item.group for item in self.found])
        self.kind = np.array(
            [ORDINARY if "imagenet" in item.group else item.folder for item in self.found]
        )
        self.learnt = np.isin(self.group, LEARNT)
        self.weight = np.where(self.kind == ORDINARY, ORDINARY_WEIGHT, 1.0)
        self.weight[self.group == "toy_lookalike"] = TOY_WEIGHT

    def kinds_of(self, group: str) -> list[str]:
        """The classes of one group."""
        return sorted(set(self.kind[self.group == group]))


@dataclass
class Fit:
    """A fitted softmax."""

    kinds: list[str]
    coef: np.ndarray
    intercept: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def odds(self, rows: np.ndarray, kinds: list[str]) -> np.ndarray:
        """Log-odds of some kinds against the others."""
        logits = (rows - self.mean) / self.scale @ self.coef + self.intercept
        inside = np.isin(self.kinds, kinds)
        logits = logits.astype(np.float64)
        return logsumexp(logits[:, inside]) - logsumexp(logits[:, ~inside])


def fit(data: Data, keep: np.ndarray) -> Fit:
    keep = keep & data.learnt
    rows = np.concatenate([*(data.rows[keep, version] for version in USED), data.extra])
    kind = np.concatenate([np.tile(data.kind[keep], len(USED)), [ORDINARY] * len(data.extra)])
    weight = np.concatenate([data.weight[keep] * share for share in USED.values()])
    weight = np.concatenate([weight, np.full(len(data.extra), ORDINARY_WEIGHT)])
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is stopped early on purpose
        model = LogisticRegression(C=C, max_iter=STEPS)
        model.fit((rows - mean) / scale, kind, sample_weight=weight)
    coef = model.coef_.T.astype(np.float32)
    return Fit(list(model.classes_), coef, model.intercept_.astype(np.float32), mean, scale)


def folds_by_picture(data: Data) -> np.ndarray:
    return _dealt(duplicates([item.path for item in data.found]))


def folds_by_class(data: Data) -> np.ndarray:
    """Classes that share a near-duplicate go together; every ImageNet sample is its own class."""
    same = duplicates([item.path for item in data.found])
    folder = np.array([f"{'imagenet' in item.group}/{item.folder}" for item in data.found])
    group = np.arange(len(same))
    for _ in range(10):  # spread the lowest number over both kinds of kinship
        for kinship in (same, folder):
            _, place = np.unique(kinship, return_inverse=True)
            least = np.full(place.max() + 1, len(same))
            np.minimum.at(least, place, group)
            group = least[place]
    return _dealt(group)


def _dealt(group: np.ndarray) -> np.ndarray:
    names, place = np.unique(group, return_inverse=True)
    return (np.random.default_rng(0).permutation(len(names)) % FOLDS)[place]


def out_of_fold(data: Data, fold: np.ndarray, labels: dict[str, list[str]]) -> dict:
    """Log-odds of every version of every picture by the fit that did not see it: (N, 4) each."""
    found = {label: np.full(data.rows.shape[:2], np.nan) for label in labels}
    for number in range(FOLDS):
        made = fit(data, fold != number)
        held = np.flatnonzero(fold == number)
        print(f"fold {number}", flush=True)
        for label, kinds in labels.items():
            for version in range(data.rows.shape[1]):
                known = [kind for kind in kinds if kind in made.kinds]
                found[label][held, version] = made.odds(data.rows[held, version], known)
    return found


def area(positive: np.ndarray, negative: np.ndarray) -> float:
    truth = np.repeat([1, 0], [len(positive), len(negative)])
    return round(float(roc_auc_score(truth, np.concatenate([positive, negative]))), 3)


def areas(data: Data, odds: np.ndarray) -> dict[str, float]:
    shown = data.group == "weapon"
    others = {"benign": "benign", "toys": "toy_lookalike", "sharp tools": "tool_sharp_ambiguous"}
    others["ordinary (ImageNet)"] = "imagenet"
    return {name: area(odds[shown], odds[data.group == group]) for name, group in others.items()}


def calibrated(odds: np.ndarray, truth: np.ndarray, fold: np.ndarray) -> tuple[Platt, float]:
    """The calibration of all, and its error where it was not fitted."""
    chance = np.empty(len(odds))
    for number in range(5):
        held = fold % 5 == number
        chance[held] = fit_platt(odds[~held], truth[~held])(odds[held])
    return fit_platt(odds, truth), calibration_error(chance, truth)


def examples(data: Data, odds: np.ndarray, fold: np.ndarray, group: str) -> tuple:
    """What a calibration is fitted on: counted versions of all that is learnt from."""
    parts = [(odds[data.learnt, v], fold[data.learnt]) for v in COUNTED]
    truth = np.tile(data.group[data.learnt] == group, len(COUNTED))
    return np.concatenate([p for p, _ in parts]), truth, np.concatenate([f for _, f in parts])


def elsewhere(made: Fit, kinds: list[str], platt: Platt, shared: Path, data: Data) -> dict:
    """Other collections, none of which was trained on (of Flickr8k: the half that was not)."""
    read = {
        name: np.load(shared / "starter" / f"{name}_features.npz")
        for name in ("flickr8k", "caltech101", "idenprof")
    }
    sets = {name: np.sqrt(z["features"].astype(np.float32)) for name, z in read.items()}
    gun = read["caltech101"]["label"] == "revolver"
    sets["flickr8k"] = sets["flickr8k"][1::2]
    odds = {name: made.odds(rows, kinds) for name, rows in sets.items()}
    shown = np.flatnonzero(data.group == "imagenet-weapon")
    names = [data.found[number].folder for number in shown]
    chances = platt(made.odds(data.rows[shown, 0], kinds))
    caltech = platt(odds["caltech101"])
    return {
        "caltech101_revolvers": int(gun.sum()),
        "caltech101_area": area(odds["caltech101"][gun], odds["caltech101"][~gun]),
        "caltech101_revolvers_from_0.5": round(float((caltech[gun] >= 0.5).mean()), 3),
        "caltech101_others_from_0.5": round(float((caltech[~gun] >= 0.5).mean()), 4),
        "flickr8k_from_0.5": round(float((platt(odds["flickr8k"]) >= 0.5).mean()), 4),
        "idenprof_from_0.5": round(float((platt(odds["idenprof"]) >= 0.5).mean()), 4),
        "imagenet_weapon_classes": {
            name: round(float(chance), 3) for name, chance in zip(names, chances, strict=True)
        },
    }


def main(shared: Path, work: Path) -> None:
    found = items(shared)
    rows = np.sqrt(np.load(work / "features.npy").astype(np.float32))
    flickr = np.load(shared / "starter" / "flickr8k_features.npz")["features"][::8]
    data = Data(found, rows, np.sqrt(flickr.astype(np.float32)))
    labels = {"weapons": data.kinds_of("weapon"), "toy": data.kinds_of("toy_lookalike")}
    groups = {"weapons": "weapon", "toy": "toy_lookalike"}
    by_picture, by_class = folds_by_picture(data), folds_by_class(data)
    seen, unseen = (out_of_fold(data, fold, labels) for fold in (by_picture, by_class))
    np.savez(work / "out_of_fold.npz", **seen, fold=by_picture, unseen=unseen["weapons"])
    made = fit(data, np.ones(len(found), bool))
    platts, figures = {}, {}
    for label, group in groups.items():
        platts[label], error = calibrated(*examples(data, seen[label], by_picture, group))
        figures[label] = {"ece": round(error, 4)}
    weapons = figures["weapons"]
    weapons["by_picture"] = areas(data, seen["weapons"][:, 0])
    weapons["by_class"] = areas(data, unseen["weapons"][:, 0])
    weapons["on_scenes_by_picture"] = areas(data, seen["weapons"][:, 2])
    weapons["small_on_scenes_by_picture"] = areas(data, seen["weapons"][:, 1])
    chance = platts["weapons"](seen["weapons"][:, 0])
    weapons["from_0.5_by_picture"] = {
        group: round(float((chance[data.group == group] >= 0.5).mean()), 4) for group in LEARNT
    }
    plain = data.learnt & (data.kind != ORDINARY)
    weapons["ece_thumbnails"] = round(
        calibration_error(chance[plain], data.group[plain] == "weapon"), 4
    )
    weapons["elsewhere"] = elsewhere(made, labels["weapons"], platts["weapons"], shared, data)
    toy = data.group == "toy_lookalike"
    figures["toy"]["area"] = area(seen["toy"][toy, 0], seen["toy"][data.learnt & ~toy, 0])
    figures["toy"]["area_against_weapons"] = area(
        seen["toy"][toy, 0], seen["toy"][data.group == "weapon", 0]
    )
    write(made, labels, platts, figures)
    print(json.dumps(figures, indent=1))


def write(made: Fit, labels: dict, platts: dict, figures: dict) -> None:
    weapons = figures["weapons"]
    metrics = {
        "auroc_benign": weapons["by_picture"]["benign"],
        "auroc_toys": weapons["by_picture"]["toys"],
        "auroc_benign_new_classes": weapons["by_class"]["benign"],
        "auroc_toys_new_classes": weapons["by_class"]["toys"],
        "ece": weapons["ece"],
    }
    card = HeadCard(
        name=NAME,
        task="moderation",
        space="starter-1",
        inputs=("features",),
        source="trained",
        provenance=(
            "softmax regression by training/weapons on 886 web thumbnails of weapons, toys, tools "
            "and household things, 1,000 ImageNet samples and 1,012 Flickr8k photographs; "
            "calibrated on out-of-fold scores where one picture in five shows a weapon"
        ),
        licence="Apache-2.0; the pictures it was trained on carry no licence of their own",
        metrics=metrics,
        model="starter",
        details={"model_sha256": load_model().digest, "folds": FOLDS, "C": C},
    )
    layer = (
        made.coef,
        made.intercept,
        Standardiser(made.mean.astype(np.float32), made.scale.astype(np.float32)),
    )
    groups = {label: Group(kinds, platts[label]) for label, kinds in labels.items()}
    head = KindsHead(
        card,
        made.kinds,
        layer,
        groups={"weapons": groups["weapons"]},
        asides={"toy": groups["toy"]},
    )
    save_head(head, DATA / "weapons-starter.head")
    out = Path(__file__).with_name("figures.json")
    out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
