"""Choose what `framesift search` calls a match, on photographs, and measure it on others.

1,000 photographs of Flickr8k that took no part in training `starter`, and the captions that people
wrote. Half of the photographs, drawn at random, serve to choose the limits; all figures are of the
other half. A query has no match where every photograph whose captions speak of it was taken away,
or where it asks for what Flickr8k does not show (`queries.toml`).

    python training/search/measure.py            # figures.json, and limits.json in the package

Nothing of this is measured for CLIP: the real vectors at hand come without a text tower.
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from framesift.embeddings.starter import StarterEmbedder
from framesift.search import Evidence, Query, Term, background_texts, evidence
from framesift.search.evidence import Limits

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"
LIMITS = HERE.parents[1] / "src" / "framesift" / "search" / "data" / "limits.json"
HELD_OUT = 1000
REJECTED = {"text": 0.9, "image": 0.75}
"""Share of the queries without a match that the limits must turn away, on the half they are chosen
on. A picture is a vaguer question than a text, and its answer is looked at anyway."""

LIKE = 200
NAMED_TWICE = 2
RELEVANT = 10


class Photos:
    """Photographs with their captions, and the model."""

    def __init__(self) -> None:
        """Embed the photographs that took no part in training."""
        self.model = StarterEmbedder.load()
        with np.load(SHARED / "starter" / "flickr8k_features.npz") as arrays:
            features, names = arrays["features"], [str(name) for name in arrays["image"]]
        captions: dict[str, list[str]] = {}
        path = SHARED / "starter" / "flickr8k_captions.csv"
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                captions.setdefault(row["image"], []).append(row["caption"].lower())
        rows = np.random.default_rng(0).permutation(len(names))[:HELD_OUT]
        self.vectors = self.model.project(features[rows].astype(np.float32))
        self.captions = [captions[names[row]] for row in rows]
        self.background = self.model.embed_texts(background_texts())
        order = np.random.default_rng(1).permutation(HELD_OUT)
        self.halves = np.sort(order[: HELD_OUT // 2]), np.sort(order[HELD_OUT // 2 :])

    def naming(self, words: str, times: int = 1) -> np.ndarray:
        """Tell which photographs have so many captions with one of the words."""
        pattern = re.compile(rf"\b({'|'.join(words.split())})\b")
        return np.array(
            [sum(bool(pattern.search(one)) for one in five) >= times for five in self.captions]
        )

    def text(self, text: str) -> Term:
        """Return a text as a term."""
        return Term(text, "text", self.model.embed_texts([text])[0])


def margins(photos: Photos, term: Term, rows: np.ndarray) -> np.ndarray:
    """Return how far the photographs of a collection lie above the limits in force."""
    sample = photos.vectors[rows]
    known = Evidence.measure(Query((term,)), sample, len(rows), photos.background)
    found = known.margin(sample)
    assert found is not None
    return found


def best(photos: Photos, term: Term, rows: np.ndarray) -> float:
    """Return the evidence of the best match in a collection, with the limits at 0."""
    near = np.argsort(-(photos.vectors[rows] @ term.vector))[:64]
    return float(margins(photos, term, rows)[near].max())


def text_queries(
    photos: Photos, half: np.ndarray, queries: dict[str, Any]
) -> dict[str, list[float]]:
    """Return the evidence of every text query over a half, by kind of query."""
    made: dict[str, list[float]] = {name: [] for name in ("concepts", "captions")}
    made |= {"concepts taken away": [], "absent": [], "captions whose photo is taken away": []}
    for concept in queries["concepts"].values():
        named = photos.naming(concept["words"])[half]
        present = photos.naming(concept["words"], NAMED_TWICE)[half].any()
        for text in concept["queries"]:
            term = photos.text(text)
            if present:
                made["concepts"].append(best(photos, term, half))
            made["concepts taken away"].append(best(photos, term, half[~named]))
    gone = photos.naming(queries["absent"]["words"])
    for text in queries["absent"]["queries"]:
        made["absent"].append(best(photos, photos.text(text), half[~gone[half]]))
    for row in half:
        term = photos.text(photos.captions[row][0])
        made["captions"].append(best(photos, term, half))
        made["captions whose photo is taken away"].append(best(photos, term, half[half != row]))
    return made


def image_queries(
    photos: Photos, half: np.ndarray, queries: dict[str, Any]
) -> dict[str, list[float]]:
    """Return the evidence of photographs as queries: others of their concept there, or none."""
    rng = np.random.default_rng(2)
    made: dict[str, list[float]] = {"pictures": [], "pictures whose like is taken away": []}
    named = {name: photos.naming(one["words"]) for name, one in queries["concepts"].items()}
    often = {
        name: photos.naming(one["words"], 2 * NAMED_TWICE)
        for name, one in queries["concepts"].items()
    }
    for name, is_named in named.items():
        rows = half[often[name][half]]
        for row in rng.permutation(rows)[: LIKE // len(named)]:
            term = Term(name, "image", photos.vectors[row])
            others = half[half != row]
            if is_named[others].any():
                made["pictures"].append(best(photos, term, others))
            made["pictures whose like is taken away"].append(
                best(photos, term, half[~is_named[half]])
            )
    return made


def searches(
    photos: Photos, half: np.ndarray, queries: dict[str, Any], kind: str
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return for each search with relevant photographs: evidence, relevance, cosines."""
    rng = np.random.default_rng(3)
    made = []
    for concept in queries["concepts"].values():
        relevant = photos.naming(concept["words"])
        if kind == "text":
            asked = [(photos.text(text), half) for text in concept["queries"]]
        else:
            often = half[photos.naming(concept["words"], 2 * NAMED_TWICE)[half]]
            asked = [
                (Term("", "image", photos.vectors[row]), half[half != row])
                for row in rng.permutation(often)[:3]
            ]
        for term, rows in asked:
            if relevant[rows].any():
                near = photos.vectors[rows] @ term.vector
                made.append((margins(photos, term, rows), relevant[rows], near))
    return made


