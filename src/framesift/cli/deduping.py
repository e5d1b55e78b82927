"""One run of ``framesift dedupe``: analyse, group, report, carry."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.carrying import carry_out, print_paths
from framesift.cli.console import Counts, human_size, plural
from framesift.cli.exits import DONE, FAILED_ITEMS, INTERRUPTED
from framesift.cli.options import printable
from framesift.engine.candidates import Collector
from framesift.engine.transfer import no_file_here
from framesift.types import Failure, Problem
from framesift.verdicts.duplicates import find_duplicates
from framesift.verdicts.linking import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from framesift.cli.session import Session
    from framesift.engine.transfer import Mode
    from framesift.types import Analysis, Result
    from framesift.verdicts.duplicates import Candidate, Group, Kind

__all__ = ["Deduping"]

_LIMITS = ("near_bits", "near_cosine", "cut_bits", "burst_s", "burst_cosine")
_PLANS = {
    "move": "Plan: move what need not stay to {}; what stays is not touched.",
    "copy": "Plan: copy what stays, and what has no duplicates, to {}.",
    "link": "Plan: link to what stays, and to what has no duplicates, in {}.",
}


@dataclass(eq=False)
class Deduping:
    """One run.

    Attributes:
        session: Its analyzer hashes pictures and keeps their embeddings.
        choices: The command's options.
        action: What to do and where to; ``None`` for a plan alone.
    """

    session: Session
    choices: Mapping[str, Any]
    action: tuple[Mode, Path] | None
    _counts: Counts = field(default_factory=Counts)
    _failures: list[Failure] = field(default_factory=list)
    _collector: Collector = field(default_factory=Collector)
    _passed_over: int = 0
    _candidates: list[Candidate] = field(default_factory=list)
    _groups: list[Group] = field(default_factory=list)
    _sound: dict[int, str] = field(default_factory=dict)

    def run(self) -> int:
        """Do it all and return the exit code."""
        console = self.session.console
        limits = self._limits()
        try:
            self._collect()
            self._candidates, looks = self._collector.finish()
            self._groups = find_duplicates(
                self._candidates, looks, limits=limits, kinds=self._kinds(), keep=self._keep
            )
        except KeyboardInterrupt:
            console.say(f"framesift: interrupted after {self._counts.line()}")
            console.say("framesift: nothing was chosen; run it again to go on from the cache")
            return INTERRUPTED
        for line in self._counts.failure_lines():
            console.say(line)
        console.say(f"framesift: {self._counts.line()}")
        console.say(f"framesift: {self._found()}")
        if self._passed_over and self.action is not None:
            files = plural(self._passed_over, "file")
            console.notice(f"passed over {files} that lie in {printable(str(self.action[1]))}")
        if self.choices["report"]:
            self._write_report(self.choices["report"])
        code = self._act()
        return code or (FAILED_ITEMS if self._failures else DONE)

    @property
    def _keep(self) -> Any:
        return self.choices["keep"]

    def _limits(self) -> Limits:
        given = {name: self.choices[name] for name in _LIMITS if self.choices[name] is not None}
        flags = {name: self.choices[name] for name in ("mirrored", "cut_outs")}
        return Limits(**flags, **given)

    def _kinds(self) -> frozenset[Kind]:
        kinds: set[Kind] = {"exact"}
        if not self.choices["exact_only"]:
            kinds |= {"near"} if self.choices["near"] else set()
            kinds |= {"burst"} if self.choices["bursts"] else set()
        return frozenset(kinds)

    def _collect(self) -> None:
        """Analyse everything that was named and keep what groups are found by."""
        with self.session.meter() as meter:
            for result in self.session.results():
                self._take(result)
                meter.advance()

    def _take(self, result: Result) -> None:
        if isinstance(result, Failure):
            self._failures.append(result)
            self._counts.add(result)
            return
        real = self.session.with_real_path(result)
        if elsewhere := no_file_here(real.path):
            self._leave_out(result, elsewhere)
            return
        try:
            if self._in_target(real):
                self._passed_over += 1
                return
            self._collector.add(real, Path(real.path))
        except OSError as error:
            self._leave_out(result, f"{error.strerror}; it is gone by now")
            return
        self._counts.add(result)

    def _leave_out(self, result: Analysis, reason: str) -> None:
        problem = Problem("SourceError", f"{result.path}: {reason}")
        self._take(Failure(result.path, problem, result.info.sha256))

    def _in_target(self, result: Analysis) -> bool:
        """Whether a file is where duplicates or keepers go: it is no longer one to choose from."""
        if self.action is None:
            return False
        return Path(result.path).resolve().is_relative_to(self.action[1].resolve())

    def _found(self) -> str:
        if not self._groups:
            return "no duplicates"
        kinds: Counter[str] = Counter(group.kind for group in self._groups)
        words = {"exact": "exact", "near": "near", "burst": "burst"}
        told = ", ".join(f"{kinds[kind]:,} {word}" for kind, word in words.items() if kinds[kind])
        others = [i for group in self._groups for i in group.others]
        size = human_size(sum(self._candidates[i].size_bytes for i in others))
        groups = plural(len(self._groups), "group")
        return f"{groups} ({told}); {plural(len(others), 'file')} need not stay, {size}"

    def _act(self) -> int:
        end = "\0" if self.choices["print0"] else "\n"
        if self.action is not None:
            return self._carry(*self.action)
        if self.choices["list_"] or self.choices["print0"]:
            others = sorted(i for group in self._groups for i in group.others)
            print_paths((self._candidates[i].info.path for i in others), end=end)
            return DONE
        for line in self._plan():
            click.echo(line)
        return DONE

    def _plan(self) -> Iterable[str]:
        from framesift.reports.duplicates import plan_csv, plan_jsonl, plan_table

        kind = self.choices["format_"] or "table"
        if kind == "table":
            return plan_table(self._groups, self._candidates, self._keep)
        return (plan_jsonl if kind == "jsonl" else plan_csv)(self._groups, self._candidates)

    def _carry(self, mode: Mode, folder: Path) -> int:
        from framesift.engine.transfer import Transfer

        keeper = {i: group.keep for group in self._groups for i in group.others}
        stays = [i for i in range(len(self._candidates)) if i not in keeper]
        chosen = sorted(keeper) if mode == "move" else stays
        of = {self._candidates[i].info.path: i for i in chosen}
        kinds = {
            i: why.kind
            for group in self._groups
            for i, why in zip(group.others, group.why, strict=True)
        }

        def guard(item: Candidate) -> str:
            return self._objection(item, keeper[of[item.info.path]])

        def note(path: str) -> str:
            i = of[path]
            kept = self._candidates[keeper[i]].info.path
            return "same burst as " + kept if kinds[i] == "burst" else f"{kinds[i]} copy of {kept}"

        root = self.session.paths[0] if self.choices["keep_folders"] else None
        transfer = Transfer(
            folder,
            mode,
            root=Path(root) if root else None,
            dry_run=self.choices["dry_run"],
            sidecars=self.choices["sidecars"],
            guard=guard if mode == "move" else None,
        )
        carried = carry_out(
            transfer,
            [self._candidates[i] for i in chosen],
            self.session.console,
            command="dedupe",
            undo_file=self.choices["undo_file"],
            note=note if mode == "move" else None,
        )
        return carried.code

    def _objection(self, item: Candidate, keeper: int) -> str:
        """Say why a duplicate must stay after all, or nothing."""
        from framesift.engine.placing import sha256_of

        for name in item.others:
            if Path(name).is_symlink():
                return f"the link {printable(name)} leads to it and would lead nowhere"
        if keeper not in self._sound:
            kept = self._candidates[keeper].info
            try:
                same = sha256_of(Path(kept.path)) == kept.sha256
            except OSError:
                same = False
            told = f"{printable(kept.path)}, which was to stay, is gone or changed; run it again"
            self._sound[keeper] = "" if same else told
        return self._sound[keeper]

    def _write_report(self, out: Path) -> None:
        from framesift.cli.drawings import write_page
        from framesift.cli.scan import header_of
        from framesift.reports.duplicates_page import duplicates_page
        from framesift.reports.parts import PageFacts

        facts = PageFacts(
            header=header_of(self.session),
            images=", ".join(printable(path) for path in self.session.paths),
            thumbnails=self._thumbnails(),
            failures=self._failures,
        )
        plan = "Nothing was moved, copied or linked."
        if self.action is not None:
            mode, folder = self.action
            plan = _PLANS[mode].format(printable(str(folder)))
        page = duplicates_page(self._groups, self._candidates, facts, keep=self._keep, plan=plan)
        write_page(page, out, self.session.console)

    def _thumbnails(self) -> dict[str, bytes]:
        """Make thumbnails of what the page shows; blurred ones of what is not allowed."""
        from framesift.engine.gather import thumbnails
        from framesift.media import blurred
        from framesift.pipeline import Gatherer
        from framesift.reports.duplicates_page import MOST_GROUPS

        shown = [i for group in self._groups[:MOST_GROUPS] for i in (group.keep, *group.others)]
        items = {self._candidates[i].info.path: self._candidates[i] for i in shown}
        analyzer = self.session.analyzer
        gatherer = Gatherer(
            analyzer.embedder,
            analyzer.experts,
            sampler=analyzer.sampler,
            cache=analyzer.cache,
            reading=analyzer.reading,
        )
        made = thumbnails(gatherer, {path: Path(path) for path in items})
        return {
            path: jpeg if items[path].action == "allow" else blurred(jpeg)
            for path, jpeg in made.items()
        }
