"""Classifier files: TOML in, a checked definition out, and an error that helps where it is wrong.

docs/classifiers.md describes the file. `SCHEMA` grows when a key disappears or changes its meaning.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from framesift.errors import HeadError
from framesift.heads.classifiers.definition import (
    BACKGROUND,
    NONE,
    ClassifierDefinition,
    Label,
    Mode,
    SpaceCalibration,
)
from framesift.heads.classifiers.naming import as_prompt, is_none_name
from framesift.heads.prompts import TEMPLATES
from framesift.toml_table import Table, read_toml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SCHEMA", "read_classifier"]

SCHEMA = 1
_TOP = (
    "schema",
    "name",
    "description",
    "mode",
    "templates",
    "background",
    "abstain_below",
    "temperature",
    "label",
    "calibration",
)
_LABEL = ("name", "prompts", "contrast", "threshold")
_CALIBRATION = ("temperature", "shifts", "platt", "abstain_below", "wording", "note")
_SHARE = "a number from 0 to 1"
_MOST_LABELS = 2000


def read_classifier(path: Path) -> ClassifierDefinition:
    """Read and check a classifier file.

    Raises:
        HeadError: Naming the file, the key, the reason and the way out.
    """
    values = read_toml(path, what="classifier", page="docs/classifiers.md", error=HeadError)
    return _definition(Table(values, source=str(path), error=HeadError), path)


def _definition(top: Table, path: Path) -> ClassifierDefinition:
    top.only(_TOP)
    if "schema" not in top.values:
        top.fail("schema", f"is missing; add the line schema = {SCHEMA}")
    schema = top.whole("schema", SCHEMA, low=1, why=f"write schema = {SCHEMA}")
    if schema > SCHEMA:
        top.fail("schema", f"is {schema}; this version reads {SCHEMA}: upgrade Framesift")
    labels = _labels(top)
    mode = cast("Mode", top.choice("mode", ("one", "many")))
    return ClassifierDefinition(
        name=top.text("name").strip() or path.stem,
        labels=labels,
        mode=mode,
        templates=_templates(top),
        background=top.strings("background") if "background" in top.values else BACKGROUND,
        abstain_below=_share(top, "abstain_below"),
        temperature=_positive(top, "temperature", 1.0),
        description=top.text("description"),
        source=str(path),
        calibrations=_calibrations(top, {label.name for label in labels}),
    )


def _labels(top: Table) -> tuple[Label, ...]:
    tables = top.tables("label")
    if not tables:
        top.fail("label", 'is missing; write [[label]] and below it name = "dog"')
    if len(tables) > _MOST_LABELS:
        top.fail("label", f"has {len(tables)} entries; write at most {_MOST_LABELS}")
    labels = tuple(_label(table) for table in tables)
    seen: dict[str, str] = {}
    for table, label in zip(tables, labels, strict=True):
        twin = seen.setdefault(label.name.casefold(), table.where)
        if twin != table.where:
            table.fail("name", f"is {label.name!r}, as that of {twin}; give it another name")
    return labels


def _label(table: Table) -> Label:
    table.only(_LABEL)
    name = table.filled("name", 'add a line such as name = "dog"')
    if is_none_name(name):
        table.fail(
            "name",
            f"is {name!r}, which the background stands for; remove this label: "
            "with background prompts, none of these can win",
        )
    prompts = table.strings("prompts")
    if "prompts" in table.values and not prompts:
        table.fail("prompts", 'is empty; write what such pictures show, such as ["a dog"]')
    return Label(
        name,
        prompts or (as_prompt(name),),
        table.strings("contrast"),
        _share(table, "threshold"),
    )


def _templates(top: Table) -> tuple[str, ...]:
    if "templates" not in top.values:
        return TEMPLATES
    templates = top.strings("templates")
    if not templates:
        top.fail("templates", 'is empty; write ["{}"] to take prompts as they are')
    for template in templates:
        if "{}" not in template:
            top.fail("templates", f"has {template!r}; write {{}} where the prompt goes")
    return templates


def _calibrations(top: Table, names: set[str]) -> dict[str, SpaceCalibration]:
    outer = top.table("calibration")
    below = 'write [calibration."SPACE"]; `framesift classifier calibrate` does it'
    return {
        space: _calibration(space, outer.table(space, below=below), names) for space in outer.values
    }


def _calibration(space: str, table: Table, names: set[str]) -> SpaceCalibration:
    table.only(_CALIBRATION)
    shifts, platt = table.table("shifts"), table.table("platt")
    shifts.only((*names, NONE))
    platt.only(tuple(names))
    return SpaceCalibration(
        space,
        temperature=_positive(table, "temperature", 1.0),
        shifts={name: _finite(shifts, name) for name in shifts.values},
        platt={name: _pair(platt, name) for name in platt.values},
        abstain_below=_share(table, "abstain_below"),
        wording=table.text("wording"),
        note=table.text("note"),
    )


def _share(table: Table, key: str) -> float | None:
    value = table.number(key, _SHARE)
    if value is not None and not 0 <= value <= 1:
        table.fail(key, f"is {value:g}; write {_SHARE}")
    return value


def _positive(table: Table, key: str, default: float) -> float:
    value = table.number(key, "a number above 0")
    if value is None:
        return default
    if not (math.isfinite(value) and value > 0):
        table.fail(key, f"is {value:g}; write a number above 0")
    return value


def _finite(table: Table, key: str) -> float:
    value = table.number(key, "a number")
    if value is None or not math.isfinite(value):
        table.fail(key, f"is {value}; write a number")
    return value


def _pair(table: Table, key: str) -> tuple[float, float]:
    value: Any = table.values[key]
    numbers = isinstance(value, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one)
        for one in value
    )
    if not numbers or len(value) != 2 or value[0] <= 0:
        table.fail(key, f"is {value!r}; write [scale, shift], the scale above 0")
    return float(value[0]), float(value[1])