def choose_listed(made: list[tuple[np.ndarray, np.ndarray, np.ndarray]], match: float) -> float:
    """Return the limit for what is listed with the best F score, precision counting double."""
    steps = np.round(np.arange(0.5, match + 0.01, 0.1), 2)
    found = [np.mean([_f_score(known >= step, true) for known, true, _ in made]) for step in steps]
    return float(steps[int(np.argmax(found))])


def _f_score(listed: np.ndarray, relevant: np.ndarray) -> float:
    right = float((listed & relevant).sum())
    return 1.25 * right / max(0.25 * float(relevant.sum()) + float(listed.sum()), 1.0)


def hits(
    made: list[tuple[np.ndarray, np.ndarray, np.ndarray]], match: float, listed: float
) -> dict[str, float | int]:
    """Return how right the photographs are that searches list which have an answer."""
    answered = [one for one in made if one[0].max() >= match]
    kept = [(known >= listed, true) for known, true, _ in answered]
    first = [true[np.argsort(-near)[:RELEVANT]].mean() for _, true, near in answered]
    return {
        "searches": len(made),
        "answered": len(answered),
        "precision": round(float(np.mean([true[take].mean() for take, true in kept])), 3),
        "recall": round(
            float(np.mean([(true & take).sum() / true.sum() for take, true in kept])), 3
        ),
        "precision of the first ten without limits": round(float(np.mean(first)), 3),
    }


def shares(made: dict[str, list[float]], limit: float) -> dict[str, dict[str, float | int]]:
    """Return per kind of query how many there are, and the share with a match."""
    return {
        name: {
            "queries": len(values),
            "answered": round(float(np.mean(np.array(values) >= limit)), 3),
        }
        for name, values in made.items()
        if values
    }


def choose(made: dict[str, list[float]], none: tuple[str, ...], share: float) -> float:
    """Return the limit that turns away so many of the queries without a match."""
    # Each kind counts the same, however many queries it has.
    limits = [float(np.quantile(made[name], share)) for name in none]
    return round(float(np.mean(limits)), 2)


