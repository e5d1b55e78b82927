"""The texts the heads are trained on, with labels that may be unknown, and how they are split.

A label is 1 (raises the head), 0 (does not) or NaN (not known: left out for that head).
"""

from __future__ import annotations

import csv
import hashlib
import random
import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.text.markup import open_mail

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
SENTENCES = HERE / "sentences"
COLUMNS = (
    "spam_scam",
    "hate_speech",
    "harassment",
    "violence",
    "sexual_explicit",
    "self_harm",
    "offensive_language",
)
UNKNOWN = float("nan")
PER_FAMILY = 24

# What Davidson's raters did not label. These rules take posts out of a head's negatives ("not
# known"); only the narrow ones make a weak positive. They are printed in the card.
ADDRESSED = re.compile(
    r"\b(?:you|u|your|ur|yo)\b[^.!?]{0,25}\b(?:bitch|hoe|whore|slut|cunt|faggot|fag|nigger|retard\w*"
    r"|pussy|dick|ass|trash|idiot|moron|ugly|dumb|stupid|queer|dyke|twat)\b"
    r"|\b(?:fuck|screw) (?:you|u)\b|\bshut (?:the fuck )?up\b|\b(?:stfu|gtfo|kys)\b"
    r"|@\w+[: ]+[^.!?]{0,25}\b(?:bitch|hoe|whore|slut|cunt|faggot|fag|retard\w*|idiot|moron)\b",
    re.I,
)
THREAT = re.compile(
    r"\b(?:i'?ll|i will|imma|ima|i'?m (?:gonna|going to|finna)|gonna|finna|i'?d) (?:\w+ ){0,3}"
    r"(?:kill|murder|stab|shoot|beat|choke|slap|punch|smack|strangle|rape)\b",
    re.I,
)
ROUGH = re.compile(
    r"\b(?:kill\w*|murder\w*|stab\w*|shoot\w*|shot|beat\w*|chok\w+|slap\w*|punch\w*|smack\w*|rape\w*"
    r"|die|dead|hang\w*|lynch\w*|gun|glock|knife|bullet|fight|bomb\w*|blood|burn\w*)\b",
    re.I,
)
SEXUAL = re.compile(
    r"\b(?:suck\w*|eat\w*|lick\w*|rid(?:e|ing)) (?:\w+ ){0,2}(?:dick|cock|pussy|nuts|ass)\b"
    r"|\b(?:dick|cock) (?:in|inside|down|deep)\b|\bcum(?:ming|s)?\b"
    r"|\bpussy (?:\w+ ){0,2}(?:wet|tight)"
    r"|\bwet pussy\b|\bblow ?jobs?\b|\bporn\w*\b|\bnudes\b|\bhorny\b|\bmasturbat\w+|\bthreesome\b"
    r"|\borgasm\w*\b|\bdeep ?throat\w*\b|\bnaked\b[^.]{0,20}\b(?:girl|woman|pics?)",
    re.I,
)
RUDE = re.compile(
    r"\b(?:fuck\w*|dick|cock|pussy|tits?|titties|ass|sex\w*|nut|nude\w*|naked|head|horny|hoes?|bang\w*)\b",
    re.I,
)
DARK = re.compile(r"\b(?:suicid\w+|kill (?:my|your)self|kms|kys|die|cut|wrist|hang|end it)\b", re.I)
ADULT_MAIL = re.compile(
    r"\b(?:porn\w*|xxx|sluts?|horny|hardcore|blow ?jobs?|cum|pussy|adult site"
    r"|webcam girls?)\b",
    re.I,
)


@dataclass
class Sample:
    """One text: its labels in the order of `COLUMNS`, its source, its near-duplicates' group."""

    text: str
    labels: list[float]
    source: str
    group: str
    weight: float = 1.0
    kind: str = ""
    held: bool = field(default=False)


def _labels(**known: float) -> list[float]:
    return [known.get(name, UNKNOWN) for name in COLUMNS]


