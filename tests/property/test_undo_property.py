"""Whatever a transfer did, and wherever it or the undo was killed: the undo brings it all back."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.engine import placing
from framesift.engine.journal import Journal, read_steps
from framesift.engine.placing import sha256_of
from framesift.engine.transfer import Transfer
from framesift.engine.undo import undo
from framesift.types import MediaInfo

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="a kill is played in a forked process"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

NAMES = ["a.jpg", "b.jpg", "sub/a.jpg", "sub/ü\n.jpg", "a.xmp", "sub/a.nef"]
CONTENTS = [b"", b"one", b"two"]
CALLS = ("link", "unlink", "replace", "mkdir", "rmdir", "symlink", "fsync")


class Picture:
    def __init__(self, path: Path) -> None:
        self.info = MediaInfo(str(path), sha256_of(path), "image", "jpeg", 1, 1)


def tree(folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for item in folder.rglob("*"):
        name = str(item.relative_to(folder))
        if item.is_symlink():
            found[name] = str(item.readlink())
        elif item.is_file():
            found[name] = (item.read_bytes(), item.stat().st_mtime_ns)
        else:
            found[name] = "folder"
    return found


def killed_at(count: int, work: Callable[[], object]) -> bool:
    """Do something in a process that is killed before its n-th change to the disk.

    Returns:
        Whether it came to its end before.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    left = [count]

    def counting(call: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **options: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)  # No `finally` runs, as with kill -9.
            return call(*args, **options)

        return counted

    for name in CALLS:
        setattr(os, name, counting(getattr(os, name)))
    try:
        work()
    except BaseException:  # noqa: BLE001 - the child must not go on as a second test run
        os._exit(1)
    os._exit(0)


def refuse_hard_links(number: int) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    placing.os.link = refuse


files = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CONTENTS), min_size=1)
modes = st.sampled_from(["copy", "move", "link"])
kills = st.integers(0, 30)


@settings(deadline=None, max_examples=25)
@given(
    made=files,
    there=files,
    links=st.booleans(),
    runs=st.lists(st.tuples(modes, st.permutations(NAMES), st.booleans(), kills), max_size=3),
    hard=st.sampled_from([0, errno.EPERM]),
    undo_kills=st.lists(kills, max_size=3),
)
def test_undo_restores_the_tree_bit_for_bit(made, there, links, runs, hard, undo_kills):
    root = Path(tempfile.mkdtemp())
    try:
        for place, contents in (("in", made), ("out", there)):
            for number, (name, content) in enumerate(contents.items()):
                path = root / "tree" / place / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                os.utime(path, ns=(10**18, 10**18 + number))
        if links:
            (root / "tree/in/link.jpg").symlink_to(next(iter(made)))
        before = tree(root / "tree")
        journals = []
        for number, run in enumerate(runs):
            journals.append(root / f"{number}.jsonl")
            killed_at(run[3], lambda: carry(root, journals[-1], run[:3], hard))  # noqa: B023
        for journal in reversed(journals):
            if journal.exists() and b"\n" in journal.read_bytes():
                bring_back(journal, undo_kills, hard)
        assert tree(root / "tree") == before
    finally:
        shutil.rmtree(root)


def carry(root: Path, journal: Path, run: tuple[str, list[str], bool], hard: int) -> None:
    mode, order, sidecars = run
    if hard:
        refuse_hard_links(hard)
    paths = [root / "tree/in" / name for name in ("link.jpg", *order)]
    pictures = [Picture(path) for path in paths if path.is_file()]
    target = root / "tree/out/new"
    transfer = Transfer(target, mode, sidecars=sidecars, journal=Journal(journal))
    list(transfer.run(pictures))


def bring_back(journal: Path, kills: list[int], hard: int) -> None:
    def work() -> None:
        if hard:
            refuse_hard_links(hard)
        list(undo(read_steps(journal)))

    for kill in kills:
        killed_at(kill, work)
    done = list(undo(read_steps(journal)))
    assert not [item for item in done if item.status == "left"], done
    assert {item.status for item in undo(read_steps(journal))} <= {"nothing to do"}
