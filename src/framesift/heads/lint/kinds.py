"""Names of kinds that experts tell apart: models of cars, species, sorts of wine."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from framesift.heads.lint.finding import Hit
from framesift.heads.lint.lexicon import any_of, lexicon, split_phrases
from framesift.heads.lint.phrasing import hide

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["families_of", "find_kinds"]

_MODIFIER = (
    r"(?:lesser|greater|common|northern|southern|eastern|western|american|european|eurasian|"
    r"african|"
    r"asian|australian|siberian|arctic|canadian|alpine|iberian|himalayan|mexican|californian|"
    r"japanese|mountain|spotted|barred|crested|hooded|pied|spectacled|collared|masked|striped|"
    r"(?:red|black|white|yellow|green|blue|grey|gray|brown|orange|buff|rufous|chestnut|golden|ruby|"
    r"purple|ring|long|short|sharp|broad|thick|curve|fork|double|ruddy|rose|scarlet)[- ]"
    r"(?:tailed|breasted|headed|winged|throated|billed|necked|backed|bellied|crowned|eared|faced|"
    r"fronted|legged|footed|capped|collared|shouldered|rumped|cheeked|toed|vented|crested|bearded))"
)
_LATIN = re.compile(
    r"\b[A-Z][a-z]{2,}(?:us|a|um|is|es|yx|ax|ix|on|ops|as|er|ys|os)\s"
    r"(?!(?:banana|panorama|fauna|flora|villa|sauna|arena|marina|opera|cafeteria|pizzeria|formula|"
    r"bacteria|statues?|campus|cactus|circus|stadium|museum|aquarium|hibiscus|citrus|virus)\b)"
    r"[a-z]{2,}(?:ensis|icus|ica|icum|oides|alis|aris|atus|ata|atum|osus|osa|osum|aria|aea|eus|"
    r"ifera|"
    r"folia|folium|florus|flora|ii|iae|orum|ulus|ula|escens|ilis|ivum|ivus|aceus|estris|inalis|"
    r"us|um)"
    r"\b"
)
_MODEL = re.compile(
    r"\b(?!Covid|Route|Apollo|World|Formula)[A-Z][a-z]+\s(?=\w*\d)(?=\w*[A-Z])[\w-]{2,}\b"
)
_IDIOMS = re.compile(
    r"\b(?:truffle|morel|brie)\s+(?:oil|street|road)\b|\b(?:hyacinth|primrose|linden|aspen|"
    r"juniper)\s+"
    r"(?:street|road|avenue)\b|\bpuffball\s+skirt\b|\bcomputer\s+bug\b|\bkettle\b|\btruck\s+stop\b"
    r"|\bbenign\s+(?:smile|neglect)\b|\bbordeaux\s+(?:city|street|bridge|cathedral)\b|"
    r"\bold\s+alder\s+man\b"
    r"|\bthe\s+ford\b|\bmini\s+(?=[a-z])|\b(?:jaguar|puma|mustang)\s+in\b",
    re.IGNORECASE,
)


class _Family:
    """Patterns of one kind of kinds."""

    def __init__(self, entry: dict[str, str]) -> None:
        """Compile the entry of the lexicon."""
        self.better = entry["better"]
        names = split_phrases(entry.get("names", ""))
        makers = split_phrases(entry.get("makers", ""))
        heads = entry.get("heads", "").split()
        modified = entry.get("modified", "").split()
        parts = [rf"\b(?i:{any_of(names)})s?\b"] if names else []
        if makers:
            made = rf"(?i:\b{any_of(makers)})"
            # A model is a capital or has a digit: "a Toyota parked here" names none.
            parts += [
                rf"{made}\s+(?:[A-Z]|\d|(?=\w*\d))[\w-]*(?:\s+[A-Z0-9][\w-]*)*",
                rf"\b(?:19|20)\d\d\s+{made}(?:\s+[A-Z0-9][\w-]*)*",
            ]
        if heads:
            parts.append(
                rf"(?i:\b(?:{_MODIFIER}\s+)?(?!(?:an?|the|of|and|"
                rf"with)\s)(?:[a-z]+\s+)?{any_of(heads)}\b)"
            )
        if modified:
            parts.append(
                rf"(?i:\b{_MODIFIER}\s+(?:[a-z]+\s+)?{any_of(modified)}(?:e?s)?\b)"
                rf"|\b[A-Z][a-z]+'s\s+(?i:{any_of(modified)})s?\b"
            )
        self.pattern = re.compile("|".join(parts))
        known = (*names, *split_phrases(entry.get("known", "")))
        self.any = re.compile(
            "|".join([self.pattern.pattern, rf"\b(?i:{any_of(known)})s?\b" if known else r"(?!)"])
        )


@cache
def _families() -> dict[str, _Family]:
    return {name: _Family(entry) for name, entry in lexicon("kinds").items()}


def find_kinds(text: str) -> Iterator[Hit]:
    """Find kinds that CLIP does not reliably tell from their relatives."""
    shown = hide(text, _IDIOMS)
    taken: list[tuple[int, int]] = []
    for family in _families().values():
        for match in family.pattern.finditer(shown):
            start, end = match.span()
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            taken.append((start, end))
            yield Hit("fine-grained", start, end, family.better)
    for match in (*_LATIN.finditer(shown), *_MODEL.finditer(shown)):
        start, end = match.span()
        if not any(start < stop and begin < end for begin, stop in taken):
            advice = "the common name of its family: a mushroom, a bird, a camera, a motorcycle"
            yield Hit("fine-grained", start, end, advice)


def families_of(text: str) -> frozenset[str]:
    """Return the families whose kinds a prompt names, the well-known ones too: ``dog``."""
    shown = hide(text, _IDIOMS)
    return frozenset(name for name, family in _families().items() if family.any.search(shown))
