"""Label sets that exist to measure harm, with what was published about them.

A preset is a TOML file inside the package. It is read by the bias audit alone, which gives counts
per group and never the answer for a picture.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from framesift.heads.classifiers.definition import ClassifierDefinition, Label
from framesift.verdicts.proportions import Share, share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.verdicts.audit_results import Answers

__all__ = ["EVERYBODY", "PRESETS", "Preset", "Published", "beside_published", "load_preset"]

PRESETS = ("fairface",)

EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Preset:
    """A published protocol.

    Attributes:
        definition: Its labels, without background: one of them is always given.
        added: Labels to add, to see what they change.
        sets: Named sets of labels that nobody should land in.
        warning: What the labels are here for.
        source: Where the protocol comes from.
        note: How far published and measured figures can be compared.
        aliases: Published group to what tables call it, in lower case.
        published: Set, whether labels were added, and group to percent.
    """

    definition: ClassifierDefinition
    added: tuple[Label, ...]
    sets: Mapping[str, tuple[str, ...]]
    warning: str
    source: str
    note: str
    aliases: Mapping[str, tuple[str, ...]]
    published: tuple[tuple[str, bool, Mapping[str, float]], ...]


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure beside the measured one.

    Attributes:
        outcome: The set.
        added: Whether labels were added.
        group: As published.
        percent: As published.
        measured: Of the pictures of the same group; ``None`` where the table has none.
    """

    outcome: str
    added: bool
    group: str
    percent: float
    measured: Share | None


def load_preset(name: str) -> Preset:
    """Read a preset of the package.

    Raises:
        KeyError: There is none of that name.
    """
    if name not in PRESETS:
        raise KeyError(name)
    file = resources.files("framesift.verdicts").joinpath("data", f"{name}.toml")
    values: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    definition = ClassifierDefinition(
        name=values["name"],
        labels=tuple(Label(label, (prompt,)) for label, prompt in values["labels"].items()),
        templates=tuple(values["templates"]),
        background=(),
        description=values["source"],
        source=f"preset {name}",
    )
    return Preset(
        definition,
        tuple(Label(label, (prompt,)) for label, prompt in values["add"].items()),
        {outcome: tuple(labels) for outcome, labels in values["sets"].items()},
        values["warning"].strip(),
        values["source"],
        values["note"].strip(),
        {group: tuple(names) for group, names in values["aliases"].items()},
        tuple((one["set"], one["added"], one["percent"]) for one in values["published"]),
    )


def beside_published(
    preset: Preset,
    columns: Mapping[str, Sequence[str]],
    before: Answers,
    after: Answers | None,
) -> tuple[Published, ...]:
    """Put the measured share of each published group beside what was published.

    Args:
        preset: The protocol.
        columns: Column to the group of each picture.
        before: Answers with the preset's labels.
        after: Answers with the added labels too; ``None`` measures nothing of those.
    """
    rows = []
    for outcome, added, table in preset.published:
        answers = after if added else before
        for group, percent in table.items():
            names = preset.aliases.get(group, (group.casefold(),))
            measured = None
            if answers is not None:
                measured = _measured(answers, outcome, columns, names, group)
            rows.append(Published(outcome, added, group, percent, measured))
    return tuple(rows)


def _measured(
    answers: Answers,
    outcome: str,
    columns: Mapping[str, Sequence[str]],
    names: Sequence[str],
    group: str,
) -> Share | None:
    hits = answers.hits[:, answers.names.index(outcome)]
    if group == EVERYBODY:
        return share(int(hits.sum()), len(hits))
    for values in columns.values():
        inside = [_plain(value) in names for value in values]
        if any(inside):
            return share(int(hits[inside].sum()), sum(inside))
    return None


def _plain(value: str) -> str:
    return " ".join(value.replace("_", " ").casefold().split())