def unwanted(photos: Photos, queries: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return what different ways to use an unwanted term do to the first ten photographs."""
    terms = {
        name: (photos.text(one["queries"][0]).vector, one["words"])
        for name, one in queries["concepts"].items()
    }
    terms |= {
        name: (photos.text(one["query"]).vector, one["words"])
        for name, one in queries["further"].items()
    }
    named = {name: photos.naming(words) for name, (_, words) in terms.items()}
    clearly = {name: photos.naming(words, NAMED_TWICE) for name, (_, words) in terms.items()}
    pairs = [
        (yes, no)
        for yes in terms
        for no in terms
        if yes != no
        and (clearly[yes] & clearly[no]).sum() >= max(8, 0.12 * clearly[yes].sum())
        and (clearly[yes] & ~named[no]).sum() >= RELEVANT
    ]
    found: dict[str, dict[str, float]] = {}
    for way, score in ways(photos).items():
        first = [
            (np.argsort(-score(terms[yes][0], terms[no][0]), kind="stable")[:RELEVANT], yes, no)
            for yes, no in pairs
        ]
        found[way] = {
            "wanted_and_not_unwanted": _mean(named[y][top] & ~named[n][top] for top, y, n in first),
            "wanted": _mean(named[y][top] for top, y, _ in first),
            "unwanted": _mean(named[n][top] for top, _, n in first),
        }
    return {"pairs": len(pairs), **found}  # type: ignore[dict-item]


def ways(photos: Photos) -> dict[str, Any]:
    """Return ways to score photographs by a wanted and an unwanted vector."""
    vectors, background = photos.vectors, photos.vectors @ photos.background.T

    def spread(vector: np.ndarray) -> np.ndarray:
        products = vectors @ vector
        return (products - products.mean()) / products.std()

    def outstanding(vector: np.ndarray) -> np.ndarray:
        return (vectors @ vector - background.mean(axis=1)) / background.std(axis=1)

    def shipped(yes: np.ndarray, no: np.ndarray) -> np.ndarray:
        query = Query((Term("yes", "text", yes),), (Term("no", "text", no),))
        return vectors @ query.direction(vectors)

    made: dict[str, Any] = {
        "not used": lambda yes, _: vectors @ yes,
        "as shipped": shipped,
        "projected out": lambda yes, no: vectors @ (yes - (yes @ no) * no),
        "penalty above the mean": lambda yes, no: spread(yes) - np.maximum(spread(no), 0),
        "left out above 2 in the picture": lambda yes, no: np.where(
            outstanding(no) > 2, -99, spread(yes)
        ),
        "left out above 1 in the collection": lambda yes, no: np.where(
            spread(no) > 1, -99, spread(yes)
        ),
    }
    for weight in (0.2, 0.35, 0.75, 1.0):
        made[f"subtracted, weight {weight}"] = lambda yes, no, weight=weight: (
            spread(yes) - weight * spread(no)
        )
    return made


def _mean(parts: Any) -> float:
    return round(float(np.mean([part.mean() for part in parts])), 3)


def main() -> None:
    """Choose, measure, and write both."""
    queries = tomllib.loads((HERE / "queries.toml").read_text("utf-8"))
    photos = Photos()
    chosen, tested = photos.halves
    none = Limits(0.0, 0.0)
    evidence.evidence_limits = lambda: {"text": none, "image": none}
    texts = text_queries(photos, chosen, queries)
    pictures = image_queries(photos, chosen, queries)
    limits: dict[str, dict[str, float]] = {}
    for kind, made, absent in (
        ("text", texts, ("concepts taken away", "absent")),
        ("image", pictures, ("pictures whose like is taken away",)),
    ):
        match = choose(made, absent, REJECTED[kind])
        listed = choose_listed(searches(photos, chosen, queries, kind), match)
        limits[kind] = {"match": match, "listed": listed}
    figures = {
        "photographs": {"to choose": len(chosen), "to measure": len(tested)},
        "limits": limits,
        "texts": shares(text_queries(photos, tested, queries), limits["text"]["match"]),
        "texts where the limits were chosen": shares(texts, limits["text"]["match"]),
        "pictures": shares(image_queries(photos, tested, queries), limits["image"]["match"]),
        "listed": {
            kind: hits(searches(photos, tested, queries, kind), **limits[kind]) for kind in limits
        },
        "unwanted terms": unwanted(photos, queries),
    }
    LIMITS.write_text(json.dumps(limits, indent=1) + "\n", encoding="utf-8")
    (HERE / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
