"""Writing a calibration into a classifier file without losing what people wrote into it."""

from __future__ import annotations

import contextlib
import tomllib
from typing import TYPE_CHECKING, Any

from framesift.cli.exits import Stop
from framesift.errors import HeadError
from framesift.heads.classifiers import read_classifier

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.heads.classifiers import SpaceCalibration

__all__ = ["with_calibration", "write_checked"]

_DECIMALS = 6


def with_calibration(text: str, made: SpaceCalibration) -> str:
    """Return a classifier file with the calibration of one embedding space put in or replaced.

    Comments and order stay, and so do calibrations of other spaces.

    Args:
        text: A valid classifier file, TOML.
        made: The calibration.
    """
    import tomlkit

    entry = _plain(made)
    wanted = tomllib.loads(text)
    wanted.setdefault("calibration", {})[made.space] = entry
    # TOML Kit cannot extend every form of table, and then fails or writes something else.
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        document: Any = tomlkit.parse(text)
        if "calibration" not in document:
            document["calibration"] = tomlkit.table(is_super_table=True)
        document["calibration"][made.space] = entry
        edited = tomlkit.dumps(document)
        if tomllib.loads(edited) == wanted:
            return edited
    return tomlkit.dumps(wanted)


def write_checked(text: str, out: Path) -> None:
    """Write a classifier file, which appears whole and only if it can be read.

    Raises:
        Stop: It would not be valid, or cannot be written.
    """
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        read_classifier(part)
        part.replace(out)
    except HeadError as error:
        message = f"{out}: the new classifier would not be valid: {error.message}"
        raise Stop(message) from error
    except OSError as error:
        message = f"{out} cannot be written ({error.strerror}); name another file with --out"
        raise Stop(message) from error
    finally:
        part.unlink(missing_ok=True)


def _plain(made: SpaceCalibration) -> dict[str, Any]:
    entry: dict[str, Any] = {"note": made.note, "wording": made.wording}
    if made.platt:
        entry["platt"] = {
            name: [round(scale, _DECIMALS), round(shift, _DECIMALS)]
            for name, (scale, shift) in made.platt.items()
        }
    else:
        entry["temperature"] = round(made.temperature, _DECIMALS)
    if made.abstain_below is not None:
        entry["abstain_below"] = made.abstain_below
    if made.shifts:
        entry["shifts"] = {name: round(value, _DECIMALS) for name, value in made.shifts.items()}
    return entry
