"""The documentation is run: its commands, its links, its generated pages."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from framesift.cli.app import COMMANDS, cli

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(
    r"<!-- run(?:: exit (?P<code>\d+))? -->\n+```console\n(?P<body>.*?)```", re.DOTALL
)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Example:
    """A command of the documentation, what it should print, and its exit code."""

    command: str
    expected: tuple[str, ...]
    code: int


def _examples(page: Path) -> list[Example]:
    found = []
    for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
        code = int(match["code"] or 0)
        for part in re.split(r"^\$ ", match["body"], flags=re.MULTILINE)[1:]:
            command, *expected = part.rstrip("\n").split("\n")
            found.append(Example(command, tuple(line for line in expected if line), code))
    return found


def _load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _normal(line: str) -> str:
    """Drop what may differ between machines: figures, bars, the width of columns."""
    line = re.sub(r"[▏▎▍▌▋▊▉█▁▂▃▄▅▆▇]+", "", line)
    return re.sub(r"\s+", " ", re.sub(r"\d+(\.\d+)?", "#", line)).strip()


def _matches(expected: tuple[str, ...], printed: list[str]) -> bool:
    """Compare line by line; ``...`` stands for any text, alone on a line for any lines."""
    pattern = "".join(
        r"(?:.*\n)*"
        if line.strip() == "..."
        else re.escape(_normal(line)).replace(r"\.\.\.", ".*") + r"\n"
        for line in expected
    )
    text = "".join(_normal(line) + "\n" for line in printed if line.strip())
    return re.fullmatch(pattern, text) is not None


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with real pictures in ``Pictures``, as the documentation assumes."""
    pytest.importorskip("sklearn")
    folder = tmp_path_factory.mktemp("workplace")
    _load_script("demo").make_pictures(folder / "Pictures")
    (folder / "Pictures" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    return folder


@pytest.mark.skipif(os.name == "nt", reason="the examples are for a POSIX shell")
@pytest.mark.parametrize(
    "page", [page for page in PAGES if _examples(page)], ids=lambda page: page.name
)
def test_examples_do_what_the_page_says(page: Path, workplace: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FRAMESIFT_")}
    environment = {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "FRAMESIFT_CACHE_DIR": os.environ["FRAMESIFT_CACHE_DIR"],
        "XDG_CONFIG_HOME": str(workplace / "config"),
        "XDG_STATE_HOME": str(workplace / "state"),
        "COLUMNS": "100",
    }
    for example in _examples(page):
        done = subprocess.run(
            ["sh", "-c", example.command],
            cwd=workplace,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == example.code, f"{example.command}\n{done.stdout}"
        if example.expected:
            printed = done.stdout.splitlines()
            assert _matches(example.expected, printed), f"{example.command}\n{done.stdout}"


def test_some_pages_have_examples() -> None:
    assert {page.name for page in PAGES if _examples(page)} >= {"README.md", "quickstart.md"}


def test_the_command_line_page_is_what_help_prints() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == _load_script("cli_docs").render(), "run scripts/cli_docs.py"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_and_tested(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    subs = list(command.commands) if isinstance(command, click.Group) else [None]
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/cli").glob("*.py"))
    for sub in subs:
        assert f"### framesift {name} {sub}" in page if sub else f"### framesift {name}\n" in page
        called = f'"{name}", "{sub}"' if sub else f'"{name}"'
        assert called in tests, f"no test in tests/cli runs {called}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for match in LINK.finditer(page.read_text(encoding="utf-8")):
        target = match["target"]
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = page if not path else (page.parent / path).resolve()
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in _anchors(file), f"{page.name} links to {target}"


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "index.html").is_file()


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        assert f" {page.relative_to(ROOT / 'docs').as_posix()}\n" in navigation
