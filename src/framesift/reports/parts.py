"""What pages on training and evaluation are made of; everything from outside is escaped here."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from dataclasses import dataclass, field
from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING

from framesift.reports.base import ReportHeader
from framesift.reports.page import notice, shown
from framesift.reports.plots import to_svg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framesift.heads.base import HeadCard
    from framesift.heads.training.results import Figure, RowProblem
    from framesift.reports.figures import Plot
    from framesift.types import Failure

__all__ = [
    "PageFacts",
    "Picture",
    "about",
    "figures",
    "interval",
    "known",
    "lead",
    "number",
    "problems",
    "render",
    "section",
    "sheet",
    "table",
    "tiles",
]

_LISTED = 200
_NONE = "&ndash;"
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page says of the run beside its results.

    Attributes:
        header: Version, model, time, command line, notice.
        source: The table of ratings, or the folder of labels.
        images: Where the pictures are.
        head: Where the head was written; empty for an evaluation.
        thumbnails: Small JPEGs by the name of the picture.
        failures: Pictures that could not be read.
        problems: Rows of the table that were left out, the first of them.
        problem_count: How many there were in all.
    """

    header: ReportHeader = field(default_factory=ReportHeader)
    source: str = ""
    images: str = ""
    head: str = ""
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)
    failures: Sequence[Failure] = ()
    problems: Sequence[RowProblem] = ()
    problem_count: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a contact sheet.

    Attributes:
        name: Its path.
        actual: What people said, as text.
        predicted: What the head said, as text.
        far: Whether the head missed.
        note: A further line, such as the interval.
        thumbnail: A JPEG, or ``None``.
        excerpt: How a text begins that has no thumbnail because it is no picture.
    """

    name: str
    actual: str
    predicted: str
    far: bool = False
    note: str = ""
    thumbnail: bytes | None = None
    excerpt: str = ""


def known(value: float) -> bool:
    """Whether a figure has a meaning: neither NaN nor infinite."""
    return math.isfinite(value)


def number(value: float, digits: int = 2) -> str:
    """Return a number, or a dash where it has no meaning."""
    return f"{value:.{digits}f}".replace("-", _MINUS) if known(value) else _NONE


def interval(figure: Figure, digits: int = 2) -> str:
    """Return a figure with its interval: ``0.61 (0.52 to 0.68)``."""
    text = f"<b>{number(figure.value, digits)}</b>"
    if known(figure.low) and known(figure.high):
        ends = f"{number(figure.low, digits)} to {number(figure.high, digits)}"
        text += f' <span class="of">{ends}</span>'
    return text


def tiles(figures_: Iterable[tuple[str, str]]) -> str:
    """Return the figures at the top, pairs of value and word, both markup already."""
    return "".join(
        f'<div class="tile"><b>{value}</b><span>{word}</span></div>' for value, word in figures_
    )


def lead(strength: str, headline: str, sentences: Iterable[str]) -> str:
    """Return the verdict in words: a mark, a headline, and what else was found."""
    words = {"strong": "Strong", "useful": "Useful", "weak": "Weak", "none": "Not usable"}
    mark = f'<span class="strength {shown(strength)}">{words.get(strength, shown(strength))}</span>'
    rest = "".join(f"<li>{_squared(text)}</li>" for text in sentences)
    more = f"<ul>{rest}</ul>" if rest else ""
    return f'<div class="verdict">{mark}<p class="headline">{_squared(headline)}</p>{more}</div>'


def section(name: str, title: str, body: str, words: str = "") -> str:
    """Return a part of the page under its own title; nothing where there is no body."""
    if not body:
        return ""
    said = f'<p class="why">{shown(words)}</p>' if words else ""
    return (
        f'<section class="part" aria-labelledby="{name}"><h2 id="{name}">{shown(title)}</h2>'
        f"{said}{body}</section>\n"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int = 1) -> str:
    """Return a table whose cells are markup already.

    Args:
        head: Titles of the columns, as text.
        rows: Cells; the first of each row names it.
        numbers_from: The first column that is set as numbers.
    """
    kind = ["" if place < numbers_from else ' class="n"' for place in range(len(head))]
    titles = "".join(
        f'<th scope="col"{k}>{shown(text)}</th>' for k, text in zip(kind, head, strict=True)
    )
    body = []
    for row in rows:
        cells = "".join(
            f"<td{kind[place]}>{cell}</td>" for place, cell in enumerate(row) if place > 0
        )
        body.append(f'<tr><th scope="row">{row[0]}</th>{cells}</tr>')
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="Table"><table><thead><tr>{titles}'
        f"</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def figures(plots: Iterable[Plot], *, prefix: str = "") -> str:
    """Return plots with their titles and captions, side by side where there is room."""
    parts = []
    for plot in plots:
        svg = to_svg(plot.figure, f"{prefix}{plot.name}", shown(plot.title))
        parts.append(
            f'<figure class="graph"><h3>{shown(plot.title)}</h3>{svg}'
            f"<figcaption>{shown(plot.caption)}</figcaption></figure>"
        )
    return f'<div class="graphs">{"".join(parts)}</div>' if parts else ""


def sheet(pictures: Iterable[Picture], *, labels: bool = False) -> str:
    """Return a contact sheet: "Actual 8.0 / Predicted 7.9" under each picture.

    Args:
        pictures: In the order to show them.
        labels: Whether labels stand under them, which are longer than numbers.
    """
    parts = []
    for one in pictures:
        name = PurePath(one.name).name or one.name
        far = " far" if one.far else ""
        note = f"<small>{shown(one.note)}</small>" if one.note else ""
        parts.append(
            f'<li class="shot{far}" title="{shown(one.name)}">{_image(name, one)}'
            f'<span class="told">Actual <b>{shown(one.actual)}</b></span>'
            f'<span class="told">Predicted <b>{shown(one.predicted)}</b></span>'
            f'<span class="file">{shown(name)}</span>{note}</li>'
        )
    kind = "sheets labels" if labels else "sheets"
    return f'<ul class="{kind}">{"".join(parts)}</ul>' if parts else ""


def problems(facts: PageFacts) -> str:
    """Return what could not be used: files that failed, rows that were left out."""
    rows = [
        (failure.path, failure.error.message.removeprefix(f"{failure.path}: "))
        for failure in facts.failures[:_LISTED]
    ]
    for problem in facts.problems[:_LISTED]:
        where = f"line {problem.row}" if problem.row else ""
        rows.append((problem.path or where, problem.reason))
    count = len(facts.failures) + max(facts.problem_count, len(facts.problems))
    if not rows:
        return ""
    lines = "".join(
        f"<li><b>{shown(name)}</b><span>{shown(reason)}</span></li>" for name, reason in rows
    )
    more = count - len(rows)
    rest = f"<p>And {more:,} more.</p>" if more > 0 else ""
    return (
        '<section class="failures" aria-labelledby="left-out">'
        f'<h2 id="left-out">{count:,} could not be used</h2>'
        "<p>Missing or unreadable files, and rows that say nothing. All the rest was used.</p>"
        f"<ul>{lines}</ul>{rest}</section>"
    )


def about(facts: PageFacts, card: HeadCard, more: Iterable[tuple[str, str]] = ()) -> str:
    """Return where the page comes from, as a description list."""
    header = facts.header
    pairs = [
        ("Head", card.name),
        ("Written to", facts.head),
        ("Ratings", facts.source),
        ("Pictures", facts.images),
        ("Model", f"{header.model.name} ({header.model.precision})" if header.model else ""),
        ("Fingerprint", header.model.fingerprint if header.model else ""),
        ("Space", card.space),
        ("Reads", ", ".join(card.inputs)),
        *more,
        ("Licence", card.licence),
        ("Provenance", card.provenance),
        ("Framesift", header.version or ""),
        ("Started", header.started.isoformat(" ", "seconds") if header.started else ""),
        ("Command", " ".join(header.arguments)),
    ]
    rows = "".join(f"<dt>{shown(k)}</dt><dd><code>{shown(v)}</code></dd>" for k, v in pairs if v)
    return f'<details class="about"><summary>About this page</summary><dl>{rows}</dl></details>'


def render(
    title: str,
    subtitle: str,
    body: Sequence[str],
    notices: Iterable[str] = (),
    *,
    styles: Sequence[str] = (),
) -> str:
    """Return the whole page: no script, nothing loaded from anywhere.

    Args:
        title: Of the page, as text.
        subtitle: The line under it, as text.
        body: Its parts, as markup.
        notices: Sentences above everything, as text.
        styles: Names of further style sheets among the templates.
    """
    folder = resources.files("framesift.reports").joinpath("templates")
    css = folder.joinpath("report.css").read_text("utf-8")
    for name in ("learning.css", *styles):
        css += folder.joinpath(name).read_text("utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<link rel="icon" href="data:,">
<title>{shown(title)}</title>
<style>
{css}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header class="top"><div><h1>{shown(title)}</h1><p class="sub">{shown(subtitle)}</p></div></header>
<main id="main">
{"".join(notice(text[:1].upper() + text[1:]) for text in notices)}{"".join(body)}</main>
</body>
</html>
"""


def _squared(text: str) -> str:
    return shown(re.sub(r"\bR2\b", "R²", text))


def _image(name: str, picture: Picture) -> str:
    if picture.excerpt:
        return f'<span class="frame"><q dir="auto">{shown(picture.excerpt)}</q></span>'
    if not picture.thumbnail:
        return '<span class="frame"><span class="blank">No thumbnail</span></span>'
    data = b64encode(picture.thumbnail).decode("ascii")
    return (
        f'<span class="frame"><img decoding="async" alt="{shown(name)}" '
        f'src="data:image/jpeg;base64,{data}"></span>'
    )
