"""Train the text heads: hashed n-grams, logistic regression, Platt scaling, int8 weights.

Usage: python training/text/train.py SHARED [OUT]

Reads SHARED/data/text and `sentences/`, writes the words (words.npy) and the heads (*.head) into
OUT, by default the package. Every choice that is random has a seed; two runs give the same files.
A fifth of the posts and of the e-mails (whole groups of near-duplicates) is never trained on. On it
`evaluate.py` measures what goes into results.json (beside this file, or in OUT) and into the cards.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from zlib import crc32

import numpy as np
from corpora import (
    COLUMNS,
    Sample,
    davidson,
    fold_of,
    hold_back,
    label_array,
    mail_pieces,
    mails,
    sentences,
)
from evaluate import measure, metrics
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from framesift.heads.base import HeadCard
from framesift.heads.store import save_head
from framesift.heads.text import features, load_text_heads, screen, words
from framesift.heads.text.head import SPACE, TextHead, joint_logit
from framesift.heads.text.markup import open_mail
from framesift.heads.text.pieces import Windows, cut, pieces

BITS = 18
FOLDS = 5
HARM = Windows(220, 140, narrow=48, asides=True)
SPAM = Windows(2000, 1600, narrow=96)
CALM = {("davidson", "2"), ("own", "captions"), ("own", "signs")}
"""Beside e-mails, texts whose narrow windows are harmless where they are."""
ONE_IN = 3
"""Of these windows every third is trained on."""
QUIET = {"mail": 0.02, "davidson": 0.01, "own": 0.01}
QUIET_SPAM = {"mail": 0.01, "davidson": 0.002, "own": 0.01}
"""By source the share of harmless texts that narrow windows may raise over 0.5 and wide ones do
not; e-mails are long. Ham is what the head for spam is compared with, and posts hold none."""
PACKAGE = Path(words.__file__).with_name("data")
HEADS = {
    "text-harm-1": (("offensive_language", *COLUMNS[1:6]), HARM),
    "text-spam-1": (("spam_scam",), SPAM),
}
GIVEN = {"hate_speech": ("offensive_language", 1.0), "harassment": ("offensive_language", 4.0)}
"""What these presuppose, and how strictly: they are fitted among the texts that are so (others
weigh a twentieth), and multiplied by that power of its probability. The powers were chosen on the
folds: higher ones tell harsh posts from ordinary ones better, hateful from harsh ones worse."""
STRENGTH = {"spam_scam": 300.0, "hate_speech": 4.0, "harassment": 4.0}
SHARE = {
    "text-spam-1": {"davidson": 0.05, "own": 0.3, "piece": 0.3, "mail": 3.0},
    "text-harm-1": {"davidson": 0.5},
}
"""Weights of the sources; 1 unless named."""


def gather(shared: Path, *, cut_held: bool = False) -> list[Sample]:
    """Every sample, those of the held-back groups marked; their pieces only if asked for."""
    folder = shared / "data" / "text"
    posts, letters, own = davidson(folder), mails(folder), sentences()
    hold_back(posts)
    hold_back(letters)
    rng = Random(0)
    cut = [
        piece
        for letter in letters
        if cut_held or not letter.held
        for piece in mail_pieces(letter, rng)
    ]
    return posts + letters + cut + own


def write_words(samples: list[Sample], out: Path) -> None:
    """Write checksums of the words that two groups use, or one of our own sentences."""
    groups: dict[str, set[str]] = {}
    for sample in samples:
        text = re.sub(r"@\w+|https?://\S+|&#?\w+;|<[^<>]*>", " ", open_mail(sample.text).lower())
        for word in re.findall(r"[a-z]+(?:'[a-z]+)?", text.replace("\u2019", "'")):
            groups.setdefault(word.replace("'", ""), set()).add(sample.group)
    own = {group for sample in samples if sample.source == "own" for group in [sample.group]}
    kept = {
        word
        for word, found in groups.items()
        if (len(found) >= 3 or found & own)
        and 1 < len(word) <= 24
        and not re.search(r"(.)\1\1", word)
    }
    kept |= {"a", "i"} | {word for form in words.SLANG.values() for word in form.split()}
    kept -= set(words.SLANG) - {"yo"}
    codes = np.array(sorted(crc32(word.encode()) for word in kept), np.uint32)
    np.save(out / "words.npy", codes, allow_pickle=False)
    # From here on texts are read with these words, wherever they are written to.
    words.WORDS = out / "words.npy"
    words.vocabulary.cache_clear()


def matrix(texts: list[str]) -> csr_matrix:
    """N-grams of normalised texts as the heads see them, (N, 2**BITS)."""
    grams = features.hash_texts(texts, bits=BITS)
    return csr_matrix((grams.values, (grams.rows, grams.columns)), (len(texts), 1 << BITS))


class Rows:
    """The windows of samples, each a row with its sample's labels."""

    def __init__(self, samples: list[Sample], shape: Windows, share: dict[str, float]) -> None:
        """Cut and hash."""
        found = [
            (index, window)
            for index, sample in enumerate(samples)
            for piece in pieces(sample.text)
            for window in cut(piece, shape)
        ]
        self.owner = np.array([index for index, _ in found])
        self.x = matrix([window.words for _, window in found])
        narrow = np.array([window.narrow for _, window in found])
        self.narrow = narrow
        self.doubt = np.array([window.piece.doubt for _, window in found])
        # Of a harmful text it is not known which narrow window is harmful; those of harmless texts
        # are harmless, but for our own look-alikes, which are made of harmful pieces.
        calm = [
            sample.source == "mail" or (sample.source, sample.kind) in CALM for sample in samples
        ]
        every = np.arange(len(narrow)) % ONE_IN == 0
        self.harmless = narrow & np.array(calm)[self.owner] & every
        wide = np.bincount(self.owner[~narrow], minlength=len(samples))
        short = np.bincount(self.owner[self.harmless], minlength=len(samples))
        own = np.array([sample.weight for sample in samples])
        weight = own * np.array([share.get(sample.source, 1.0) for sample in samples])
        unlike = {"piece", "davidson"} if shape == SPAM else {"piece"}
        # Calibrated to the sources as they are; e-mails to e-mails more than to sentences.
        base = weight if shape == SPAM else own
        self.whole = base * np.array([sample.source not in unlike for sample in samples])
        count = np.where(narrow, short[self.owner], wide[self.owner])
        self.weight = weight[self.owner] / np.maximum(count, 1)
        self.labels = label_array(samples)
        self.source = np.array([sample.source for sample in samples])
        self.folds = np.array([fold_of(sample.group, FOLDS) for sample in samples])

    def fit(self, column: str, skip: int | None = None) -> LogisticRegression:
        """Fit one column on every fold but ``skip``."""
        y = self.labels[self.owner, COLUMNS.index(column)]
        use = (~np.isnan(y) & ~self.narrow) | ((y == 0) & self.harmless)
        weight = self.weight.copy()
        if column in GIVEN:
            other = self.labels[self.owner, COLUMNS.index(GIVEN[column][0])]
            weight[other != 1] *= 0.05
        if skip is not None:
            use &= self.folds[self.owner] != skip
        strength = STRENGTH.get(column, 8.0)
        model = LogisticRegression(C=strength, solver="liblinear", tol=1e-3, random_state=0)
        return model.fit(self.x[use], y[use], sample_weight=weight[use])

    def out_of_fold(self, column: str) -> np.ndarray:
        """Raw scores of every window by a model that saw none of its fold."""
        raw = np.zeros(len(self.owner))
        for fold in range(FOLDS):
            model = self.fit(column, skip=fold)
            inside = self.folds[self.owner] == fold
            raw[inside] = self.x[inside] @ model.coef_[0] + model.intercept_[0]
        return raw

    def worst(self, raw: np.ndarray, *, narrow: bool = False) -> np.ndarray:
        """The highest raw score of each sample's wide (or narrow) windows."""
        values = np.full(len(self.labels), -np.inf)
        use = self.narrow == narrow
        np.maximum.at(values, self.owner[use], raw[use])
        return values

    def doubted(self) -> np.ndarray:
        """How much of the caution for long texts holds for each sample."""
        values = np.zeros(len(self.labels))
        np.maximum.at(values, self.owner, self.doubt)
        return values


