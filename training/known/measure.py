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
from training.known.methods import CHOSEN, card, exposed, methods
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
    "features of the trunk: distance to the third nearest of 500 ImageNet and 1,000 Flickr8k "
    "photographs (the latter for research use), and a plane between these and 480 drawn pictures "
    "of six unusual kinds; the limit is that of held-out ImageNet photographs"
)


def rate(far: np.ndarray, limit: float) -> dict[str, Any]:
    """Share beyond a limit, with its 95 % interval."""
    found = share(int((far > limit).sum()), len(far))
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
    """Measure every method on what is for choosing: detection at 5 % false alarms there, areas.

    A method that is shown unusual pictures is shown those of the other families alone.
    """
    photos = np.concatenate([pictures.photos(name) for name in CHOOSING_PHOTOS])
    families = {name: pictures.family(name) for name in CHOOSING_FAMILIES}
    table = {}
    for name, method in methods(pictures, names).items():
        ordinary = method(photos)
        pairs = [(ordinary, method(rows)) for rows in families.values()]
        table[name] = summary(pairs)
        print(name, table[name], flush=True)
    pairs = []
    for family, rows in families.items():
        head = exposed(pictures, [other for other in families if other != family])
        pairs.append((distances(pictures, head, photos), distances(pictures, head, rows)))
    table["neighbour 3 + plane against the other families"] = summary(pairs)
    return table


def summary(pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Mean and worst over families, each a pair of distances of photographs and of the family."""
    rates = [float((far > np.quantile(near, 1 - ALARMS)).mean()) for near, far in pairs]
    areas = [auroc(near, far) for near, far in pairs]
    return {
        "detected": float(np.mean(rates)),
        "worst_family": min(rates),
        "auroc": float(np.mean(areas)),
    }


def distances(pictures: Pictures, head: KnownHead, rows: np.ndarray) -> np.ndarray:
    """What a detector gives features, float64 (N,)."""
    return head.score(pictures.embeddings(rows)).distance.astype(np.float64)


def report(pictures: Pictures, head: KnownHead) -> dict[str, Any]:
    """Measure the detector on what it was not chosen by."""
    photos = {name: distances(pictures, head, pictures.photos(name)) for name in REPORTED_PHOTOS}
    ordinary = photos["imagenet, odd rows"]
    equal = float(np.quantile(ordinary, 1 - ALARMS))
    found: dict[str, Any] = {"photographs": {}, "reported": {}, "choosing": {}}
    for name, near in photos.items():
        found["photographs"][name] = rate(near, 1.0)
    for part, families in (("reported", REPORTED_FAMILIES), ("choosing", CHOOSING_FAMILIES)):
        for family in families:
            far = distances(pictures, head, pictures.family(family))
            found[part][family] = {
                **rate(far, 1.0),
                "at_5_percent": rate(far, equal),
                "auroc": area(ordinary, far),
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
    ordinary, _ = pictures.ordinary()
    head = exposed(pictures, CHOOSING_FAMILIES)
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
