"""The surveillance guard: what is never asked of pictures of people, and what only a study may ask.

Labels and searches in words are read before any picture is. Those that name a person or ask who
somebody is are always refused: CLIP's model card rules identification out. Those that ask what a
picture does not show and the law protects (ethnicity, religion, sexual orientation, gender
identity, political opinion, health, disability, migration), or that take people for criminals by
their looks, are refused unless the user's own configuration names a study; every such use is
written to a log.

The words are English ones, since CLIP reads English only. A guard of words can be got around; it is
there so that nobody does such things by accident, and so that what is done on purpose is on record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from framesift.heads.lint.names import find_names
from framesift.heads.lint.people import find_judgements, find_people_words
from framesift.heads.lint.phrasing import core_of, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Ask", "GuardMode", "Refusal", "asks_of", "check_request"]

GuardMode: TypeAlias = Literal["strict", "research"]

_IDENTITY = ("name", "acquaintance", "identity")
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that a text asks of pictures of people.

    Attributes:
        text: The label or search.
        words: The words of it that ask.
        about: ``identity``, ``criminality``, or what is protected: ``religion``, ``health``, ...
        instead: What to ask for instead.
    """

    text: str
    words: str
    about: str
    instead: str

    @property
    def never(self) -> bool:
        """Whether no study may ask it either."""
        return self.about == "identity"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused, and what can be asked instead.

    Attributes:
        asks: What was asked; at least one.
    """

    asks: tuple[Ask, ...]

    @property
    def never(self) -> bool:
        """Whether a research mode would not change it."""
        return any(ask.never for ask in self.asks)

    @property
    def message(self) -> str:
        """Say for a person what is refused, why, and the way out."""
        texts: dict[str, list[str]] = {}
        for ask in self.asks:
            told_of = texts.setdefault(ask.about, [])
            # A label and its prompt, "criminal" and "a criminal", are one thing to the reader.
            if core_of(ask.text).casefold() not in {core_of(one).casefold() for one in told_of}:
                told_of.append(ask.text)
        told = [
            f"{text!r} asks for {_WORDS.get(about, about)}"
            for about, listed in texts.items()
            for text in listed
        ]
        more = len(told) - _LISTED
        listed = "; ".join(told[:_LISTED]) + (f"; and {more} more" if more > 0 else "")
        why = _WHY_IDENTITY if self.never else _WHY_TRAIT
        instead = next((ask for ask in self.asks if ask.never), self.asks[0]).instead
        way = f"; write {instead}" if instead else ""
        study = "" if self.never else _STUDY
        return f"refused: {listed}; {why}{way}{study}"


_WORDS = {
    "identity": "the identity of a person",
    "ethnicity": "people's ethnicity or origin",
    "religion": "people's religion",
    "sexual orientation": "people's sexual orientation",
    "gender identity": "people's gender identity",
    "political opinion": "people's political opinion",
    "disability": "whether people are disabled",
    "health": "people's health",
    "migration": "whether people are migrants",
    "trait": "what the law protects about people",
    "slur": "people by a slur",
    "criminality": "whether people are criminals",
}
_WHY_IDENTITY = (
    "Framesift never identifies anyone: CLIP named 59.2 % of celebrities among 100, enough to be "
    "harmful and not enough to be right, and its model card rules it out"
)
_WHY_TRAIT = (
    "a picture does not show it, and answers by looks harm people: CLIP put 16.5 % of the men in "
    "its authors' test into crime-related classes"
)
_STUDY = (
    "; a study may ask it on record: set research_mode to its name in your own configuration "
    "(docs/guard.md)"
)


def asks_of(texts: Iterable[str]) -> tuple[Ask, ...]:
    """Return everything in labels or searches that the guard knows, in their order."""
    return tuple(ask for text in texts for ask in _asks(text))


def check_request(texts: Iterable[str], *, mode: GuardMode = "strict") -> Refusal | None:
    """Say whether labels or searches are refused.

    Args:
        texts: Labels, prompts or searches, as the user wrote them.
        mode: ``strict``, or ``research`` for a study that is named and logged by whoever calls;
            identity is refused in both.

    Returns:
        The refusal, or ``None`` where nothing is against the rules of use.
    """
    asks = [ask for ask in asks_of(texts) if mode == "strict" or ask.never]
    return Refusal(tuple(asks)) if asks else None


def _asks(text: str) -> Iterator[Ask]:
    text = plain(text)
    seen: set[str] = set()
    for hit in (*find_names(text), *find_people_words(text), *find_judgements(text)):
        about = "identity" if hit.about in _IDENTITY else hit.about
        if about not in _WORDS or about in seen:
            continue
        seen.add(about)
        instead = hit.better if hit.better[:1] in ('"', "w") else f'"{hit.better}"'
        yield Ask(text, text[hit.start : hit.end].strip(), about, instead)
