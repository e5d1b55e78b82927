"""How plots look, and how a figure becomes SVG inside a page or a PNG file.

Figures are drawn without pyplot, so nothing global is left behind. The colours are those of Okabe
and Ito (2008), which people with any common colour blindness can tell apart; marks differ in shape
too. In a page the colours become CSS variables, so that a plot follows the page into the dark.
"""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import re
import warnings
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from framesift.errors import MissingExtraError
from framesift.reports.words import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = [
    "FIRST",
    "INK",
    "LINE",
    "SECOND",
    "SOFT",
    "THIRD",
    "drawn",
    "label",
    "new_figure",
    "plain_axes",
    "segments",
    "to_png",
    "to_svg",
    "wilson",
]

INK, SOFT, LINE, GROUND = "#16191d", "#59626d", "#dfe3e8", "#ffffff"
FIRST, SECOND, THIRD = "#0072b2", "#d55e00", "#009e73"

_VARIABLES = {
    INK: "--ink",
    SOFT: "--soft",
    LINE: "--line",
    GROUND: "--card",
    FIRST: "--plot-1",
    SECOND: "--plot-2",
    THIRD: "--plot-3",
}
_SETTINGS: Any = {
    "axes.edgecolor": SOFT,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "figure.dpi": 100,
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.color": SOFT,
    "ytick.labelcolor": INK,
}
_LABEL_LIMIT = 34
_COLOUR = re.compile(r"(?<=: )#[0-9a-f]{6}\b")
_NUMBER = re.compile(r"\d+\.\d{3,}")
_TAG = re.compile(r"<[^>]+>")
_FONT = re.compile(r"font: ((?:\w+ )*?)([\d.]+)px [^;\"]*")
_FAMILY = re.compile(r"font-family: [^;\"]*;? *")
_NO_TURN = re.compile(r" transform=\"rotate\(-?0 [^\"]*\"")

_MARK = re.compile(r'(<use [^>]*?) style="([^"]*)"/>')

Given = ParamSpec("Given")
Made = TypeVar("Made")


def drawn(function: Callable[Given, Made]) -> Callable[Given, Made]:
    """Run a function that draws under the settings of this module.

    Raises:
        MissingExtraError: On the call, if matplotlib is not installed.
    """

    @functools.wraps(function)
    def inner(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        with _settings():
            return function(*args, **kwargs)

    return inner


def new_figure(width: float = 5.0, height: float = 4.0) -> Figure:
    """Make an empty figure; inches of 72 points, of which a phone shows five across."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def plain_axes(axes: Axes, *, x: str = "", y: str = "", grid: str = "both") -> None:
    """Name the axes and draw a faint grid behind everything (``x``, ``y``, ``both``, ``none``)."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_axisbelow(True)
    if grid in ("x", "y", "both"):
        axes.grid(color=LINE, linewidth=0.8, axis=grid)  # type: ignore[arg-type]


def label(text: str, limit: int = _LABEL_LIMIT) -> str:
    """Return a name from outside, visible and cut in the middle to a number of characters."""
    shown = visible(text)
    if len(shown) <= limit:
        return shown
    head = limit // 3
    return f"{shown[:head]}…{shown[-(limit - head - 1) :]}"


def segments(starts: NDArray[Any], ends: NDArray[Any]) -> NDArray[np.float64]:
    """Lay pairs out as one line with gaps: one path in the SVG instead of one per picture."""
    gaps = np.full(len(starts), np.nan)
    return np.stack([starts, ends, gaps], axis=1).reshape(-1)


def wilson(
    part: NDArray[np.floating], counts: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % interval of each proportion (Wilson, 1927), float (B,) each."""
    z = 1.96
    width = 1 + z**2 / counts
    middle = (part + z**2 / (2 * counts)) / width
    reach = z / width * np.sqrt(part * (1 - part) / counts + (z / (2 * counts)) ** 2)
    return middle - reach, middle + reach


def to_svg(figure: Figure, name: str, described: str) -> str:
    """Return a figure as an ``svg`` element for a page; the same figure gives the same text.

    Args:
        figure: Drawn by this package.
        name: Unlike that of any other figure of the page: letters, digits, hyphens.
        described: What the figure shows, for people who cannot see it; already escaped.
    """
    out = io.StringIO()
    with _settings(), _quiet():
        import matplotlib as mpl

        _settle(figure)
        with mpl.rc_context({"svg.hashsalt": name}):
            figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return _slim(out.getvalue(), described)


def to_png(figure: Figure, *, dpi: int = 160) -> bytes:
    """Return a figure as a PNG on white; the same figure gives the same bytes."""
    out = io.BytesIO()
    with _settings(), _quiet():
        figure.savefig(out, format="png", dpi=dpi, facecolor=GROUND, metadata={"Software": None})
    return out.getvalue()


def _settle(figure: Figure) -> None:
    """Lay a figure out once and for all: every further drawing would move it a little."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")


@contextlib.contextmanager
def _settings() -> Iterator[None]:
    try:
        import matplotlib as mpl
    except ImportError as error:
        message = 'plots need matplotlib: pip install "framesift[train]"'
        raise MissingExtraError(message) from error
    with mpl.rc_context(_SETTINGS):
        yield


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let names in scripts that the font does not have pass: the page has fonts of its own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing", category=UserWarning)
        yield


def _slim(svg: str, described: str) -> str:
    """Keep what a page needs: no prolog, no metadata, no ids but those referred to."""
    svg = svg[svg.index("<svg") :].rstrip()
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    # This style would reach every element of the page, not only those of the plot.
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", svg, count=1, flags=re.DOTALL)
    viewbox = re.search(r'viewBox="[^"]+"', svg)
    assert viewbox is not None
    opening = f'<svg class="chart" {viewbox[0]} role="img" aria-label="{described}">'
    svg = opening + svg[svg.index(">") + 1 :]
    used = set(re.findall(r"#([\w-]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in used else "", svg)
    svg = _TAG.sub(_slim_tag, re.sub(r"\n\s*", "\n", svg).replace("xlink:href", "href"))
    return "\n".join(_shared_styles(svg.split("\n")))


def _shared_styles(lines: Iterable[str]) -> Iterator[str]:
    """Say the style of marks that follow one another once, around them."""
    for style, run in itertools.groupby(lines, key=_style_of_mark):
        if style is None:
            yield from run
            continue
        yield f'<g style="{style}">'
        yield from (_MARK.sub(r"\1/>", line) for line in run)
        yield "</g>"


def _style_of_mark(line: str) -> str | None:
    match = _MARK.fullmatch(line)
    return match[2] if match else None


def _slim_tag(match: re.Match[str]) -> str:
    tag = _NUMBER.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), match[0])
    tag = _FONT.sub(lambda m: f"{_weight(m[1])}font-size: {m[2]}px", tag)
    tag = _NO_TURN.sub("", _FAMILY.sub("", tag))
    return _COLOUR.sub(_variable, tag)


def _weight(words: str) -> str:
    return "font-weight: 700; " if "700" in words or "bold" in words else ""


def _variable(match: re.Match[str]) -> str:
    name = _VARIABLES.get(match[0])
    return f"var({name}, {match[0]})" if name else match[0]
