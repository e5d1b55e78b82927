"""What import-linter cannot say of the standard library: only `weights` opens connections."""

from __future__ import annotations

import ast
from pathlib import Path

import framesift

PACKAGE = Path(framesift.__file__).parent
NETWORK = ("ftplib", "http.client", "socket", "ssl", "urllib.request")


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_only_weights_opens_connections():
    offenders = {
        path.relative_to(PACKAGE).as_posix(): sorted(found)
        for path in PACKAGE.rglob("*.py")
        if (found := imported(ast.parse(path.read_text(encoding="utf-8"))) & set(NETWORK))
        and not path.name.startswith("weights")
    }
    assert offenders == {}
