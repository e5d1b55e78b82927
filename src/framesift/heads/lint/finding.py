"""What the linter says of a prompt, and the published facts behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["CODES", "Code", "Finding", "Hit", "Severity", "reason_of", "severity_of"]

Severity: TypeAlias = Literal["error", "warning", "note"]
Code: TypeAlias = Literal[
    "counting",
    "measurement",
    "spatial",
    "negation",
    "text",
    "fine-grained",
    "person",
    "protected",
    "demeaning",
    "inference",
    "vague",
    "degree",
    "ambiguous",
    "alternatives",
    "language",
    "too-long",
    "empty",
    "similar",
    "template",
    "article",
    "background",
]

_PAPER = "CLIP paper, 2021"

CODES: dict[Code, tuple[Severity, str]] = {
    "counting": (
        "warning",
        f"CLIP does not count reliably ({_PAPER}, section 6): pictures of two and of five look "
        "alike to it",
    ),
    "measurement": (
        "warning",
        "CLIP does not measure: sizes, ages, weights, speeds and shares in numbers mean little "
        f"to it, no more than distances do ({_PAPER}, section 6)",
    ),
    "spatial": (
        "warning",
        f"CLIP does not know where things are or how near ({_PAPER}, section 6: distance to the "
        "nearest car): it sees that both are there",
    ),
    "negation": (
        "warning",
        'to CLIP "no dog" is close to "dog": it finds the very thing that must not be there',
    ),
    "text": (
        "warning",
        "CLIP hardly reads: 88 % on handwritten digits, less than a logistic regression on raw "
        f"pixels ({_PAPER}, section 6); `framesift moderate` reads words in pictures",
    ),
    "fine-grained": (
        "warning",
        f"CLIP is weak where experts tell kinds apart ({_PAPER}, section 6: models of cars, "
        "species of flowers, variants of aircraft)",
    ),
    "person": (
        "error",
        "it names a person or asks who somebody is: CLIP named 59.2 % of celebrities among 100, "
        "enough to be harmful and not enough to be right, and its model card rules identifying "
        "people out",
    ),
    "protected": (
        "error",
        "it sorts people by something that pictures do not show and that the law protects; in "
        "the CLIP paper's test on 10,000 portraits errors depended on race, gender and age "
        "(section 7.1)",
    ),
    "demeaning": (
        "error",
        "it judges people by their looks: in the CLIP paper's test on 10,000 portraits 16.5 % of "
        "men, 9.8 % of women and 4.9 % of all were put into crime or non-human classes (section "
        "7.1)",
    ),
    "inference": (
        "warning",
        "one picture does not show causes, what was before or comes after, nor what somebody "
        "thinks or feels; CLIP guesses from what usually goes with the words",
    ),
    "vague": (
        "warning",
        "the words do not say what is to be seen, and everything fits a little",
    ),
    "degree": (
        "warning",
        'CLIP hardly tells degrees apart: "very dirty" is close to "dirty"',
    ),
    "ambiguous": ("warning", "the word has several meanings, and CLIP mixes them up"),
    "alternatives": (
        "warning",
        'to CLIP "a dog or a cat" is a dog and a cat together; each needs a prompt of its own',
    ),
    "language": ("warning", "CLIP's text side was trained on English (its model card)"),
    "too-long": ("warning", "what comes after the model's context length is cut off unread"),
    "empty": ("error", "there are no words in it"),
    "similar": (
        "warning",
        "the model can hardly tell the two labels apart: on coarse scenes CLIP was right in 91.8 % "
        "of cases, and in 51.1 % once a nearly right label was among the choices (CLIP paper, "
        "2021, section 7.2)",
    ),
    "template": ("error", "the prompt does not get into it"),
    "article": ("note", "CLIP learnt from sentences, and the wording moves its answers"),
    "background": (
        "note",
        "without a background every picture gets one of the labels, however little it is like any",
    ),
}
"""Severity and reason of every code."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One place of a prompt that a rule speaks of.

    Attributes:
        code: What is wrong.
        start: Where the words begin.
        end: Where they end.
        better: A better wording of the whole prompt, or what to do.
        about: What exactly, for the codes on people: ``religion``, ``name``.
    """

    code: Code
    start: int
    end: int
    better: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a prompt, a label or a classifier, and what to write instead.

    Attributes:
        code: Which rule.
        severity: ``error`` where it should not be used, ``warning`` where it will not work well,
            ``note`` where it could be better.
        reason: Why, with the published fact behind it.
        better: A better wording, or what to do; empty where there is no advice.
        prompt: The prompt; empty where the finding is on the classifier as a whole.
        words: The words of the prompt it is about.
        label: The label; empty for a prompt by itself.
        place: Where the prompt stands: ``prompt``, ``contrast``, ``background``, ``template``,
            ``name`` or ``labels``.
        about: For codes on people, what exactly: ``religion``, ``name``.
    """

    code: Code
    severity: Severity
    reason: str
    better: str = ""
    prompt: str = ""
    words: str = ""
    label: str = ""
    place: str = "prompt"
    about: str = ""

    @property
    def brief(self) -> str:
        """The reason without the facts behind it."""
        return re.split(r" \(|: |; |, enough", self.reason, maxsplit=1)[0]


def severity_of(code: Code) -> Severity:
    """Return how bad a code is."""
    return CODES[code][0]


def reason_of(code: Code) -> str:
    """Return why a code is a problem."""
    return CODES[code][1]
