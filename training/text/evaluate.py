"""Measure the shipped text heads on texts they were not trained on.

Usage: python training/text/evaluate.py SHARED [--folds]

Prints Markdown; docs/text.md and docs/models/text.md quote it. `train.py` measures the same, keeps
it in results.json and in the cards of the heads. Held back: a fifth of the posts
and of the e-mails by groups of near-duplicates (`corpora.hold_back`), and `sentences/checks.tsv`,
which was written apart from the sentences of training. ``--folds`` also trains the spam head
anew on five folds of all e-mails, so that each of the 600 is held back once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from attacks import ATTACKS, attacked
from corpora import COLUMNS, Sample, checks, davidson, hold_back, identity, jest, label_array, mails
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from framesift.heads.text import TEXT_CATEGORIES, load_text_heads

THRESHOLD = 0.5
DIALECT = ("ain't", "gon", "finna", "tryna", "yall", "y'all", "dat", "dis", "wit", "aint", "bruh")


def score(texts: list[str]) -> dict[str, np.ndarray]:
    """Scores of every column, and the distance, by name."""
    found: dict[str, np.ndarray] = {}
    for head in load_text_heads():
        scores = head.score_texts(texts)
        found |= {name: scores.values[:, at] for at, name in enumerate(head.names)}
        found["distance"] = scores.distance
    return found


def calibration_error(scores: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error, equal-width bins (Naeini et al. 2015)."""
    which = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [abs(scores[which == b].sum() - labels[which == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(scores))


def interval(measure, seed: int = 0, rounds: int = 1000) -> str:
    """95 % interval over bootstrap samples; ``measure`` takes indices' generator."""
    rng = np.random.default_rng(seed)
    values = [measure(rng) for _ in range(rounds)]
    return f"{np.quantile(values, 0.025):.3f} to {np.quantile(values, 0.975):.3f}"


def report_mails(samples: list[Sample]) -> dict[str, float]:
    labels = np.array([sample.labels[0] for sample in samples])
    values = score([sample.text for sample in samples])["spam_scam"]
    guess = values >= THRESHOLD

    def again(rng: np.random.Generator) -> float:
        at = rng.integers(0, len(labels), len(labels))
        return f1_score(labels[at], guess[at])

    figures = {
        "f1": f1_score(labels, guess),
        "precision": precision_score(labels, guess),
        "recall": recall_score(labels, guess),
        "auroc": roc_auc_score(labels, values),
        "ece": calibration_error(values, labels),
    }
    print(f"\n### E-mails ({len(samples)} held back, {int(labels.sum())} spam)\n")
    print(
        f"F1 {figures['f1']:.3f} (95 % interval {interval(again)}), AUROC {figures['auroc']:.3f}, "
        f"precision {figures['precision']:.3f}, recall {figures['recall']:.3f}, "
        f"ECE {figures['ece']:.3f}"
    )
    return figures


def report_mail_folds(shared: Path) -> float:
    """F1 when each e-mail is scored by a model that saw neither it nor its near-duplicates.

    Only the four numbers of the calibration are fitted on all folds.
    """
    from train import SHARE, SPAM, Rows, calibrated, gather

    samples = [s for s in gather(shared, cut_held=True) if s.source != "davidson" or not s.held]
    rows = Rows(samples, SPAM, SHARE["text-spam-1"])
    raw = rows.out_of_fold("spam_scam")
    slope, offset, caution, more = calibrated(rows, raw, 0)
    wide, narrow = rows.worst(raw), rows.worst(raw, narrow=True)
    off = caution + more * rows.doubted()
    logit = np.maximum(wide * slope + offset, narrow * slope + offset - off)
    which = np.array([sample.source == "mail" for sample in samples])
    labels = rows.labels[which, 0]
    figure = f1_score(labels, logit[which] > 0)
    area = roc_auc_score(labels, logit[which])
    print(f"\n### All {which.sum()} e-mails, each held back once\n")
    print(f"F1 {figure:.3f}, AUROC {area:.3f}")
    return float(figure)


def report_posts(samples: list[Sample]) -> dict[str, float]:
    kinds = np.array([int(sample.kind) for sample in samples])
    labels = label_array(samples)
    values = score([sample.text for sample in samples])
    six = np.max([values[name] for name in TEXT_CATEGORIES], axis=0)
    figures = {
        "harsh": roc_auc_score(kinds < 2, values["offensive_language"]),
        "harsh_six": roc_auc_score(kinds < 2, six),
        "hate_rest": roc_auc_score(kinds == 0, values["hate_speech"]),
        "hate_neither": roc_auc_score(kinds[kinds != 1] == 0, values["hate_speech"][kinds != 1]),
    }
    counts = " ".join(str(count) for count in np.bincount(kinds))
    print(f"\n### Posts ({len(samples)} held back; hate, offensive, neither: {counts})\n")
    print("| compared | score | AUROC |\n|---|---|---|")
    print(f"| hate or offensive against neither | `offensive_language` | {figures['harsh']:.3f} |")
    print(
        f"| hate or offensive against neither | highest of the six | {figures['harsh_six']:.3f} |"
    )
    print(f"| hate against the rest | `hate_speech` | {figures['hate_rest']:.3f} |")
    print(f"| hate against neither | `hate_speech` | {figures['hate_neither']:.3f} |")
    print("\n| category | texts | positive | AUROC | ECE | over 0.8: hate | offensive | neither |")
    print("|---|---|---|---|---|---|---|---|")
    for at, name in enumerate(COLUMNS):
        known = ~np.isnan(labels[:, at])
        y, v = labels[known, at], values[name][known]
        figures[f"ece_{name}"] = calibration_error(v, y)
        area = f"{roc_auc_score(y, v):.3f}" if 0 < y.sum() < len(y) else "-"
        shares = [f"{(values[name][kinds == kind] >= 0.8).mean():.1%}" for kind in range(3)]
        print(
            f"| `{name}` | {len(y)} | {int(y.sum())} | {area} | {figures[f'ece_{name}']:.3f} "
            f"| {' | '.join(shares)} |"
        )
    return figures


def report_dialect(samples: list[Sample]) -> None:
    """How often posts that raters found harmless are flagged, by words of dialect."""
    calm = [sample for sample in samples if sample.kind == "2"]
    values = score([sample.text for sample in calm])
    marked = np.array([bool(set(s.text.lower().split()) & set(DIALECT)) for s in calm])
    print("\n### Harmless posts with and without words of dialect, flagged at 0.5\n")
    print(
        "| | posts | `offensive_language` | `hate_speech` | `harassment` |\n|---|---|---|---|---|"
    )
    for name, which in (("with", marked), ("without", ~marked)):
        shares = [
            f"{(values[c][which] >= THRESHOLD).mean():.1%}"
            for c in ("offensive_language", "hate_speech", "harassment")
        ]
        print(f"| {name} | {which.sum()} | {' | '.join(shares)} |")


def report_checks(samples: list[Sample]) -> dict[str, float]:
    values = score([sample.text for sample in samples])
    labels = label_array(samples)
    figures = {}
    print(f"\n### Own sentences written apart ({len(samples)})\n")
    print("| category | raised at 0.5 | at 0.8 | AUROC against all others |\n|---|---|---|---|")
    for at, name in enumerate(COLUMNS[:6]):
        yes = labels[:, at] == 1
        v = values[name]
        figures[name] = roc_auc_score(yes, v)
        print(
            f"| `{name}` | {(v[yes] >= 0.5).sum()} of {yes.sum()} | {(v[yes] >= 0.8).sum()} "
            f"| {figures[name]:.3f} |"
        )
    six = np.max([values[name] for name in TEXT_CATEGORIES], axis=0)
    print("\n| harmless kind | sentences | any of the six over 0.5 | over 0.8 |\n|---|---|---|---|")
    for kind in dict.fromkeys(s.kind for s in samples if s.kind != "direct"):
        which = np.array([sample.kind == kind for sample in samples])
        over = [(six[which] >= level).sum() for level in (0.5, 0.8)]
        print(f"| {kind} | {which.sum()} | {over[0]} | {over[1]} |")
        figures[f"false_{kind}"] = float((six[which] >= 0.8).mean())
    return figures


def report_jest() -> dict[str, float]:
    """How often a threat is believed that nobody means."""
    texts = jest()
    values = score(texts)
    six = np.max([values[name] for name in TEXT_CATEGORIES], axis=0)
    over = {level: int((six >= level).sum()) for level in (0.5, 0.8)}
    print(f"\n### Threats in jest ({len(texts)})\n")
    print(f"Any of the six over 0.5: {over[0.5]}; over 0.8: {over[0.8]}.")
    return {f"over_{level}": count / len(texts) for level, count in over.items()}


def report_identity() -> float:
    """How often neutral sentences are flagged for the group they name; the highest score."""
    found = identity()
    texts = [(name, text) for name, many in found.items() for text in many]
    values = score([text for _, text in texts])
    hate = values["hate_speech"]
    six = np.max([values[name] for name in TEXT_CATEGORIES], axis=0)
    means = {
        name: float(np.mean([hate[at] for at, (other, _) in enumerate(texts) if other == name]))
        for name in found
    }
    worst = sorted(means, key=means.__getitem__)[-3:][::-1]
    print(
        f"\n### Neutral sentences that name a group ({len(texts)} sentences, {len(found)} terms)\n"
    )
    print(
        f"Any of the six over 0.5: {(six >= 0.5).sum()}; highest score {six.max():.2f}. "
        f"Mean `hate_speech` {hate.mean():.3f}; highest by term: "
        + ", ".join(f"{name} {means[name]:.2f}" for name in worst)
    )
    return float(six.max())


def report_attacks(samples: list[Sample]) -> dict[str, tuple[float, float]]:
    """How far the score of each direct sentence's own category moves under each disguise."""
    direct = [sample for sample in samples if sample.kind == "direct"]
    calm = [sample for sample in samples if sample.kind == "everyday"]
    columns = [COLUMNS[int(np.argmax(sample.labels))] for sample in direct]
    before = own_scores([sample.text for sample in direct], columns)
    figures = {}
    print(f"\n### Disguises ({len(direct)} harmful, {len(calm)} everyday sentences, 3 seeds)\n")
    print("| disguise | mean change | 95th percentile | still over 0.5 | everyday over 0.5 |")
    print("|---|---|---|---|---|")
    for name in ATTACKS:
        after = np.concatenate(
            [
                own_scores([attacked(name, s.text, seed) for s in direct], columns)
                for seed in range(3)
            ]
        )
        base = np.tile(before, 3)
        moved = np.abs(after - base)
        kept = (after[base >= 0.5] >= 0.5).mean()
        values = score([attacked(name, s.text, seed) for s in calm for seed in range(3)])
        false = np.max([values[c] for c in TEXT_CATEGORIES], axis=0) >= 0.5
        figures[name] = (float(moved.mean()), float(kept))
        print(
            f"| {name} | {moved.mean():.3f} | {np.quantile(moved, 0.95):.3f} | {kept:.1%} "
            f"| {false.sum()} of {len(false)} |"
        )
    return figures


def own_scores(texts: list[str], columns: list[str]) -> np.ndarray:
    """The score of each text in its own column."""
    values = score(texts)
    return np.array([values[column][at] for at, column in enumerate(columns)])


def measure(shared: Path) -> dict[str, dict[str, float]]:
    """Print everything about the heads that are loaded; return the figures, four digits each."""
    folder = shared / "data" / "text"
    posts, letters, own = davidson(folder), mails(folder), checks()
    hold_back(posts)
    hold_back(letters)
    held = [sample for sample in posts if sample.held]
    figures = {
        "emails": report_mails([sample for sample in letters if sample.held]),
        "posts": report_posts(held),
    }
    report_dialect(held)
    figures["sentences"] = report_checks(own) | {"highest_of_groups": report_identity()}
    figures["jest"] = report_jest()
    attacks = report_attacks(own)
    figures["disguises_mean_change"] = {name: moved for name, (moved, _) in attacks.items()}
    figures["disguises_still_over_half"] = {name: kept for name, (_, kept) in attacks.items()}
    return {
        part: {name: round(float(value), 4) for name, value in some.items()}
        for part, some in figures.items()
    }


def metrics(figures: dict[str, dict[str, float]], names: tuple[str, ...]) -> dict[str, float]:
    """What the card of a head with these categories quotes."""
    posts, apart = figures["posts"], figures["sentences"]
    quoted = {f"auroc_sentences_{name}": apart[name] for name in names if name in apart}
    if "spam_scam" in names:
        return {f"{key}_emails": value for key, value in figures["emails"].items()} | quoted
    quoted |= {f"ece_posts_{name}": posts[f"ece_{name}"] for name in names}
    areas = ("harsh", "hate_rest", "hate_neither")
    return {f"auroc_posts_{key}": posts[key] for key in areas} | quoted


def main(shared: Path) -> None:
    measure(shared)
    if "--folds" in sys.argv:
        report_mail_folds(shared)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