def davidson(folder: Path) -> list[Sample]:
    """Read the posts of Davidson et al. 2017: class 0 hate, 1 offensive, 2 neither."""
    with (folder / "davidson_labeled_data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    samples = [
        Sample(
            row["tweet"],
            _davidson(row["tweet"], int(row["class"])),
            "davidson",
            "",
            1.0,
            row["class"],
        )
        for row in rows
    ]
    return _grouped(samples, "d")


def _davidson(text: str, kind: int) -> list[float]:
    harsh = kind < 2
    addressed = bool(ADDRESSED.search(text))
    threat, rough = bool(THREAT.search(text)), bool(ROUGH.search(text))
    sexual, rude = bool(SEXUAL.search(text)), bool(RUDE.search(text))
    return _labels(
        spam_scam=UNKNOWN if harsh else 0.0,
        hate_speech=float(kind == 0),
        offensive_language=float(harsh),
        harassment=1.0 if harsh and addressed else 0.0,
        violence=1.0 if harsh and threat else UNKNOWN if rough and harsh else 0.0,
        sexual_explicit=1.0 if harsh and sexual else UNKNOWN if rude and harsh else 0.0,
        self_harm=UNKNOWN if DARK.search(text) else 0.0,
    )


def mails(folder: Path) -> list[Sample]:
    """Read the e-mails, headers taken off but for the subject; as each is meant to be scored."""
    csv.field_size_limit(1 << 24)
    with (folder / "spamassassin_600.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    samples = []
    for row in rows:
        body = open_mail(row["text"])
        spam = float(row["label"])
        adult = bool(ADULT_MAIL.search(body))
        labels = _labels(
            spam_scam=spam,
            hate_speech=0.0,
            harassment=0.0,
            violence=0.0,
            self_harm=0.0,
            offensive_language=UNKNOWN if adult else 0.0,
            sexual_explicit=(1.0 if spam else UNKNOWN) if adult else 0.0,
        )
        samples.append(Sample(row["text"], labels, "mail", "", 1.0, row["group"]))
    return _grouped_mails(samples)


def mail_pieces(mail: Sample, rng: random.Random) -> list[Sample]:
    """Cut an e-mail's body into its subject and a few short pieces, which weigh less."""
    body = open_mail(mail.text)
    lines = [line.strip() for line in body.split("\n") if len(line.split()) >= 4]
    pieces = [body.split("\n", 1)[0]] if body.split("\n", 1)[0].strip() else []
    for _ in range(2):
        if len(lines) > 3:
            at = rng.randrange(len(lines) - 2)
            pieces.append(" ".join(lines[at : at + rng.randint(1, 3)]))
    return [Sample(p, mail.labels, "piece", mail.group, 0.3, mail.kind) for p in pieces]


def sentences(
    names: Iterable[str] = ("harm", "lookalikes", "captions", "signs"), seed: int = 0
) -> list[Sample]:
    """Read the sentences of `training/text/sentences`, each family filled in a few ways."""
    slots = tomllib.loads((SENTENCES / "slots.toml").read_text(encoding="utf-8"))
    rng = random.Random(seed)
    samples = []
    for name in names:
        lines = (SENTENCES / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            labels, _, pattern = line.partition("\t")
            chosen = [] if labels == "-" else labels.split(",")
            values = [float(column in _implied(chosen)) for column in COLUMNS]
            texts = _fill(pattern, slots, rng)
            weight = min(1.0, 24.0 / len(texts))
            samples += [
                Sample(text, values, "own", f"{name}{number}", weight, name) for text in texts
            ]
    return samples


def checks() -> list[Sample]:
    """Read the sentences kept apart for checking: labels, kind, text."""
    samples = []
    for number, line in enumerate(
        (SENTENCES / "checks.tsv").read_text(encoding="utf-8").splitlines()
    ):
        labels, kind, text = line.split("\t")
        chosen = [] if labels == "-" else labels.split(",")
        values = [float(column in _implied(chosen)) for column in COLUMNS]
        samples.append(Sample(text, values, "checks", f"c{number}", 1.0, kind))
    return samples


def jest() -> list[str]:
    """Read the threats in jest, kept apart like those for checking: harmless, one a line."""
    return (SENTENCES / "jest.txt").read_text(encoding="utf-8").splitlines()


def identity() -> dict[str, list[str]]:
    """Neutral sentences about every group, by group; never trained on."""
    slots = tomllib.loads((SENTENCES / "slots.toml").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = defaultdict(list)
    for line in (SENTENCES / "identity.txt").read_text(encoding="utf-8").splitlines():
        name = re.findall(r"\{(\w+)\}", line)[0]
        for value in slots[name]:
            found[value].append(line.replace("{" + name + "}", value))
    return dict(found)


def _implied(chosen: list[str]) -> set[str]:
    """Hate speech and harassment count as offensive language, however polite the words."""
    harsh = {"hate_speech", "harassment"} & set(chosen)
    return {*chosen, "offensive_language"} if harsh else set(chosen)


def _fill(pattern: str, slots: dict[str, list[str]], rng: random.Random) -> list[str]:
    names = re.findall(r"\{(\w+)\}", pattern)
    if not names:
        return [_case(pattern, rng), pattern]
    found = []
    for _ in range(PER_FAMILY):
        text = pattern
        for name in names:
            text = text.replace("{" + name + "}", rng.choice(slots[name]), 1)
        found.append(_case(text, rng))
    return sorted(set(found))


def _case(text: str, rng: random.Random) -> str:
    return text[:1].upper() + text[1:] if rng.random() < 0.3 else text


def _grouped(samples: list[Sample], prefix: str) -> list[Sample]:
    """Give texts that share a run of eight words, or are the same, one group: retweets."""
    parent = list(range(len(samples)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    seen: dict[str, int] = {}
    for index, sample in enumerate(samples):
        text = re.sub(r"https?://\S+|@\w+|&\S+;|\brt\b", " ", open_mail(sample.text).lower())
        words = re.findall(r"[a-z']+", text)
        keys = {" ".join(words[at : at + 8]) for at in range(max(1, len(words) - 7))}
        for key in keys:
            if len(key) < 12:
                continue
            parent[root(index)] = root(seen.setdefault(key, index))
    members: dict[int, list[int]] = defaultdict(list)
    for index in range(len(samples)):
        members[root(index)].append(index)
    for found in members.values():
        text = min(samples[index].text for index in found)
        name = prefix + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
        for index in found:
            samples[index].group = name
    return samples


def _grouped_mails(samples: list[Sample]) -> list[Sample]:
    """Group e-mails that share half of the shorter one's runs of five words.

    One shared run is not enough here: every message of a mailing list ends in the same lines.
    """
    shingles = []
    for sample in samples:
        words = re.findall(r"[a-z']+", open_mail(sample.text).lower())
        shingles.append({" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))})
    owner = list(range(len(samples)))
    for later in range(len(samples)):
        for earlier in range(later):
            shared = len(shingles[later] & shingles[earlier])
            if shared * 2 >= min(len(shingles[later]), len(shingles[earlier])):
                old, new = owner[later], owner[earlier]
                owner = [new if value == old else value for value in owner]
    for index, sample in enumerate(samples):
        sample.group = f"m{samples[owner[index]].text[:2000]}"
        sample.group = (
            "m" + hashlib.sha256(sample.group.encode("utf-8", "replace")).hexdigest()[:16]
        )
    return samples


def hold_back(samples: list[Sample], seed: int = 0, share: float = 0.2) -> None:
    """Mark about a fifth of the groups as held back, by their hash: no order matters."""
    for sample in samples:
        digest = hashlib.sha256(f"{seed}:{sample.group}".encode()).digest()
        sample.held = int.from_bytes(digest[:4], "big") / 2**32 < share


def fold_of(group: str, folds: int, seed: int = 1) -> int:
    """Which fold a group is in."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % folds


def label_array(samples: list[Sample]) -> np.ndarray:
    """Labels as float64 (N, len(COLUMNS))."""
    return np.array([sample.labels for sample in samples], np.float64)
