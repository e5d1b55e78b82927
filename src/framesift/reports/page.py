"""The parts of the HTML page, as text. Everything that comes from outside is escaped here."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from html import escape
from pathlib import PurePath
from typing import TYPE_CHECKING

from framesift.reports.words import action_of, duration, reason, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framesift.reports.base import ReportHeader
    from framesift.reports.record import Record
    from framesift.reports.summary import Summary

__all__ = [
    "Picture",
    "about",
    "card",
    "counted",
    "data_script",
    "failure_row",
    "failures_section",
    "histogram",
    "notice",
    "script_json",
    "subtitle",
    "tiles",
]

_VERDICTS = {"allow": "Allowed", "review": "To review", "block": "Blocked"}
_KINDS = {"image": "picture", "animation": "animation", "video": "video", "text": "text"}
_NAME_TAIL = 12
_NOTE_LIMIT = 200
_PLOT_HEIGHT = 100
_NONE = "&ndash;"
_MOST_ANSWERS = 6


@dataclass(frozen=True, slots=True)
class Picture:
    """What a card shows.

    Attributes:
        thumbnail: A JPEG; blurred where ``hidden``.
        clear: The clear JPEG of a hidden picture, to be shown on a click.
        hidden: Whether the policy sends it to a person or blocks it.
    """

    thumbnail: bytes | None = None
    clear: bytes | None = None
    hidden: bool = False


def shown(text: str) -> str:
    """Return text from outside, visible and escaped, for a place between tags or in quotes."""
    return escape(visible(text).encode("utf-8", "backslashreplace").decode("utf-8"), quote=True)


def script_json(text: str) -> str:
    """Return JSON that no HTML parser can take for markup: it cannot end its script element."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def data_script(name: str, json: str) -> str:
    """Return data that the page's script reads when it is wanted; a browser runs none of it."""
    return f'<script type="application/json" id="{shown(name)}">{json}</script>\n'


def card(record: Record, place: int, picture: Picture, href: str | None, strip: str = "") -> str:
    """Return one picture of the grid.

    Args:
        record: Its record.
        place: Its index among the embedded records.
        picture: Its thumbnail.
        href: Where the original is, seen from the page, already quoted as a URL; or ``None``.
        strip: A video's time as an SVG, markup already.
    """
    name = PurePath(record["path"]).name or record["path"]
    parts = [
        f'<li class="card" data-i="{place}" data-action="{shown(action_of(record))}"',
        f' data-href="{shown(href)}"' if href else "",
        f'><button type="button" aria-haspopup="dialog" title="{shown(record["path"])}">',
        _thumbnail(name, picture, record, strip),
        _name(visible(name)),
        _score(record),
        _foot(record, name),
        "</button></li>\n",
    ]
    return "".join(parts)


def failure_row(record: Record) -> str:
    """Return one line of the list of failures."""
    error = record["error"]
    message = error["message"].removeprefix(f"{record['path']}: ")
    return (
        f"<li><b>{shown(record['path'])}</b>"
        f"<span>{shown(message)}<small>{shown(error['type'])}</small></span></li>\n"
    )


def failures_section(count: int) -> tuple[str, str]:
    """Return what stands before and after the failures' lines."""
    files = counted(count, "file")
    head = (
        '<section class="failures" id="failures" aria-labelledby="failures-title">'
        f'<h2 id="failures-title">{files} could not be read</h2>'
        "<p>Nothing is known of them, so they count as to review, or as blocked where the policy "
        "says so.</p><ul>\n"
    )
    return head, "</ul></section>"


def notice(text: str) -> str:
    """Return a banner above everything."""
    return f'<p class="note">{shown(text)}</p>\n'


def subtitle(summary: Summary, header: ReportHeader) -> str:
    """Return the line under the title: how many of what, which model, when."""
    kinds = [
        counted(summary.kinds[kind], word) for kind, word in _KINDS.items() if summary.kinds[kind]
    ]
    parts = kinds or ["Nothing could be read" if summary.items else "No pictures or videos"]
    if header.model:
        parts.append(f"model {header.model.name}")
    if header.started:
        parts.append(f"{header.started:%d %B %Y, %H:%M}".lstrip("0"))
    return " · ".join(shown(part) for part in parts)


def tiles(summary: Summary) -> str:
    """Return the figures at the top; those of verdicts and answers show only these."""
    figures = [_tile("div", "", f"{summary.items:,}", "Files" if summary.items != 1 else "File")]
    if summary.mean_score is not None:
        figures.append(_tile("div", "", f"{summary.mean_score:.1f}", "Mean score"))
    if summary.actions:
        for action, word in _VERDICTS.items():
            attributes = f'type="button" aria-pressed="false" data-action="{action}"'
            kind = action if summary.actions[action] else ""
            text = f"{summary.actions[action]:,}"
            figures.append(_tile("button", kind, text, word, attributes))
    for answer, count in summary.answers.most_common(_MOST_ANSWERS):
        attributes = f'type="button" aria-pressed="false" data-action="{shown(answer)}"'
        figures.append(_tile("button", "", f"{count:,}", _answer_name(answer), attributes))
    if summary.failures:
        target = 'href="#failures"'
        figures.append(_tile("a", "failed", f"{summary.failures:,}", "Failed", target))
    else:
        figures.append(_tile("div", "", "0", "Failed"))
    return "".join(figures)


