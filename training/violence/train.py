"""Train and ship the head that tells fights in footage of surveillance cameras.

Usage: python training/violence/train.py SHARED [WORK]

Twenty clips are few, so little is learnt from them: two weights and an offset for how the scene
moves (`framesift.heads.motion`), by a logistic regression with a strong ridge, over clips looked at
ten, four, two times and once a second and as a scan does; and a plane, in the 100 main directions
of photographs, that tells surveillance cameras from other pictures. Clips of one source are never
on both sides of a fold, and every figure of a clip is by a head that saw no clip of its source.
Writes the head and figures.json, in about four minutes on two cores.
"""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from clips import SAMPLINGS, Clip, labelled, ordinary_videos, photographs, scanned, scenes
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from framesift.embeddings import load_embedder
from framesift.embeddings.starter_model import load_model
from framesift.heads import HeadCard, save_head
from framesift.heads.calibrating import Platt, fit_platt
from framesift.heads.motion import MotionHead, Rule, changes, scene_rows
from framesift.heads.resources import DATA

NAME = "violence-starter-1"
RIDGE = 3.0
SCENE_RIDGE = 0.01
DIRECTIONS = 100
DOUBT = 0.2
RARE = 0.25
"""How many scenes of surveillance cameras there are for every other one, as the head takes it."""
DRAWS = 2000
MIXED = 400
SCAN = "as a scan"
THRESHOLDS = (0.5, 0.6, 0.7, 0.8)


