"""The page of `framesift audit prompts`: how much answers move with the wording."""

from __future__ import annotations

from base64 import b64encode
from pathlib import PurePath
from typing import TYPE_CHECKING

from framesift.reports import parts
from framesift.reports.page import counted, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framesift.heads.classifiers import ClassifierDefinition
    from framesift.heads.prompt_audit import PromptAudit, Shaky
    from framesift.reports.base import ReportHeader

__all__ = ["prompt_page"]

_SHEET = 36
_BOUNDS = ((0.02, "strong"), (0.08, "useful"), (0.2, "weak"))
_HEADLINES = {
    "strong": "The answers hardly depend on the wording.",
    "useful": "A few answers depend on the wording.",
    "weak": "Many answers depend on the wording.",
    "none": "The answers depend on the wording as much as on the pictures.",
}


def prompt_page(
    audit: PromptAudit,
    definition: ClassifierDefinition,
    header: ReportHeader,
    thumbnails: Mapping[str, bytes],
    notices: Sequence[str] = (),
) -> str:
    """Write an audit of wordings as one page that opens offline.

    Args:
        audit: What was measured.
        definition: The classifier.
        header: Version, model, time, command line.
        thumbnails: Small JPEGs by the name of the picture.
        notices: Sentences that stand above everything.
    """
    body = [
        _opening(audit),
        parts.section("labels", "Label by label", _labels(audit), _LABELS),
        parts.section("wordings", "The wordings", _wordings(audit), _WORDINGS),
        parts.section("templates", "Which templates to take", _ensembles(audit), _ENSEMBLES),
        parts.section("shaky", "Pictures that change most", _pictures(audit, thumbnails), _SHAKY),
        _about(definition, header),
    ]
    started = f"{header.started:%d %B %Y, %H:%M}".lstrip("0") if header.started else ""
    pictures = counted(audit.pictures, "picture")
    told = (f"Wording of {counted(len(definition.labels), 'label')} on {pictures}",)
    subtitle = " · ".join(part for part in (*told, f"model {audit.model}", started) if part)
    return parts.render(audit.classifier, subtitle, body, notices)


_LABELS = (
    "Of the pictures with a label, how many answers another wording changes, and how far the label "
    "leads over the next one, a difference of probabilities."
)
_WORDINGS = "The share of all pictures whose answer differs from that in your own words."
_ENSEMBLES = (
    "How many answers change where one template is exchanged for another one, or articles and "
    "number change: the fewer, the less hangs on a word. Steady is not right: a set can be steady "
    "and wrong, which only labelled pictures show (`framesift classifier test`)."
)
_SHAKY = (
    "Look whether their labels are clear to a person; a closer prompt or a look-alike may help."
)


def _strength(rate: float) -> str:
    return next((name for bound, name in _BOUNDS if rate <= bound), "none")


def _opening(audit: PromptAudit) -> str:
    strength = _strength(audit.flip_rate)
    worst = audit.wordings[0]
    sentences = [
        f"Said in {len(audit.wordings)} other ways, {_percent(audit.flip_rate)} of the answers "
        f"change on average; {_percent(audit.touched)} of the pictures change at least once.",
        f"The wording that changes most is {worst.name}, as in “{worst.example}”.",
        _advice(audit),
    ]
    figures = [
        (_percent(audit.flip_rate), "of answers change"),
        (_percent(audit.touched), "of pictures touched"),
        (parts.number(audit.margin_spread, 3), "spread of the lead"),
        (f"{audit.pictures:,}", "pictures"),
    ]
    lead = parts.lead(strength, _HEADLINES[strength], sentences)
    return f'<div class="opening">{lead}<div class="tiles">{parts.tiles(figures)}</div></div>'


def _advice(audit: PromptAudit) -> str:
    own = next(one for one in audit.ensembles if one.name == "own")
    best = audit.steadiest
    if best.name == "own":
        return f"Your templates are the steadiest of those tried ({_percent(own.flip_rate)})."
    return (
        f"The steadiest templates are those called “{best.name}” below: {_percent(best.flip_rate)} "
        f"change, against {_percent(own.flip_rate)} with yours."
    )


def _labels(audit: PromptAudit) -> str:
    rows = [
        (
            shown(one.name),
            f"{one.pictures:,}",
            _percent(one.flip_rate),
            parts.number(one.margin),
            parts.number(one.margin_spread, 3),
            shown(one.lost_to) or "&ndash;",
        )
        for one in audit.labels
    ]
    head = ("Answer", "Pictures", "Change", "Lead", "Spread of the lead", "Mostly lost to")
    return parts.table(head, rows)


def _wordings(audit: PromptAudit) -> str:
    rows = [
        (
            f"{shown(one.name)}<small>{shown(one.example)}</small>",
            _percent(one.flips),
        )
        for one in audit.wordings
    ]
    return parts.table(("Wording", "Change"), rows)


def _ensembles(audit: PromptAudit) -> str:
    rows = []
    for place, one in enumerate(audit.ensembles):
        mark = '<span class="mark-chosen">steadiest</span>' if place == 0 else ""
        name = "own" if one.name == "own" else one.name
        listed = ", ".join(f"“{template}”" for template in one.templates)
        rows.append(
            (
                f"{shown(name)}{mark}<small>{shown(listed)}</small>",
                _percent(one.flip_rate),
                _percent(one.agreement),
            )
        )
    return parts.table(("Templates", "Change", "Same answer as yours"), rows)


def _pictures(audit: PromptAudit, thumbnails: Mapping[str, bytes]) -> str:
    cards = "".join(_card(one, thumbnails.get(one.name)) for one in audit.shaky[:_SHEET])
    return f'<ul class="sheets labels">{cards}</ul>' if cards else ""


def _card(one: Shaky, thumbnail: bytes | None) -> str:
    name = PurePath(one.name).name or one.name
    others = ", ".join(f"{label} {count} times" for label, count in one.others)
    if thumbnail:
        data = b64encode(thumbnail).decode("ascii")
        image = f'<img decoding="async" alt="{shown(name)}" src="data:image/jpeg;base64,{data}">'
    else:
        image = '<span class="blank">No thumbnail</span>'
    return (
        f'<li class="shot" title="{shown(one.name)}"><span class="frame">{image}</span>'
        f'<span class="told">Yours <b>{shown(one.answer)}</b></span>'
        f'<span class="told">Also <b>{shown(others)}</b></span>'
        f'<span class="file">{shown(name)}</span>'
        f"<small>{_percent(one.flip_rate)} of wordings change it</small></li>"
    )


def _about(definition: ClassifierDefinition, header: ReportHeader) -> str:
    model = header.model
    pairs = [
        ("Classifier", definition.source or ", ".join(definition.names)),
        ("Templates", ", ".join(definition.templates)),
        ("Model", f"{model.name} ({model.precision})" if model else ""),
        ("Fingerprint", model.fingerprint if model else ""),
        ("Framesift", header.version or ""),
        ("Started", header.started.isoformat(" ", "seconds") if header.started else ""),
        ("Command", " ".join(header.arguments)),
    ]
    return _details(pairs)


def _details(pairs: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{shown(k)}</dt><dd><code>{shown(v)}</code></dd>" for k, v in pairs if v)
    return f'<details class="about"><summary>About this page</summary><dl>{rows}</dl></details>'


def _percent(value: float) -> str:
    if not parts.known(value):
        return "&ndash;"
    return f"{value * 100:.1f} %" if value < 0.1 else f"{value * 100:.0f} %"
