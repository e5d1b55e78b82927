"""Other ways to say the same: templates, articles, singular and plural.

Results of CLIP depend on how a prompt is phrased (CLIP paper, 2021, section 3.1.4). A classifier
whose answers move with the wording answers something else than its labels. `framesift audit
prompts` measures that with the wordings made here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from framesift.heads.prompts import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from framesift.heads.classifiers import ClassifierDefinition

__all__ = ["ENSEMBLES", "POOL", "VARIANTS", "Variant", "Wording", "reworded", "varied", "wordings"]

Variant: TypeAlias = Literal["as written", "bare", "the", "plural"]

POOL = (
    "a photo of {}.",
    "a picture of {}.",
    "an image of {}.",
    "a photograph of {}.",
    "a snapshot of {}.",
    "a picture showing {}.",
    "a photo that shows {}.",
    "{} in a photo.",
    "this is {}.",
    "{}",
)
"""Templates that say the same of a picture."""

ENSEMBLES: dict[str, tuple[str, ...]] = {
    "plain": ("{}",),
    "photo": ("a photo of {}.",),
    "pair": ("a photo of {}.", "{}"),
    "usual": TEMPLATES,
    "media": tuple(one for one in POOL if " of {}" in one),
    "six": (
        "a photo of {}.",
        "a picture of {}.",
        "an image of {}.",
        "{} in a photo.",
        "this is {}.",
        "{}",
    ),
}
"""Template ensembles to choose the steadiest of."""

_ARTICLE = re.compile(r"^(an?|the|some|one)\s+(.+)$", re.IGNORECASE)
_PHRASE = re.compile(
    r"^(.*?)(\s+(?:of|in|on|at|with|without|under|over|by|for|from|to|and|or|behind|beside|wearing|"
    r"holding|near|seen|that|who|which|[a-z]+ing)\b.*)?$",
    re.IGNORECASE,
)
_IRREGULAR = {
    "man": "men",
    "woman": "women",
    "person": "people",
    "child": "children",
    "mouse": "mice",
    "goose": "geese",
    "foot": "feet",
    "tooth": "teeth",
    "sheep": "sheep",
    "deer": "deer",
    "fish": "fish",
    "aircraft": "aircraft",
    "knife": "knives",
    "leaf": "leaves",
    "wolf": "wolves",
    "shelf": "shelves",
    "calf": "calves",
    "loaf": "loaves",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to say all labels of a classifier.

    Attributes:
        name: For people: ``template "{}"``, ``plural``.
        templates: That prompts are put in.
        variant: What is done to the prompts themselves.
    """

    name: str
    templates: tuple[str, ...]
    variant: Variant = "as written"


def _bare(prompt: str) -> str:
    match = _ARTICLE.match(prompt)
    return match[2] if match else prompt


def _definite(prompt: str) -> str:
    match = _ARTICLE.match(prompt)
    return f"the {match[2]}" if match else prompt


def _plural(prompt: str) -> str:
    match = _ARTICLE.match(prompt)
    if match is None or match[1].lower() in ("the", "some"):
        return prompt
    phrase = _PHRASE.match(match[2])
    if phrase is None or not phrase[1]:
        return prompt
    head, _, noun = phrase[1].rpartition(" ")
    return f"{head} {_many(noun)}{phrase[2] or ''}".strip()


VARIANTS: dict[Variant, Callable[[str], str]] = {
    "as written": lambda prompt: prompt,
    "bare": _bare,
    "the": _definite,
    "plural": _plural,
}
"""What may be done to a prompt that begins with an article; others stay as they are."""


def varied(prompt: str, variant: Variant) -> str:
    """Return a prompt with another article, none, or in the plural."""
    return VARIANTS[variant](prompt)


def wordings(definition: ClassifierDefinition) -> tuple[Wording, ...]:
    """Return the ways to say a classifier that differ from how it is written.

    Every template of `POOL` by itself with the prompts as they are, then every variant of the
    prompts in the classifier's own templates; variants that change no prompt are left out.
    """
    own = definition.templates
    made = [Wording(f'template "{one}"', (one,)) for one in POOL if (one,) != own]
    prompts = [prompt for label in definition.labels for prompt in label.prompts]
    names = {"bare": "without articles", "the": "with the", "plural": "in the plural"}
    for variant, name in names.items():
        changed: Variant = variant  # type: ignore[assignment]
        if any(varied(prompt, changed) != prompt for prompt in prompts):
            made.append(Wording(name, own, changed))
    return tuple(made)


def reworded(definition: ClassifierDefinition, wording: Wording) -> ClassifierDefinition:
    """Return a classifier said in other words: its background and look-alikes, too."""
    variant = wording.variant
    labels = tuple(
        replace(
            label,
            prompts=_distinct(label.prompts, variant),
            contrast=_distinct(label.contrast, variant),
        )
        for label in definition.labels
    )
    background = _distinct(definition.background, variant)
    return replace(definition, labels=labels, background=background, templates=wording.templates)


def _distinct(prompts: tuple[str, ...], variant: Variant) -> tuple[str, ...]:
    return tuple(dict.fromkeys(varied(prompt, variant) for prompt in prompts))


def _many(noun: str) -> str:
    low = noun.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    if low.endswith(("s", "x", "z", "ch", "sh")):
        return noun if low.endswith("s") and not low.endswith("ss") else f"{noun}es"
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"
