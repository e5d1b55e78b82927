"""From a few words to a classifier: ``dog, cat, neither``."""

from __future__ import annotations

import re

from framesift.errors import HeadError
from framesift.heads.classifiers.definition import BACKGROUND, ClassifierDefinition, Label

__all__ = ["as_prompt", "from_labels", "is_none_name"]


def _words(text: str, *, between: str | None = None) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(between))


_NONE_NAMES = _words(
    "neither|none|nothing|other|others|else|background|none of these|none of them|"
    "none of the above|neither of them|neither of these|something else|anything else|"
    "everything else|all else|not any|other pictures|other things",
    between="|",
)
"""Labels that mean "none of these"."""

_DETERMINERS = _words(
    "a an the some any no one two three four five six seven eight nine ten my your his her its "
    "our their this that these those many several few"
)
_MASS = _words(
    "people children men women mice geese food snow rain water grass sand ice fire smoke fog mist "
    "art music furniture clothing jewelry jewellery traffic nature text handwriting graffiti "
    "nudity violence blood gore wildlife livestock cattle police luggage equipment machinery "
    "scenery architecture bread rice pasta cheese meat coffee tea beer wine spam porn fruit "
    "cutlery crockery lightning sunlight wood metal"
)
"""Nouns without an article, and plurals without an s."""

_NOUNS_IN_ING = _words(
    "building painting drawing wedding ring king wing string spring thing ceiling railing sling "
    "clothing earring duckling gosling meeting landing crossing swing"
)
_BEFORE = _words(
    "of in on at with without near under over by for from to and or behind beside between inside "
    "outside wearing holding"
)
_LIKE_YOU = re.compile(r"(?:uni|use|usu|eu|ufo|uk\b|one\b|once)")
_SOUNDLESS_H = re.compile(r"(?:hour|honest|honou?r|heir)")


def is_none_name(text: str) -> bool:
    """Whether a label or the name of a folder means "none of these"."""
    return " ".join(text.lower().replace("_", " ").split()).strip(" .") in _NONE_NAMES


def as_prompt(name: str) -> str:
    """Turn the name of a label into what a caption would say: ``dog`` becomes ``a dog``.

    Plurals, nouns without an article, names with a capital and phrases that begin with an article
    or a verb stay as they are.
    """
    words = name.replace("_", " ").split()
    if not words or not _wants_article(words):
        return " ".join(words)
    first = words[0].lower()
    vowel = first[0] in "aeiou" and not _LIKE_YOU.match(first)
    article = "an" if vowel or _SOUNDLESS_H.match(first) else "a"
    return f"{article} {' '.join(words)}"


def from_labels(text: str, *, name: str = "labels") -> ClassifierDefinition:
    """Make a classifier from words between commas.

    A label that means "none of these" (``neither``, ``none``, ``other``, ...) becomes the
    background: then pictures of something else can get no label. Without such a label every
    picture gets one.

    Args:
        text: ``dog, cat, neither``; line breaks and semicolons part labels, too.
        name: Of the classifier.

    Raises:
        HeadError: There is no label, one occurs twice, or one stands alone.
    """
    found = [" ".join(part.split()) for part in re.split(r"[,;\n]", text)]
    given = [part for part in found if part]
    labels = [part for part in given if not is_none_name(part)]
    if not labels:
        message = f"--labels {text!r} names nothing; write labels such as 'dog, cat, neither'"
        raise HeadError(message)
    seen: dict[str, str] = {}
    for label in labels:
        twin = seen.setdefault(label.casefold().replace("_", " "), label)
        if twin is not label:
            message = f"label {label!r} occurs twice; leave one out"
            raise HeadError(message)
        if len(label) > 200:
            message = f"label {label[:40]!r}... is longer than 200 characters; write a short one"
            raise HeadError(message)
    if len(labels) == 1 and len(given) == 1:
        message = (
            f"{labels[0]!r} alone would be the answer to every picture; add what else there is, "
            f"or none: '{labels[0]}, none'"
        )
        raise HeadError(message)
    return ClassifierDefinition(
        name,
        tuple(Label(label, (as_prompt(label),)) for label in labels),
        background=BACKGROUND if len(given) > len(labels) else (),
    )


def _wants_article(words: list[str]) -> bool:
    first = words[0]
    if first.lower() in _DETERMINERS or first[0].isdigit() or not first[0].isalpha():
        return False
    if first[0].isupper():
        return False
    until = next((n for n, word in enumerate(words) if n and word.lower() in _BEFORE), len(words))
    noun = words[until - 1].lower()
    if until > 1 and _is_verb(noun):
        # "children playing", "man riding a horse": the noun stands before the verb.
        noun = words[until - 2].lower()
    if _is_verb(first.lower()) and len(words) == 1:
        return False
    plural = noun.endswith("s") and not noun.endswith(("ss", "us", "is", "as"))
    return not plural and noun not in _MASS


def _is_verb(word: str) -> bool:
    return word.endswith("ing") and word not in _NOUNS_IN_ING
