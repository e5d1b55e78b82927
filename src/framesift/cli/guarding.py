"""The guard at the door of every command that takes labels or searches in words."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from framesift.errors import ConfigError, RefusedError
from framesift.heads.guard import asks_of, check_request

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from framesift.cli.console import Console
    from framesift.heads.classifiers import ClassifierDefinition
    from framesift.settings import Settings

__all__ = ["guard_classifier", "guard_texts", "research_log", "words_of"]


def guard_texts(
    texts: Iterable[str], settings: Settings, *, command: str, console: Console
) -> str | None:
    """Refuse labels and searches that are against the rules of use, before any picture is read.

    Args:
        texts: Labels, prompts, contrast prompts or searches, as the user wrote them.
        settings: In force; ``research_mode`` names a study.
        command: What was called, for the log: ``framesift search``.
        console: Where the use of a research mode is said.

    Returns:
        A sentence that records and reports must carry, where a study made the request possible;
        ``None`` where nothing was asked that needs one.

    Raises:
        RefusedError: With the reason and what to ask instead.
        ConfigError: The study's log cannot be written.
    """
    given = tuple(texts)
    study = settings.research_mode
    refusal = check_request(given, mode="research" if study else "strict")
    if refusal is not None:
        raise RefusedError(refusal.message)
    asks = asks_of(given)
    if not asks or study is None:
        return None
    log = research_log()
    _append(log, {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "study": study,
        "command": command,
        "texts": list(dict.fromkeys(ask.text for ask in asks)),
        "about": sorted({ask.about for ask in asks}),
    })  # fmt: skip
    about = ", ".join(sorted({ask.about for ask in asks}))
    notice = f"research mode {study!r}: labels about {about}; logged in {log}"
    console.warn(notice)
    return notice


def guard_classifier(
    file: Path | None, labels: str | None, settings: Settings, *, command: str, console: Console
) -> str | None:
    """Do the same for a classifier: a file in words, a head that was learnt, or plain labels.

    Raises:
        RefusedError: With the reason and what to ask instead.
        HeadError: The words cannot be used.
        ConfigError: The study's log cannot be written.
    """
    from framesift.heads.classifiers import from_labels, read_classifier
    from framesift.heads.classifiers.choosing import is_trained, rule_of

    if file is not None and is_trained(file):
        from framesift.heads.store import load_head

        texts = tuple(_spoken(name) for name in rule_of(load_head(file, task="tags")).labels)
    else:
        texts = words_of(from_labels(labels or "") if file is None else read_classifier(file))
    return guard_texts(texts, settings, command=command, console=console)


def words_of(definition: ClassifierDefinition) -> tuple[str, ...]:
    """Return every name, prompt and look-alike of a classifier, for the guard."""
    texts: list[str] = []
    for label in definition.labels:
        texts += [_spoken(label.name), *label.prompts, *label.contrast]
    return tuple(dict.fromkeys([*texts, *definition.background]))


def _spoken(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def research_log() -> Path:
    """Return the file that uses of a research mode are written to, a line of JSON each."""
    from platformdirs import user_state_path

    return user_state_path("framesift", appauthor=False) / "research.jsonl"


def _append(log: Path, entry: dict[str, object]) -> None:
    """Add a line in one write, so that several runs at once do not mix their lines."""
    line = json.dumps(entry, ensure_ascii=False) + "\n"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)
    except OSError as error:
        message = (
            f"the log of research mode cannot be written ({error.strerror or error}), and without "
            "it no study may run; make the folder writable or unset research_mode"
        )
        raise ConfigError(message, source=str(log)) from error
