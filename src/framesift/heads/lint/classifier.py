"""A whole classifier against every rule: its labels, prompts, templates and background."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from framesift.heads.classifiers.definition import BACKGROUND, NONE
from framesift.heads.lint.finding import Code, Finding, reason_of, severity_of
from framesift.heads.lint.kinds import families_of
from framesift.heads.lint.lexicon import any_of, words
from framesift.heads.lint.phrasing import core_of
from framesift.heads.lint.prompts import lint_prompt
from framesift.heads.lint.wording import CONTEXT_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framesift.embeddings.base import Embedder
    from framesift.heads.classifiers.definition import ClassifierDefinition, Label

__all__ = ["lint_classifier"]

_PEOPLE = ("person", "protected", "demeaning")
_PAIRS = 20
_NAMED = 6
_WITH_MORE = re.compile(r"^ (?:in|on|at|with|of|wearing|holding|[a-z]+ing)\b")
_BARE = re.compile(
    r"^(?!(?:people|men|women|children|food|water|snow|rain|smoke|fire|grass|sand|text|furniture|"
    r"clothes|clothing|traffic|nature|art|blood)\b)[a-z]+[^s\W]$"
)


def lint_classifier(
    definition: ClassifierDefinition, embedder: Embedder | None = None
) -> tuple[Finding, ...]:
    """Say what will not work, or should not be done, with a classifier.

    Args:
        definition: The classifier.
        embedder: A model, to find labels that it can hardly tell apart; ``None`` leaves that to
            the words alone.

    Returns:
        Findings on labels in their order, then on the classifier as a whole.
    """
    context = CONTEXT_TOKENS if embedder is None else embedder.spec.context_length
    found: list[Finding] = []
    for label in definition.labels:
        found.extend(_label(label, context))
    if definition.background != BACKGROUND:
        for prompt in definition.background:
            found.extend(_placed(prompt, "", "background", context))
    found.extend(_templates(definition))
    found.extend(_as_a_whole(definition))
    found.extend(_pairs(definition, embedder))
    return tuple(found)


def _label(label: Label, context: int) -> Iterator[Finding]:
    told = set()
    for prompt in label.prompts:
        for finding in _placed(prompt, label.name, "prompt", context):
            told.add(finding.code)
            yield finding
    name = label.name.replace("_", " ").replace("-", " ")
    for finding in _placed(name, label.name, "name", context):
        if finding.code in _PEOPLE and finding.code not in told:
            yield finding
    for prompt in label.contrast:
        yield from _placed(prompt, label.name, "contrast", context)


def _placed(prompt: str, label: str, place: str, context: int) -> Iterator[Finding]:
    for one in lint_prompt(prompt, context=context):
        yield Finding(
            one.code, one.severity, one.reason, one.better, one.prompt, one.words, label, place,
            one.about,
        )  # fmt: skip


def _finding(code: Code, better: str, *, place: str, prompt: str = "", label: str = "") -> Finding:
    return Finding(code, severity_of(code), reason_of(code), better, prompt, "", label, place)


def _templates(definition: ClassifierDefinition) -> Iterator[Finding]:
    for template in definition.templates:
        if "{}" not in template:
            advice = "write {} where the prompt goes, such as `a photo of {}.`"
            yield _finding("template", advice, place="template", prompt=template)
    articled = [one for one in definition.templates if re.search(r"\b(?:an?|the) \{\}", one)]
    for label in definition.labels:
        for prompt in label.prompts:
            has = re.match(r"(?:an?|the|some)\s", prompt, re.IGNORECASE)
            if has and articled:
                better = articled[0].replace("{}", re.sub(r"^\w+\s+", "", prompt))
                yield _finding(
                    "article", f'"{better}": leave the article out of one of the two',
                    place="prompt", prompt=articled[0].replace("{}", prompt), label=label.name,
                )  # fmt: skip
            elif not has and not articled and _BARE.match(prompt):
                article = "an" if prompt[0] in "aeiou" else "a"
                yield _finding(
                    "article",
                    f"{article} {prompt}",
                    place="prompt",
                    prompt=prompt,
                    label=label.name,
                )


def _as_a_whole(definition: ClassifierDefinition) -> Iterator[Finding]:
    if definition.mode == "one" and NONE not in definition.outcomes:
        advice = "background prompts, or the label `neither` on the command line"
        yield _finding("background", advice, place="labels")
    texts = {label.name: " ".join((label.name, *label.prompts)) for label in definition.labels}
    persons = re.compile(rf"\b{any_of(words('people', 'person'))}\b", re.IGNORECASE)
    apes = re.compile(r"\b(?:gorilla|monkey|ape|chimpanzee|orangutan|baboon)s?\b", re.IGNORECASE)
    about_people = [name for name, text in texts.items() if persons.search(text)]
    about_apes = [name for name, text in texts.items() if apes.search(text)]
    if about_people and about_apes:
        advice = (
            f"two classifiers: people and {', '.join(about_apes)} side by side are how people were "
            'taken for apes; a label "a child" made such errors on the youngest far fewer (30.3 % '
            "to 2.3 %)"
        )
        yield _finding("demeaning", advice, place="labels", label=", ".join(about_people))


def _pairs(definition: ClassifierDefinition, embedder: Embedder | None) -> Iterator[Finding]:
    told: set[frozenset[str]] = set()
    stems = [frozenset(map(_stem, label.prompts)) for label in definition.labels]
    for first, second in _sharing_words(stems):
        advice = _alike(stems[first], stems[second])
        if advice:
            names = (definition.labels[first].name, definition.labels[second].name)
            told.add(frozenset(names))
            yield _finding("similar", advice, place="labels", label=", ".join(names))
    for family, members in _families(definition).items():
        pairs = {frozenset(pair) for pair in combinations(members, 2)}
        if pairs - told:
            advice = (
                f"kinds of {family.replace('_', ' ')} side by side: teach it with about 20 "
                "pictures of each, or join them"
            )
            yield _finding("fine-grained", advice, place="labels", label=_listed(members))
        told |= pairs
    if embedder is None:
        return
    from framesift.heads.lint.similar import close_pairs

    labels = {label.name: label.prompts for label in definition.labels}
    shown = 0
    for one, other, cosine, bound in close_pairs(embedder, labels):
        if frozenset((one, other)) in told or shown == _PAIRS:
            continue
        shown += 1
        advice = (
            "one label for both, or prompts that say what differs; their texts are "
            f"{cosine:.2f} alike for {embedder.name}, which tells words apart up to {bound:.2f}"
        )
        yield _finding("similar", advice, place="labels", label=f"{one}, {other}")


def _sharing_words(stems: Sequence[frozenset[str]]) -> list[tuple[int, int]]:
    """Return the pairs of which one begins, ends or is what the other is; each pair once.

    An index of whole stems, since comparing each label with each other takes minutes for 1,000.
    """
    holders: dict[str, list[int]] = {}
    for number, mine in enumerate(stems):
        for stem in mine:
            holders.setdefault(stem, []).append(number)
    pairs: set[tuple[int, int]] = set()
    for number, mine in enumerate(stems):
        for stem in mine:
            gaps = [place for place, letter in enumerate(stem) if letter == " "]
            parts = {stem, *(stem[:gap] for gap in gaps), *(stem[gap + 1 :] for gap in gaps)}
            found = {holder for part in parts for holder in holders.get(part, ())} - {number}
            pairs |= {(min(number, other), max(number, other)) for other in found}
    return sorted(pairs)


def _families(definition: ClassifierDefinition) -> dict[str, list[str]]:
    """Return families of kinds that only experts tell apart, with two labels or more of each."""
    members: dict[str, list[str]] = {}
    for label in definition.labels:
        for family in families_of(" . ".join(label.prompts)):
            members.setdefault(family, []).append(label.name)
    return {family: members[family] for family in sorted(members) if len(members[family]) > 1}


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _alike(mine: frozenset[str], theirs: frozenset[str]) -> str:
    """Say what to do about two labels that are alike in their words; else nothing."""
    shared = sorted(mine & theirs)
    if shared:
        return (
            f'both have the prompt "{shared[0]}" (one and many look alike); give it to one of them'
        )
    for prompt in sorted(mine):
        for against in sorted(theirs):
            inner, outer = sorted((prompt, against), key=len)
            if outer.endswith(f" {inner}") or _WITH_MORE.match(outer.removeprefix(inner)):
                return (
                    f'"{outer}" is a "{inner}" too; name the rest of them in the other label, such '
                    f'as "{inner}" of other kinds, or ask with mode = "many"'
                )
    return ""


def _stem(prompt: str) -> str:
    """Return a prompt in lower case and the singular, without what stands before the noun."""
    word = core_of(prompt).lower()
    for ending, instead in (
        ("ies", "y"),
        ("sses", "ss"),
        ("shes", "sh"),
        ("ches", "ch"),
        ("xes", "x"),
    ):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending) + instead
    plural = word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if plural and len(word) > 3 else word
