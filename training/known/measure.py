"""Choose how unknown pictures are found, fit the detector of `starter`, and measure it.

Usage: python -m training.known.measure SHARED WORK

Families of unusual pictures and sources of photographs by which the method is chosen are kept
apart from those of the report (`training/known/pictures.py`). Writes ``figures.json`` beside this
file and ``known-starter.head`` into the package. Rows are kept in WORK.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score
from training.known.methods import CHOSEN, card, methods
from training.known.pictures import (
    CHOOSING_FAMILIES,
    CHOOSING_PHOTOS,
    REPORTED_FAMILIES,
    REPORTED_PHOTOS,
    Pictures,
)

from framesift.embeddings import load_embedder
from framesift.heads import save_head
from framesift.heads.known import KnownHead
from framesift.heads.resources import DATA
from framesift.verdicts.proportions import share

HERE = Path(__file__).parent
ALARMS = 0.05
PROVENANCE = (
    "distance to the third nearest of 500 ImageNet and 1,000 Flickr8k photographs (the latter for "
    "research use), on features of the trunk; one in twenty held-out ImageNet photographs is "
    "called unknown"
)


def rate(distances: np.ndarray, limit: float) -> dict[str, Any]:
    """Share beyond a limit, with its 95 % interval."""
    found = share(int((distances > limit).sum()), len(distances))
    return {"n": found.total, "flagged": found.value, "low": found.low, "high": found.high}


def auroc(ordinary: np.ndarray, unusual: np.ndarray) -> float:
    """Area under the ROC curve: how often an unusual picture lies further out."""
    truth = np.r_[np.zeros(len(ordinary)), np.ones(len(unusual))]
    return float(roc_auc_score(truth, np.r_[ordinary, unusual]))


def area(ordinary: np.ndarray, unusual: np.ndarray, *, resamples: int = 200) -> list[float]:
    """The same with the 95 % interval of a bootstrap over pictures: value, low, high."""
    rng = np.random.default_rng(0)
    drawn = [
        auroc(rng.choice(ordinary, len(ordinary)), rng.choice(unusual, len(unusual)))
        for _ in range(resamples)
    ]
    return [auroc(ordinary, unusual), *np.quantile(drawn, [0.025, 0.975]).tolist()]


def compare(pictures: Pictures, names: list[str]) -> dict[str, Any]:
    """Measure every method on what is for choosing: detection at 5 % false alarms there, areas."""
    photos = np.concatenate([pictures.photos(name) for name in CHOOSING_PHOTOS])
    families = {name: pictures.family(name) for name in CHOOSING_FAMILIES}
    table = {}
    for name, method in methods(pictures, names).items():
        ordinary = method(photos)
        limit = float(np.quantile(ordinary, 1 - ALARMS))
        scored = {family: method(rows) for family, rows in families.items()}
        areas = [auroc(ordinary, far) for far in scored.values()]
        rates = [float((far > limit).mean()) for far in scored.values()]
        table[name] = {
            "detected": round(float(np.mean(rates)), 3),
            "worst_family": round(min(rates), 3),
            "auroc": round(float(np.mean(areas)), 3),
        }
        print(name, table[name], flush=True)
    return table


def report(pictures: Pictures, head: KnownHead) -> dict[str, Any]:
    """Measure the detector on what it was not chosen by."""

    def far(rows: np.ndarray) -> np.ndarray:
        return head.score(pictures.embeddings(rows)).distance.astype(np.float64)

    photos = {name: far(pictures.photos(name)) for name in REPORTED_PHOTOS}
    ordinary = photos["imagenet, odd rows"]
    equal = float(np.quantile(ordinary, 1 - ALARMS))
    found: dict[str, Any] = {"photographs": {}, "reported": {}, "choosing": {}}
    for name, distances in photos.items():
        found["photographs"][name] = rate(distances, 1.0)
    for part, families in (("reported", REPORTED_FAMILIES), ("choosing", CHOOSING_FAMILIES)):
        for family in families:
            distances = far(pictures.family(family))
            found[part][family] = {
                **rate(distances, 1.0),
                "at_5_percent": rate(distances, equal),
                "auroc": area(ordinary, distances),
            }
    return found


def narrow(pictures: Pictures, shared: Path) -> dict[str, Any]:
    """What a detector does that knows Flickr8k alone, as one of CLIP B/32 here would have to."""
    flickr = pictures.ordinary()[0]
    rows = flickr.extras["features"][500:]
    found = {}
    for inputs in (("features",), ("vectors",)):
        head = KnownHead.fit(card(inputs), pictures.embeddings(rows), options=CHOSEN)
        found[inputs[0]] = {
            name: rate(head.score(pictures.embeddings(pictures.photos(name))).distance, 1.0)
            for name in REPORTED_PHOTOS
        }
    vectors = np.load(shared / "golden" / "clip_vit_b32_flickr8k" / "clip_embeddings.npy")
    found["golden_rows"] = len(vectors)
    return found


def main(shared: Path, work: Path) -> None:
    pictures = Pictures(shared, work, load_embedder("starter"))
    classes = np.load(shared / "starter" / "imagenet1000_features.npz")["class_name"]
    names = [str(name).replace("_", " ") for name in classes]
    compared = compare(pictures, names)
    ordinary, typical = pictures.ordinary()
    head = KnownHead.fit(card(), ordinary, options=CHOSEN, typical=typical)
    figures = report(pictures, head)
    head = head.with_card(
        provenance=PROVENANCE,
        licence="Apache-2.0",
        model="starter",
        metrics={
            "false_alarms_imagenet": figures["photographs"]["imagenet, odd rows"]["flagged"],
            "detected_reported_families": float(
                np.mean([one["flagged"] for one in figures["reported"].values()])
            ),
        },
        details={"measured_by": "training/known/measure.py", "photographs": len(ordinary)},
    )
    save_head(head, DATA / "known-starter.head")
    document = {
        "made_by": "training/known/measure.py",
        "options": {"neighbours": CHOSEN.neighbours, "axes": CHOSEN.axes, "share": CHOSEN.share},
        "compared": compared,
        **figures,
        "flickr8k_alone": narrow(pictures, shared),
    }
    text = json.dumps(_short(document), indent=2)
    (HERE / "figures.json").write_text(text + "\n", encoding="utf-8")


def _short(value: Any) -> Any:
    """Round every number to three decimals."""
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_short(one) for one in value]
    return round(value, 3) if isinstance(value, float) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