def fit_head(samples: list[Sample], name: str) -> TextHead:
    """Fit the columns of one head and calibrate each on folds that did not train it."""
    columns, shape = HEADS[name]
    rows = Rows(samples, shape, SHARE.get(name, {}))
    weights, scales, calibration = [], [], []
    raw: dict[str, np.ndarray] = {}
    for column in columns:
        raw[column] = rows.out_of_fold(column)
        other, power = GIVEN.get(column, ("", 0.0))
        joined = joint_logit(raw[column], raw[other] if other else None, power)
        slope, offset, caution, more = calibrated(rows, joined, COLUMNS.index(column))
        model = rows.fit(column)
        scale = np.abs(model.coef_[0]).max() / 127
        weights.append(np.round(model.coef_[0] / scale).astype(np.int8))
        scales.append(scale)
        calibration.append([model.intercept_[0], slope, offset, caution, more])
        told = f"narrow - {caution:.2f} - {more:.2f} where long"
        print(f"{column}: {slope:.2f} x + {offset:.2f}, {told}", flush=True)
    given = [GIVEN.get(column, ("", 0.0)) for column in columns]
    return TextHead(
        card(name, samples),
        columns,
        np.stack(weights, axis=1),
        np.array(scales, np.float32),
        calibration=np.array(calibration, np.float32).T,
        given=tuple((columns.index(n) if n else -1, power) for n, power in given),
        shape=shape,
        unusual=unusual_share(samples),
    )


