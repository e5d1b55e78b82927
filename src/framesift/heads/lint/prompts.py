"""One prompt against every rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.heads.lint.counts import find_counts, find_measures
from framesift.heads.lint.finding import Finding, reason_of, severity_of
from framesift.heads.lint.kinds import find_kinds
from framesift.heads.lint.names import find_names
from framesift.heads.lint.negations import find_negations
from framesift.heads.lint.people import find_judgements, find_people_words
from framesift.heads.lint.phrasing import plain
from framesift.heads.lint.places import find_relations
from framesift.heads.lint.wording import CONTEXT_TOKENS, find_length, find_wording
from framesift.heads.lint.written import find_written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.heads.lint.finding import Hit

__all__ = ["lint_prompt"]


def lint_prompt(text: str, *, context: int = CONTEXT_TOKENS) -> tuple[Finding, ...]:
    """Say what CLIP will not do with a prompt, why, and what to write instead.

    Args:
        text: A prompt as it would be given to a text tower, with or without "a photo of".
        context: Tokens that the model reads, start and end marks included.

    Returns:
        Findings in the order of the words, one for each code and place; none for a good prompt.
    """
    text = plain(text)
    hits = sorted(_hits(text, context), key=lambda hit: (hit.start, hit.end))
    kept: list[Hit] = []
    for hit in hits:
        overlapping = [
            one
            for one in kept
            if one.code == hit.code and hit.start < one.end and one.about == hit.about
        ]
        if not overlapping:
            kept.append(hit)
    return tuple(
        Finding(
            code=hit.code,
            severity="warning"
            if hit.about in ("maybe", "family", "fame")
            else severity_of(hit.code),
            reason=reason_of(hit.code),
            better="" if hit.better == text else hit.better,
            prompt=text,
            words=text[hit.start : hit.end].strip(),
            about=hit.about,
        )
        for hit in kept
    )


def _hits(text: str, context: int) -> Iterator[Hit]:
    found: list[Hit] = []
    for rule in (find_kinds, find_names, find_counts, find_measures):
        found.extend(rule(text))
    yield from found
    yield from find_written(text, [(hit.start, hit.end) for hit in found])
    for rule in (find_relations, find_negations, find_people_words, find_judgements, find_wording):
        yield from rule(text)
    yield from find_length(text, context)
