"""Choose how classifiers in words use the classes that the trunk of `starter` knows.

    python training/classifiers/choose_classes.py --shared ../shared

Chosen on Idenprof (ten names), on every other class of Caltech-101 (their names), and on pictures
of those among these classes that ImageNet has, with ImageNet's 1000 names. First sharpness and
weights by the mean of top-1, top-1 and top-5 there; then, which changes no order, the size of the
sum by the mean log loss; then whether background prompts relate to classes, by how well labels are
told from other pictures. No picture of CIFAR-10 or of Caltech's other classes is read; README.md
says what was seen of them before. class_path.json has the figures.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from measure import as_imagenet, caltech, imagenet_names, known_features, labels_of

from framesift import load_embedder
from framesift.heads.classifiers import as_prompt
from framesift.heads.classifiers.classes import class_logits, class_relations
from framesift.heads.classifiers.definition import BACKGROUND
from framesift.heads.numeric import logsumexp, softmax
from framesift.heads.prompts import TEMPLATES, label_vectors

OUT = Path(__file__).with_name("class_path.json")
SHARPNESS = (10.0, 15.0, 20.0, 30.0, 40.0, 60.0)
WEIGHTS = (0.5, 1.0, 1.5, 2.0, 3.0)
"""Of the classes, beside a text's own logit."""
SIZES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)


class Case:
    """Pictures, texts, and which is true.

    Args:
        embedder: `starter`.
        data: N pictures.
        names: K labels.
        truth: N columns.
        tops: Right is what stands among that many.
    """

    def __init__(self, embedder, data, names, truth, *, tops: int) -> None:
        """Embed the names."""
        self.embeddings = data.examples.embeddings
        prompts = {str(i): (as_prompt(name),) for i, name in enumerate(names)}
        self.texts = label_vectors(embedder, prompts, TEMPLATES)
        self.own = embedder.logit_scale * (self.embeddings.vectors @ self.texts.T)
        self.truth, self.tops = np.asarray(truth), tops

    def through_classes(self, known) -> np.ndarray:
        """Logits by the classes alone, (N, K)."""
        return class_logits(known, class_relations(known, self.texts), self.embeddings)

    def right(self, logits: np.ndarray) -> float:
        """Share of pictures whose name is among the first."""
        given = logits[np.arange(len(logits)), self.truth]
        return float(np.mean((logits > given[:, None]).sum(axis=1) < self.tops))

    def loss(self, logits: np.ndarray) -> float:
        """Mean of -log(probability of the true name), in nats."""
        chances = softmax(logits)[np.arange(len(logits)), self.truth]
        return float(-np.log(np.maximum(chances, 1e-30)).mean())


def cases(shared: Path, embedder) -> list[Case]:
    found = []
    idenprof = known_features(shared, "idenprof", embedder)
    half = caltech(shared, embedder, half=0)
    for data in (idenprof, half):
        names = labels_of(data)
        truth = [names.index(label) for label in data.labels]
        found.append(Case(embedder, data, names, truth, tops=1))
    data, truth = as_imagenet(half, shared)
    found.append(Case(embedder, data, imagenet_names(shared), truth, tops=5))
    return found


def told_apart(cases: list[Case], background: np.ndarray, known) -> dict[str, list[float]]:
    """Chance that a picture of a label leads none of these by more than another picture does.

    Names of Idenprof against pictures of Caltech, and the other way round; with background prompts
    that relate to classes as labels do, or to all classes alike.
    """
    found: dict[str, list[float]] = {"text alone": [], "related": [], "all alike": []}
    for inside, outside in ((0, 1), (1, 0)):
        leads: dict[str, list[np.ndarray]] = {way: [] for way in found}
        texts = cases[inside].texts
        for seen in (cases[inside].embeddings, cases[outside].embeddings):
            own, back = (known.scale * (seen.vectors @ some.T) for some in (texts, background))
            through = class_logits(known.classes, class_relations(known.classes, texts), seen)
            related = class_relations(known.classes, background)
            alike = np.full_like(related, 1 / related.shape[1])
            weight = known.classes.text_weight
            leads["text alone"].append(lead(own, back))
            for way, relations in (("related", related), ("all alike", alike)):
                added = class_logits(known.classes, relations, seen)
                leads[way].append(lead(weight * own + through, weight * back + added))
        for way, (of_labels, of_others) in leads.items():
            found[way].append(roc_area(of_labels, of_others))
    return found


def lead(labels: np.ndarray, background: np.ndarray) -> np.ndarray:
    return labels.max(axis=1) - logsumexp(background)


def roc_area(above: np.ndarray, below: np.ndarray) -> float:
    ranks = np.searchsorted(np.sort(below), above)
    return float(ranks.mean() / len(below))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    shared = parser.parse_args().shared
    embedder = load_embedder("starter")
    chosen_on = cases(shared, embedder)
    tried = [
        {
            "sharpness": None,
            "weight": 0.0,
            "right": [case.right(case.own) for case in chosen_on],
            "log loss": [case.loss(case.own) for case in chosen_on],
        }
    ]
    through = {}
    for sharpness in SHARPNESS:
        known = replace(embedder.known_classes, sharpness=sharpness)
        through[sharpness] = [case.through_classes(known) for case in chosen_on]
        for weight in WEIGHTS:
            sums = [c.own + weight * t for c, t in zip(chosen_on, through[sharpness], strict=True)]
            right = [case.right(one) for case, one in zip(chosen_on, sums, strict=True)]
            tried.append({"sharpness": sharpness, "weight": weight, "right": right})
    best = max(tried[1:], key=lambda one: np.mean(one["right"]))
    parts = zip(chosen_on, through[best["sharpness"]], strict=True)
    sums = [case.own + best["weight"] * one for case, one in parts]
    losses = {
        size: [case.loss(size * one) for case, one in zip(chosen_on, sums, strict=True)]
        for size in SIZES
    }
    size = min(losses, key=lambda each: np.mean(losses[each]))
    constants = {"sharpness": best["sharpness"], "text_weight": size}
    known = SimpleNamespace(
        scale=embedder.logit_scale, classes=replace(embedder.known_classes, **constants)
    )
    prompts = {text: (text,) for text in BACKGROUND}
    background = label_vectors(embedder, prompts, TEMPLATES)
    figures = {
        "model": embedder.fingerprint,
        "cases": ["idenprof, top-1", "half of caltech, top-1", "1000 names, top-5"],
        "pictures": [len(case.truth) for case in chosen_on],
        "tried": tried,
        "sizes": [{"size": each, "log loss": loss} for each, loss in losses.items()],
        "labels told from other pictures, ROC area": told_apart(chosen_on, background, known),
        "chosen": {**best, "size": size, "log loss": losses[size]},
    }
    OUT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures["chosen"], indent=2))


if __name__ == "__main__":
    main()