def calibrated(rows: Rows, raw: np.ndarray, column: int) -> tuple[float, float, float, float]:
    """Slope and offset of the logit, and what is taken off that of narrow windows.

    The latter is the least that keeps `QUIET` for each source: first what posts and sentences
    need, then what long texts need besides, which is e-mails. Slope and offset are halfway between
    those fitted to wide windows and to the worst of both kinds: the former promise too much of
    long texts, the latter too little of short ones.
    """
    slope, offset = platt(rows, rows.worst(raw), column)
    wide, narrow = (rows.worst(raw, narrow=which) * slope + offset for which in (False, True))
    doubt = rows.doubted()
    caution = more = 0.0
    quiet = QUIET if column else QUIET_SPAM
    for source in sorted(quiet, key="mail".__eq__):
        which = (rows.labels[:, column] == 0) & (rows.source == source)
        above = np.where(wide < 0, narrow - caution, -np.inf)[which]
        if source == "mail":
            above = np.where(above > 0, above / np.maximum(doubt[which], 0.05), above)
        order = np.sort(above)[::-1]
        least = max(0.0, float(order[int(len(order) * quiet[source])])) if len(order) else 0.0
        caution, more = (caution, least) if source == "mail" else (caution + least, 0.0)
    joined = np.maximum(wide, narrow - caution - more * doubt)
    again, shift = platt(rows, joined, column)
    again, shift = (1 + again) / 2, shift / 2
    return slope * again, offset * again + shift, caution * again, more * again


def platt(rows: Rows, raw: np.ndarray, column: int) -> tuple[float, float]:
    """Slope and offset of the logit, by maximum likelihood on whole texts out of fold."""
    y = rows.labels[:, column]
    use = ~np.isnan(y) & np.isfinite(raw) & (rows.whole > 0)
    model = LogisticRegression(C=1e6, tol=1e-8, max_iter=1000)
    model.fit(raw[use, None], y[use], sample_weight=rows.whole[use])
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def unusual_share(samples: list[Sample]) -> float:
    """The share of unknown letters (shrunk as the head does) that 1 in 100 texts exceeds."""
    shares = []
    for sample in samples:
        found = [piece.normal for piece in pieces(sample.text) if piece.place == "shown"]
        letters = sum(normal.letters for normal in found)
        shares.append((letters - sum(normal.known for normal in found)) / (letters + 4.0))
    return float(np.quantile(shares, 0.99))


def card(name: str, samples: list[Sample]) -> HeadCard:
    """What the head is; figures are in docs/models/text.md, measured by evaluate.py."""
    counts = Counter(sample.source for sample in samples)
    return HeadCard(
        name=name,
        task="moderation",
        space=SPACE,
        inputs=("text",),
        source="text",
        provenance=(
            "logistic regression on hashed n-grams; posts of Davidson et al. 2017, e-mails of the "
            "SpamAssassin public corpus, sentences written for it (training/text)"
        ),
        licence="Apache-2.0; data: MIT (Davidson), SpamAssassin public corpus terms",
        details={"samples": dict(counts), "bits": BITS, "folds": FOLDS, "seed": 0},
    )


def quote_figures(shared: Path, out: Path) -> None:
    """Measure the heads just written, keep the figures and write them into the cards."""
    screen.DATA = out
    load_text_heads.cache_clear()
    figures = measure(shared)
    place = Path(__file__).parent if out == PACKAGE else out
    text = json.dumps({"made_by": "training/text/train.py", **figures}, indent=1)
    (place / "results.json").write_text(text + "\n", encoding="utf-8")
    for head in load_text_heads():
        arrays, settings = head.to_tensors()
        told = replace(head.card, metrics=metrics(figures, head.names))
        save_head(TextHead.from_tensors(told, arrays, settings), out / f"{told.name}.head")


def main(shared: Path, out: Path) -> None:
    samples = [sample for sample in gather(shared) if not sample.held]
    print(Counter(sample.source for sample in samples), flush=True)
    write_words(samples, out)
    for name in HEADS:
        path = save_head(fit_head(samples, name), out / f"{name}.head")
        print(path.name, path.stat().st_size, "bytes", flush=True)
    quote_figures(shared, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else PACKAGE)