def _answer_name(answer: str) -> str:
    kind, _, name = answer.partition(":")
    return shown(name if kind == "label" else {"none": "none of these"}.get(name, name))


def histogram(summary: Summary) -> str:
    """Return the scores as an SVG with the slider under it; nothing where there are no scores."""
    mean = summary.mean_score
    if mean is None:
        return ""
    bins = summary.histogram
    step = 10 / len(bins)
    bars = "".join(
        _bar(count, max(bins), index * step, step) for index, count in enumerate(bins) if count
    )
    ticks = "".join(f"<span>{tick}</span>" for tick in range(0, 11, 2))
    told = f"Histogram of {summary.scored} quality scores from 0 to 10, mean {mean:.1f}"
    return f"""<div class="graph">
    <div class="line"><h2><label for="min">Quality scores</label></h2>
      <output class="js-only" id="min-told" for="min">all scores</output></div>
    <div class="plot"><svg viewBox="0 0 1000 {_PLOT_HEIGHT}" preserveAspectRatio="none" \
role="img" aria-label="{told}">{bars}<line x1="{mean * 100:.1f}" x2="{mean * 100:.1f}" y1="0" \
y2="{_PLOT_HEIGHT}"><title>Mean {mean:.2f}</title></line></svg>
      <div class="axis" aria-hidden="true">{ticks}</div></div>
    <input class="slide js-only" type="range" id="min" min="0" max="10" step="0.1" value="0" \
aria-label="Lowest score to show" aria-valuetext="all scores" autocomplete="off">
    <p class="command" id="command" hidden>Keep these: <code id="command-text"></code></p>
  </div>"""


def about(header: ReportHeader) -> str:
    """Return the facts on the run as a description list."""
    facts: list[tuple[str, str]] = []
    if header.version:
        facts.append(("Framesift", header.version))
    if header.model:
        facts.append(("Model", f"{header.model.name} ({header.model.precision})"))
        facts.append(("Fingerprint", header.model.fingerprint))
    if header.policy:
        facts.append(("Policy", header.policy))
    if header.started:
        facts.append(("Started", header.started.isoformat(" ", "seconds")))
    if header.arguments:
        facts.append(("Command", " ".join(header.arguments)))
    return _pairs(facts)


def _pairs(facts: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<dt>{shown(k)}</dt><dd><code>{shown(v)}</code></dd>" for k, v in facts)


def counted(count: int, word: str) -> str:
    """Return a number with its noun: ``1 file``, ``2,000 files``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _tile(tag: str, kind: str, figure: str, word: str, attributes: str = "") -> str:
    return f'<{tag} class="tile {kind}" {attributes}><b>{figure}</b><span>{word}</span></{tag}>'


def _bar(count: int, most: int, start: float, step: float) -> str:
    # A bar of one picture among thousands must still be seen.
    height = max(_PLOT_HEIGHT * count / most, 2.5)
    end = start + step
    return (
        f'<rect data-to="{end:g}" x="{start * 100 + 4:g}" width="{step * 100 - 8:g}" '
        f'y="{_PLOT_HEIGHT - height:.1f}" height="{height:.1f}">'
        f"<title>{start:g} to {end:g}: {count:,}</title></rect>"
    )


def _thumbnail(name: str, picture: Picture, record: Record, strip: str) -> str:
    if picture.thumbnail:
        what = "Blurred thumbnail" if picture.hidden else "Thumbnail"
        clear = f' data-clear="{_base64(picture.clear)}"' if picture.clear else ""
        inside = (
            f'<img loading="lazy" decoding="async" alt="{what} of {shown(name)}" '
            f'src="data:image/jpeg;base64,{_base64(picture.thumbnail)}"{clear}>'
        )
    else:
        blank = "Text" if record["kind"] == "text" else "No thumbnail"
        inside = f'<span class="blank">{"Not shown" if picture.hidden else blank}</span>'
    length = duration(record["duration_s"])
    clock = f'<span class="clock">{length}</span>' if length else ""
    return f'<span class="thumb">{inside}{strip}{clock}</span>'


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _name(name: str) -> str:
    """Return a name that loses its middle where room is short: the end stays."""
    cut = max(len(name) - _NAME_TAIL, 0)
    return f'<span class="name"><i>{shown(name[:cut])}</i><u>{shown(name[cut:])}</u></span>'


def _score(record: Record) -> str:
    quality = record["quality"]
    if quality is None:
        return f'<span class="mark"><b>{_NONE}</b><span class="away">no score</span></span>'
    width = min(max(quality["score"], 0), 10) * 10
    return (
        f'<span class="mark"><b>{quality["score"]:.1f}</b>'
        f'<span class="meter"><i style="--s:{width:.1f}%"></i></span></span>'
    )


def _foot(record: Record, name: str) -> str:
    action = action_of(record)
    word = _VERDICTS.get(action, "")
    pill = f'<span class="pill {action}">{word}</span>' if word else ""
    folder = record["path"].removesuffix(name).rstrip("/\\")
    note = reason(record) or visible(folder)
    cut = note if len(note) <= _NOTE_LIMIT else note[: _NOTE_LIMIT - 1] + "…"
    return f'<span class="foot">{pill}<em>{shown(cut)}</em></span>'