@dataclass
class Scene:
    """A plane in the main directions of photographs: features that are no CCTV's, and those."""

    photos: np.ndarray
    frames: np.ndarray
    clip: np.ndarray

    def __post_init__(self) -> None:
        """Find the main directions."""
        self.centre = self.photos.mean(axis=0)
        _, length, axes = np.linalg.svd(self.photos - self.centre, full_matrices=False)
        self.into = axes[:DIRECTIONS].T / (length[:DIRECTIONS] / np.sqrt(len(self.photos)))

    def plane(self, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fit it on the frames of some clips: coef (1280,) and intercept (1,) on scene rows."""
        frames = self.frames[np.isin(self.clip, clips)]
        rows = (np.concatenate([self.photos, frames]) - self.centre) @ self.into
        truth = np.repeat([0, 1], [len(self.photos), len(frames)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it need not converge to the last digit
            model = LogisticRegression(C=SCENE_RIDGE, class_weight="balanced", max_iter=400)
            model.fit(rows, truth)
        coef = self.into @ model.coef_[0]
        intercept = model.intercept_ - self.centre @ coef
        return coef.astype(np.float32), intercept.astype(np.float32)


def versions(clips: list[Clip], scan: list[Clip]) -> dict[str, list[Clip]]:
    """The clips by how often they are looked at."""
    found = {
        f"every {step:g} s from {first:g} s": [clip.sampled(step, first) for clip in clips]
        for step, first in SAMPLINGS
    }
    return found | {SCAN: scan}


def as_scan(clips: list[Clip], folder: Path, work: Path, embedder: object) -> list[Clip]:
    """The same clips, with their labels, as a scan looks at them."""
    found = scanned({clip.name: folder / clip.name for clip in clips}, work, embedder)
    return [
        replace(some, fight=clip.fight, source=clip.source, cuts=())
        for some, clip in zip(found, clips, strict=True)
    ]


def motion_rows(ways: dict[str, list[Clip]]) -> np.ndarray:
    """Mean level and growth of each clip in each sampling, (samplings, clips, 2)."""
    rows = np.full((len(ways), len(ways[SCAN]), 2), np.nan)
    for number, clips in enumerate(ways.values()):
        for place, clip in enumerate(clips):
            found, _ = changes(scene_rows(clip.features), clip.times)
            if np.isfinite(found).any():
                rows[number, place] = np.nanmean(found, axis=0)
    return rows


def fit_rule(rows: np.ndarray, fight: np.ndarray) -> Rule:
    """Level and growth (samplings, clips, 2) to log-odds, fights and the rest as if as many."""
    flat, truth = rows.reshape(-1, 2), np.tile(fight, len(rows))
    known = np.isfinite(flat).all(axis=1)
    flat, truth = flat[known], truth[known]
    mean, scale = flat.mean(axis=0), flat.std(axis=0) + 0.05
    model = LogisticRegression(C=RIDGE / len(rows), class_weight="balanced")
    model.fit((flat - mean) / scale, truth)
    return Rule(_two(mean), _two(scale), _two(model.coef_[0]), float(model.intercept_[0]))


def _two(values: np.ndarray) -> tuple[float, float]:
    return round(float(values[0]), 6), round(float(values[1]), 6)


def card_of(metrics: dict[str, float]) -> HeadCard:
    return HeadCard(
        name=NAME,
        task="moderation",
        space="starter-1",
        inputs=("features",),
        source="fights",
        provenance=(
            "logistic regression by training/violence on how 20 clips of surveillance cameras "
            "(14 fights, from four videos) change from frame to frame; what such a camera shows "
            "by contrast with 1,000 ImageNet samples and 1,012 Flickr8k photographs"
        ),
        licence="Apache-2.0; the clips are MIT, the photographs carry no licence of their own",
        metrics=metrics,
        model="starter",
        details={"model_sha256": load_model().digest, "clips": 20, "sources": 4},
    )


def head_of(rule: Rule, plane: tuple, platt: Platt, metrics: dict[str, float]) -> MotionHead:
    return MotionHead(card_of(metrics), "violence", rule, (*plane, platt), doubt=DOUBT)


def folds(clips: list[Clip]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Numbers of the clips that are learnt from and of those held out, one source at a time."""
    source = np.array([clip.source for clip in clips])
    return [(np.flatnonzero(source != one), np.flatnonzero(source == one)) for one in set(source)]


def scene_calibration(clips: list[Clip], scene: Scene, others: np.ndarray) -> tuple[Platt, dict]:
    """How surely a clip of a source that was not seen is told from other photographs."""
    inside = np.zeros(len(clips))
    for learnt, held in folds(clips):
        coef, intercept = scene.plane(learnt)
        for number in held:
            inside[number] = (scene_rows(clips[number].features) @ coef + intercept).mean()
    coef, intercept = scene.plane(np.arange(len(clips)))
    outside = scene_rows(others) @ coef + intercept
    truth = np.repeat([True, False], [len(inside), len(outside)])
    fitted = fit_platt(np.concatenate([inside, outside]), truth)
    # From as many as there are here to as many as are taken for granted.
    shift = fitted.shift + float(np.log(RARE * len(outside) / len(inside)))
    platt = Platt(fitted.scale, shift, fitted.positives, fitted.negatives)
    figures = {
        "area": area(truth, np.concatenate([inside, outside])),
        "clips_probability_lowest": round(float(platt(inside).min()), 3),
        "clips_from_0.5": round(float((platt(inside) >= 0.5).mean()), 3),
        "photographs_from_0.5": round(float((platt(outside) >= 0.5).mean()), 4),
    }
    return platt, figures


def area(truth: np.ndarray, scores: np.ndarray) -> float:
    return round(float(roc_auc_score(truth, scores)), 3)


def interval(truth: np.ndarray, scores: np.ndarray) -> list[float]:
    """95 % by bootstrap over clips, fights and the rest each drawn anew."""
    rng = np.random.default_rng(1)
    yes, no = np.flatnonzero(truth), np.flatnonzero(~truth)
    areas = []
    for _ in range(DRAWS):
        drawn = np.concatenate([rng.choice(yes, len(yes)), rng.choice(no, len(no))])
        areas.append(roc_auc_score(truth[drawn], scores[drawn]))
    return [round(float(value), 3) for value in np.quantile(areas, [0.025, 0.975])]


def held_out(rows: np.ndarray, fight: np.ndarray, clips: list[Clip]) -> np.ndarray:
    """Log-odds of motion by rules that saw no clip of the source, (samplings, clips)."""
    odds = np.full(rows.shape[:2], np.nan)
    for learnt, held in folds(clips):
        if fight[learnt].all() or not fight[learnt].any():
            return np.zeros(rows.shape[:2])
        rule = fit_rule(rows[:, learnt], fight[learnt])
        odds[:, held] = rule(rows[:, held].reshape(-1, 2)).reshape(len(rows), -1)
    return odds


def chance(rows: np.ndarray, clips: list[Clip], found: list[float]) -> list[float]:
    """How often labels that are exchanged within each source give areas as high as those found."""
    rng = np.random.default_rng(2)
    fight = np.array([clip.fight for clip in clips])
    as_high = np.zeros(len(found))
    for _ in range(MIXED):
        mixed = fight.copy()
        for _, held in folds(clips):
            mixed[held] = rng.permutation(mixed[held])
        odds = np.nan_to_num(held_out(rows, mixed, clips), nan=-99.0)
        as_high += np.array([area(mixed, odds[number]) for number in range(len(found))]) >= found
    return [round(float(value), 4) for value in (as_high + 1) / (MIXED + 1)]


def within(truth: np.ndarray, scores: np.ndarray, clips: list[Clip]) -> str:
    """Pairs of a fight and another clip of the same source that are in the right order."""
    right = pairs = 0
    for _, held in folds(clips):
        for yes in held[truth[held]]:
            for no in held[~truth[held]]:
                right += int(scores[yes] > scores[no])
                pairs += 1
    return f"{right} of {pairs}"


def by_sampling(ways: dict[str, list[Clip]], scene: Scene, platt: Platt, rows: np.ndarray) -> dict:
    """Areas of the highest score of each clip, by heads that saw no clip of its source."""
    clips = ways[SCAN]
    fight = np.array([clip.fight for clip in clips])
    best = np.zeros((len(ways), len(clips)))
    for learnt, held in folds(clips):
        head = head_of(fit_rule(rows[:, learnt], fight[learnt]), scene.plane(learnt), platt, {})
        for number, some in enumerate(ways.values()):
            for place in held:
                scores = head.score(some[place].embeddings(), some[place].times)
                best[number, place] = scores.values.max()
    motion = np.nan_to_num(held_out(rows, fight, clips), nan=-99.0)
    alone = [area(fight, line) for line in motion]
    luck = chance(rows, clips, alone)
    return {
        way: {
            "area": area(fight, best[number]),
            "interval_95": interval(fight, best[number]),
            "right_within_source": within(fight, best[number], clips),
            "area_motion_alone": alone[number],
            "p_motion_alone": luck[number],
            "area_level_alone": area(fight, np.nan_to_num(rows[number, :, 0], nan=-99.0)),
            **{f"from_{at:g}": rates(fight, best[number] >= at) for at in THRESHOLDS},
        }
        for number, way in enumerate(ways)
    }


def rates(fight: np.ndarray, raised: np.ndarray) -> dict[str, float]:
    """Shares of fights and of others that are raised."""
    return {
        "fights": round(float(raised[fight].mean()), 3),
        "others": round(float(raised[~fight].mean()), 3),
    }


def elsewhere(head: MotionHead, videos: list[Clip], scan: list[Clip]) -> dict:
    """The highest scores of videos that show no fight, by how they are looked at."""
    found: dict = {"videos": len(videos), "each": {clip.name: {} for clip in videos}}
    ways = {
        "ten a second": [clip.sampled(0.1, 0.0) for clip in videos],
        "four a second": [clip.sampled(0.25, 0.0) for clip in videos],
        SCAN: scan,
    }
    for way, clips in ways.items():
        best = [
            float(head.score(clip.embeddings(), clip.times, cuts=clip.cuts).values.max())
            for clip in clips
        ]
        found[way] = {f"from_{at:g}": int((np.array(best) >= at).sum()) for at in THRESHOLDS}
        for clip, highest in zip(clips, best, strict=True):
            found["each"][clip.name][way] = round(highest, 3)
    return found


def main(shared: Path, work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    embedder = load_embedder("starter")
    folder = shared / "data" / "video_fights"
    clips = labelled(folder, work, embedder)
    fight = np.array([clip.fight for clip in clips])
    flickr = np.load(shared / "starter" / "flickr8k_features.npz")["features"].astype(np.float32)
    photos = np.concatenate([flickr[::8], photographs(shared, work, embedder)])
    frames, number = scenes(folder, work, embedder)
    scene = Scene(scene_rows(photos), scene_rows(frames), number)
    platt, scene_figures = scene_calibration(clips, scene, flickr[1::2])
    ways = versions(clips, as_scan(clips, folder, work, embedder))
    rows = motion_rows(ways)
    figures = {
        "clips": len(clips),
        "fights": int(fight.sum()),
        "sources": len(folds(clips)),
        "scene": scene_figures,
        "held_out_source": by_sampling(ways, scene, platt, rows),
    }
    measured = figures["held_out_source"]
    metrics = {"auroc_10_per_s": measured["every 0.1 s from 0 s"]["area"]}
    metrics |= {"auroc_4_per_s": measured["every 0.25 s from 0 s"]["area"]}
    metrics |= {"auroc_scan": measured[SCAN]["area"]}
    metrics |= dict(
        zip(("auroc_scan_low", "auroc_scan_high"), measured[SCAN]["interval_95"], strict=True)
    )
    rule = fit_rule(rows, fight)
    head = head_of(rule, scene.plane(np.arange(len(clips))), platt, metrics)
    save_head(head, DATA / "violence-starter.head")
    figures["rule"] = {
        "mean": rule.mean,
        "scale": rule.scale,
        "weights": rule.weights,
        "intercept": round(rule.intercept, 4),
        "scene": [round(platt.scale, 4), round(platt.shift, 4)],
    }
    videos = ordinary_videos(shared, work, embedder)
    place = shared / "data" / "robust_videos"
    scan = scanned({clip.name: place / clip.name for clip in videos}, work, embedder)
    figures["ordinary_videos"] = elsewhere(head, videos, scan)
    Path(__file__).with_name("figures.json").write_text(
        json.dumps(figures, indent=1) + "\n", encoding="utf-8"
    )
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "build/violence"))
