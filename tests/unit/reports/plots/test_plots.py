"""The plots: they show what they are given, the same way each time, and leave nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from framesift.reports import plots
from framesift.reports.plots import style

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

ODD_NAMES = ["a$x$b", "<b>&amp;\"'", "日本/写真", "line\nbreak\x1b[31m", "x" * 300]


def points(count: int, *, seed: int = 0) -> plots.Points:
    rng = np.random.default_rng(seed)
    actual = rng.uniform(0, 10, count)
    said = np.clip(actual + rng.normal(0, 1, count), 0, 10)
    return plots.Points(actual, said, np.clip(said - 1.6, 0, 10), np.clip(said + 1.6, 0, 10))


def parts(count: int) -> np.ndarray:
    return np.linspace(0, 1, count)


FIGURES: dict[str, Callable[[], Figure]] = {
    "few": lambda: plots.predicted_actual(points(40), points(90, seed=1)),
    "none": lambda: plots.predicted_actual(points(0)),
    "one": lambda: plots.predicted_actual(points(1)),
    "density": lambda: plots.predicted_actual(points(20_000), points(9_000)),
    "groups": lambda: plots.residuals_by_group(
        ODD_NAMES, np.arange(5.0) - 2, [1, 2, 3, 4, 5], low=np.arange(5.0) - 3, high=np.arange(5.0)
    ),
    "group without intervals": lambda: plots.residuals_by_group(["a"], np.zeros(1), [3]),
    "ratings": lambda: plots.rating_histogram(points(50).actual, points(50).predicted),
    "coverage": lambda: plots.coverage(plots.Tenths.of(points(200))),
    "calibration": lambda: plots.calibration(plots.Tenths.of(points(20))),
    "learning": lambda: plots.learning_curve(
        np.array([10, 300, 9000]), plots.Band(parts(3), parts(3) - 1, parts(3) + 1)
    ),
    "loss": lambda: plots.loss_curves(np.exp(-np.arange(30.0)), np.ones(30), best=4),
    "flat loss": lambda: plots.loss_curves(np.ones(3)),
    "roc": lambda: plots.roc([plots.Curve(n, parts(9), parts(9) ** 0.5, 0.7) for n in ODD_NAMES]),
    "many curves": lambda: plots.precision_recall(
        [plots.Curve(f"label {i}", parts(5), 1 - parts(5), i / 40) for i in range(40)]
    ),
    "reliability": lambda: plots.reliability(parts(5), parts(5), np.array([0, 3, 5, 9, 2])),
    "confusion": lambda: plots.confusion(ODD_NAMES, np.eye(5, dtype=int) * 7 + 1),
    "large confusion": lambda: plots.confusion([str(i) for i in range(60)], np.eye(60, dtype=int)),
    "sheet": lambda: plots.contact_sheet(
        [
            plots.Tile.rated(
                name, i, 5.0, np.full((30, 20 + i, 3), 40 * i, np.uint8) if i else None
            )
            for i, name in enumerate(ODD_NAMES)
        ],
        title="A $title$",
    ),
    "empty sheet": lambda: plots.contact_sheet([]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_plot_is_the_same_each_time_as_svg_and_png(name: str) -> None:
    first, second = FIGURES[name](), FIGURES[name]()
    svg = plots.to_svg(first, "one", "What it shows")
    assert svg == plots.to_svg(second, "one", "What it shows")
    assert svg == plots.to_svg(first, "one", "What it shows"), "a second look moves nothing"
    png = plots.to_png(first)
    assert png == plots.to_png(second)
    assert png.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", FIGURES)
def test_svg_is_small_well_formed_and_stands_alone(name: str) -> None:
    svg = plots.to_svg(FIGURES[name](), "one", "Told &amp; shown")
    root = ET.fromstring(svg)
    assert root.tag == "svg"
    assert root.get("aria-label") == "Told & shown"
    assert root.get("width") is None, "the page decides how wide it is"
    assert len(svg) < 300_000
    for word in ("<metadata", "<style", "<script", "font-family", "matplotlib.org", "dc:date"):
        assert word not in svg
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'(?:url\(|href=")#([\w-]+)', svg))
    assert used == set(ids)


def test_colours_follow_the_page() -> None:
    svg = plots.to_svg(FIGURES["few"](), "one", "")
    assert "var(--plot-1, #0072b2)" in svg
    assert "var(--ink, #16191d)" in svg
    assert not re.findall(r": #[0-9a-f]{6}", svg.replace("#ffffff", "")), "a colour that does not"


def test_two_plots_of_a_page_share_no_id() -> None:
    figures = FIGURES["few"](), FIGURES["few"]()
    first, second = (
        set(re.findall(r' id="([^"]+)"', plots.to_svg(figure, name, "")))
        for figure, name in zip(figures, ("a", "b"), strict=True)
    )
    assert first
    assert not first & second


def test_names_are_text_and_never_formulas_or_markup() -> None:
    svg = plots.to_svg(FIGURES["groups"](), "one", "")
    texts = "\n".join("".join(text.itertext()) for text in ET.fromstring(svg).iter() if text.text)
    assert "a$x$b" in texts
    assert "<b>&amp;\"'" in texts
    assert "日本/写真" in texts
    assert r"line\nbreak\x1b[31m" in texts
    assert "x" * 40 not in texts
    assert "…" in texts


def test_many_pictures_become_density() -> None:
    few = plots.to_svg(plots.predicted_actual(points(1000)), "few", "")
    many = plots.to_svg(plots.predicted_actual(points(100_000)), "many", "")
    assert many.count("<use") < 1200
    assert few.count("<use") > 1000


def test_groups_are_sorted_and_the_middle_of_very_many_is_left_out() -> None:
    names = [f"group {i:02}" for i in range(40)]
    figure = plots.residuals_by_group(names, np.arange(40.0)[::-1], [1] * 40)
    shown = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert len(shown) == 30
    assert shown[0].startswith("group 39")
    assert shown[-1].startswith("group 00")
    assert not any(text.startswith("group 20") for text in shown)


def test_tenths_hold_every_picture_once_lowest_first() -> None:
    tenths = plots.Tenths.of(points(200))
    assert tenths.counts.sum() == 200
    assert len(tenths.counts) == 10
    assert (np.diff(tenths.predicted) > 0).all()
    assert ((tenths.inside >= 0) & (tenths.inside <= 1)).all()
    assert len(plots.Tenths.of(points(20)).counts) == 1, "fifteen pictures a bin at least"


@pytest.mark.parametrize(("part", "count"), [(0.0, 5), (0.9, 40), (1.0, 12)])
def test_the_interval_of_a_proportion_holds_it(part: float, count: int) -> None:
    low, high = style.wilson(np.array([part]), np.array([count]))
    assert low[0] + 1e-12 >= 0
    assert low[0] <= part + 1e-12
    assert part <= high[0] + 1e-12
    assert high[0] <= 1 + 1e-12


def test_points_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3,\) and \(2,\)"):
        plots.Points(np.zeros(3), np.zeros(2))


def test_a_representative_sample_has_both_ends() -> None:
    actual = list(np.random.default_rng(0).permutation(100).astype(float))
    chosen = plots.representative(actual, 10)
    values = [actual[i] for i in chosen]
    assert len(set(chosen)) == 10
    assert values == sorted(values)
    assert values[0] == 0
    assert values[-1] == 99
    assert plots.representative([3.0, 1.0], 10) == [1, 0]


def test_the_worst_misses_come_first() -> None:
    assert plots.worst([5, 5, 5, 5], [5, 9, 2, 6], 3) == [1, 2, 3]


def test_a_tile_two_points_off_is_a_miss() -> None:
    assert plots.Tile.rated("a", 5.0, 7.0, None).far
    assert not plots.Tile.rated("a", 5.0, 6.9, None).far


def test_drawing_needs_no_screen_and_leaves_no_trace() -> None:
    code = (
        "import sys, matplotlib, numpy as np\n"
        "facts = lambda: {k: v for k, v in matplotlib.rcParams.copy().items() if k != 'backend'}\n"
        "before = facts()\n"
        "from framesift.reports import plots\n"
        "figure = plots.rating_histogram(np.ones(3), np.ones(3))\n"
        "plots.to_svg(figure, 'a', ''), plots.to_png(figure)\n"
        "assert facts() == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_plots_are_imported_without_matplotlib() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import numpy as np\n"
        "from framesift.errors import MissingExtraError\n"
        "from framesift.reports import plots\n"
        "try: plots.rating_histogram(np.ones(3), np.ones(3))\n"
        "except MissingExtraError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "framesift[train]" in run.stdout
