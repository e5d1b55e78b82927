"""The page of a search for duplicates: each group side by side, what stays, and why."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from framesift.reports import parts
from framesift.reports.duplicates import kept_because, why_in_words
from framesift.reports.page import counted, shown
from framesift.reports.training_page import when
from framesift.reports.words import size_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.reports.parts import PageFacts
    from framesift.verdicts.duplicates import Candidate, Group, Keep

__all__ = ["MOST_GROUPS", "duplicates_page"]

MOST_GROUPS = 1000
"""Groups beyond so many are counted and not shown: a browser must still open the page."""

_KINDS = {"exact": "Exact copies", "near": "Near duplicates", "burst": "Burst"}
_VERDICTS = {"review": "To review", "block": "Blocked"}


def duplicates_page(
    groups: Sequence[Group],
    candidates: Sequence[Candidate],
    facts: PageFacts,
    *,
    keep: Keep,
    plan: str,
) -> str:
    """Write a plan as one page that opens offline.

    Args:
        groups: What was found.
        candidates: All that was looked at.
        facts: Of the run; its thumbnails are by path, and blurred already where the policy sends
            a picture to review or blocks it.
        keep: The rule that decided what stays.
        plan: What is to happen to the others, as a sentence.
    """
    body = [
        f'<div class="tiles">{_tiles(groups, candidates)}</div>',
        *(_group(group, candidates, facts, keep) for group in groups[:MOST_GROUPS]),
        parts.problems(facts),
        _about(facts),
    ]
    kept = {"best": "the best one stays"}.get(keep, f"what stays: {keep.replace('-', ' ')}")
    subtitle = " · ".join((counted(len(candidates), "file"), kept, *when(facts)))
    notices = [text for text in (facts.header.notice, plan) if text]
    if len(groups) > MOST_GROUPS:
        notices.append(
            f"This page shows {MOST_GROUPS:,} of {len(groups):,} groups; --format lists them all."
        )
    return parts.render("Duplicates", subtitle, body, notices, styles=("duplicates.css",))


def _tiles(groups: Sequence[Group], candidates: Sequence[Candidate]) -> str:
    kinds: Counter[str] = Counter(group.kind for group in groups)
    others = [i for group in groups for i in group.others]
    freed = sum(candidates[i].size_bytes for i in others)
    pairs = [
        (f"{len(groups):,}", "Groups" if len(groups) != 1 else "Group"),
        *((f"{kinds[kind]:,}", word) for kind, word in (_KINDS | {"burst": "Bursts"}).items()),
        (f"{len(others):,}", "Files that need not stay"),
        (size_in_words(freed), "In these files"),
    ]
    return parts.tiles(pairs)


def _group(group: Group, candidates: Sequence[Candidate], facts: PageFacts, keep: Keep) -> str:
    one = candidates[group.keep]
    shots = [_shot(one, "Stays", kept_because(group, candidates, keep), facts)]
    shots += [
        _shot(candidates[i], "Duplicate", why_in_words(why), facts)
        for i, why in zip(group.others, group.why, strict=True)
    ]
    files = counted(len(shots), "file")
    return (
        f'<section class="twins"><h2>{_KINDS[group.kind]} <span>· {files}</span></h2>'
        f'<ul class="sheets">{"".join(shots)}</ul></section>\n'
    )


def _shot(one: Candidate, role: str, words: str, facts: PageFacts) -> str:
    path = PurePath(one.info.path)
    score = "&ndash;" if one.score is None else f"{one.score:.1f}"
    pill = ""
    if one.action != "allow":
        pill = f'<span class="pill {one.action}">{_VERDICTS[one.action]}</span>'
    also = f"<small>Also named {shown(', '.join(one.others))}</small>" if one.others else ""
    part = "<small>Only a part could be read</small>" if one.partial else ""
    kind = "shot stays" if role == "Stays" else "shot"
    return (
        f'<li class="{kind}" title="{shown(one.info.path)}">{_frame(one, facts)}'
        f'<span class="role"><b>{role}</b>{shown(words)}</span>'
        f'<span class="told">Score <b>{score}</b></span>'
        f'<span class="told">Pixels <b>{one.info.width} x {one.info.height}</b></span>'
        f'<span class="told">Size <b>{size_in_words(one.size_bytes)}</b></span>'
        f'<span class="file">{shown(path.name)}</span><small>{shown(str(path.parent))}</small>'
        f"{also}{part}{pill}</li>"
    )


def _frame(one: Candidate, facts: PageFacts) -> str:
    jpeg = facts.thumbnails.get(one.info.path)
    if not jpeg:
        return '<span class="frame"><span class="blank">No thumbnail</span></span>'
    what = "Thumbnail" if one.action == "allow" else "Blurred thumbnail"
    data = b64encode(jpeg).decode("ascii")
    name = shown(PurePath(one.info.path).name)
    return (
        f'<span class="frame"><img loading="lazy" decoding="async" alt="{what} of {name}" '
        f'src="data:image/jpeg;base64,{data}"></span>'
    )


def _about(facts: PageFacts) -> str:
    header = facts.header
    pairs = [
        ("Searched", facts.images),
        ("Model", f"{header.model.name} ({header.model.precision})" if header.model else ""),
        ("Fingerprint", header.model.fingerprint if header.model else ""),
        ("Policy", header.policy or ""),
        ("Framesift", header.version or ""),
        ("Started", header.started.isoformat(" ", "seconds") if header.started else ""),
        ("Command", " ".join(header.arguments)),
    ]
    rows = "".join(f"<dt>{shown(k)}</dt><dd><code>{shown(v)}</code></dd>" for k, v in pairs if v)
    return f'<details class="about"><summary>About this page</summary><dl>{rows}</dl></details>'
