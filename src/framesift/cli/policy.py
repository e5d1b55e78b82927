"""``framesift policy``: write a policy, check it, say what it does, fit its thresholds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from framesift.cli.exits import DONE, Stop, write_new
from framesift.cli.lazy import ModuleGroup
from framesift.cli.options import common_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.cli.options import Request
    from framesift.policies import Category, Policy, Rule, Thresholds, VideoRule

__all__ = ["policy"]

_FILE = click.argument(
    "file", type=click.Path(dir_okay=False, allow_dash=False, path_type=Path), required=False
)
_WIDTH = 96
_SCHEMES = {
    "aws": "AWS",
    "google": "Google",
    "azure": "Azure",
    "openai": "OpenAI",
}

_LAION = "with CLIP B/32 and L/14: "
_DETECTORS = {
    "sexual_explicit": (
        f"open_nsfw (a network for explicit nudity, with any model); {_LAION}laion_nsfw too",
    ),
    "nudity": ("open_nsfw (a network for explicit nudity, with any model)",),
    "suggestive": (f"{_LAION}laion_nsfw",),
    "violence": (
        f"{_LAION}laion_violence",
        "with starter, in videos: fights beside prompts (surveillance cameras; 20 clips)",
    ),
    "weapons": ("with starter: trained (a head trained on labelled pictures)",),
}
"""What scores a category instead of prompts; `framesift.heads.moderation` decides."""


@click.group(
    cls=ModuleGroup,
    modules={"calibrate": "framesift.cli.policy_calibrate:calibrate"},
    short_help="Write, check, explain and calibrate a policy.",
)
def policy() -> None:
    """Say what is harmful and what happens then, in a file that people can read."""


@policy.command("init", short_help="Write a policy to start from.")
@click.argument(
    "file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="policy.toml"
)
@common_options
def init(request: Request, file: Path) -> int:
    """Write the built-in moderation policy, with comments, to FILE (`policy.toml`; `-` prints it).

    A file that is there already is left as it is.
    """
    from framesift.cli.console import Console
    from framesift.policies.policy import MODERATION

    text = MODERATION.read_text(encoding="utf-8")
    if str(file) == "-":
        click.echo(text, nl=False)
        return DONE
    write_new(file, text)
    Console(quiet=request.quiet).say(
        f"framesift: wrote {file}; edit it, then run `framesift policy check {file}`"
    )
    return DONE


@policy.command("check", short_help="Find mistakes and say what a policy would do.")
@_FILE
@common_options
def check(request: Request, file: Path | None) -> int:
    """Check a policy FILE and say what it would do. Without FILE: the built-in moderation policy.

    A mistake is named with its file, its key and what is allowed there, and ends with exit code 2.
    """
    del request
    _print(_checked(_load(file)))
    return DONE


@policy.command("explain", short_help="Show every category of a policy in full.")
@_FILE
@click.option(
    "--names", is_flag=True, help="Show what AWS, Google, Azure and OpenAI call each category."
)
@click.option(
    "--category",
    "only",
    multiple=True,
    metavar="NAME",
    help="Show this category only. May be given more than once.",
)
@common_options
def explain(request: Request, file: Path | None, only: tuple[str, ...], *, names: bool) -> int:
    """Show every category of a policy FILE: what it means, its prompts, thresholds and source.

    Without FILE: the built-in moderation policy.
    """
    del request
    loaded = _load(file)
    unknown = [name for name in only if name not in loaded.categories]
    if unknown:
        message = (
            f"{loaded.name} does not judge {unknown[0]!r}; it judges {', '.join(loaded.categories)}"
        )
        raise Stop(message)
    _print(_explained(loaded, only, names=names))
    return DONE


def _load(file: Path | None) -> Policy:
    from framesift.policies import Policy

    return Policy.moderation() if file is None else Policy.load(file)


def _print(lines: Iterator[str]) -> None:
    from framesift.reports.words import visible

    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        click.echo(visible(line).encode(encoding, "backslashreplace").decode(encoding))


def _checked(policy: Policy) -> Iterator[str]:
    from framesift.policies.measured import not_seen, unmeasured

    yield f"{policy.label}, version {policy.version}: no mistakes found"
    if policy.description:
        yield from _wrapped(policy.description)
    yield ""
    yield from _heading(policy)
    yield ""
    width = max(map(len, policy.rules))
    for name, rule in policy.rules.items():
        told = _told(rule.thresholds)
        exceptions = [f"{source}: {_told(own)}" for source, own in rule.sources.items()]
        media = ", ".join(policy.categories[name].applies_to)
        rest = f" ({'; '.join(exceptions)})" if exceptions else ""
        yield f"  {name:<{width}}  {told}{rest}  [{media}]"
    never = [name for name, rule in policy.rules.items() if not _blocks(rule)]
    yield ""
    if len(never) == len(policy.rules):
        yield "Nothing is blocked by a score: at most it goes to a person."
    else:
        blocking = [name for name in policy.rules if name not in never]
        yield from _wrapped(f"Blocked by a score alone: {', '.join(blocking)}.")
    missing = unmeasured(policy)
    if missing:
        listed = ", ".join(f"{name} ({medium})" for name, medium in missing)
        yield from _wrapped(
            f"Not measured: {listed}. For these, allow means that nothing was noticed, not that "
            "the item is safe."
        )
    blind = not_seen(policy)
    if blind:
        listed = "; ".join(f"{name} ({medium}) on {on}" for name, medium, on in blind)
        yield from _wrapped(f"Measured, and not seen: {listed}. There, allow means nothing.")


def _heading(policy: Policy) -> Iterator[str]:
    failures = "blocked" if policy.on_failure == "block" else "sent to review"
    words = {
        "auto": "read where the extra framesift[ocr] is installed",
        "required": "read; a run without the extra framesift[ocr] is refused",
        "off": "not read",
    }
    yield f"  model     {policy.model or 'any'}"
    yield f"  failures  {failures}"
    yield f"  tiles     {policy.tiles or 'none; the picture is looked at as a whole'}"
    yield f"  words     in pictures: {words[policy.words]}"
    blocked, allowed = policy.lists.block, policy.lists.allow
    if policy.lists:
        yield f"  lists     {len(blocked):,} hashes to block, {len(allowed):,} to allow"
    yield f"  language  texts that are not English: {policy.unknown_language} at least"
    yield from _wrapped(_videos(policy.video), first="  videos    ", rest=" " * 12)
    for tag, rule in policy.context.items():
        yield from _wrapped(
            f"{tag} from {rule.start:g} makes these {rule.at_most} at most: "
            f"{', '.join(rule.softens)}",
            first="  context   ",
            rest=" " * 12,
        )


def _videos(video: VideoRule) -> str:
    if video.rule == "share":
        return (
            f"what is reached during {video.share:.4g} of the running time decides; a moment that "
            "would be blocked goes to review"
        )
    brief = f"; what blocks for less than {video.min_s:g} s goes to review" if video.min_s else ""
    return f"the worst moment decides{brief}"


def _explained(policy: Policy, only: tuple[str, ...], *, names: bool) -> Iterator[str]:
    yield f"{policy.label}, version {policy.version}"
    if not only:
        yield from _heading(policy)
    for name, category in policy.categories.items():
        if not only or name in only:
            yield ""
            yield from _category(policy, category, names=names)


def _category(policy: Policy, category: Category, *, names: bool) -> Iterator[str]:
    from framesift.policies.measured import measured_on

    rule = policy.rules[category.name]
    own = " (your own category)" if category in policy.own else ""
    yield f"{category.name}: {category.title}{own}"
    if category.definition:
        yield from _field("means", category.definition)
    yield from _field("thresholds", _told(rule.thresholds))
    for source, thresholds in rule.sources.items():
        yield from _field(f"  {source}", _told(thresholds))
    for medium in category.applies_to:
        yield from _field(medium, _source(category, medium))
        on = measured_on(category.name, medium)
        yield from _field("", f"measured: {on}" if on else "not measured")
    yield from _looked_for(category)
    for tag, softer in policy.context.items():
        if category.name in softer.softens:
            yield from _field("milder", f"{tag} from {softer.start:g}: at most {softer.at_most}")
    if names:
        yield from _names(category.name)


def _looked_for(category: Category) -> Iterator[str]:
    from framesift.policies import JOINT_RULES

    for joint in JOINT_RULES:
        if joint.result == category.name:
            yield from _field("joint", f"picture and text together: {joint.why}")
    if category.prompts.prompts:
        yield from _field("prompts", "; ".join(category.prompts.prompts))
        yield from _field("look-alikes", "; ".join(category.prompts.contrast) or "none")
    if category.phrases:
        yield from _field("phrases", "; ".join(category.phrases))


def _names(name: str) -> Iterator[str]:
    from framesift.policies import SCHEMES, external_names

    for scheme in SCHEMES:
        found = external_names(name, scheme)
        yield from _field(_SCHEMES.get(scheme, scheme), ", ".join(found) or "no counterpart")


def _source(category: Category, medium: str) -> str:
    """Say what gives a category its score: the first of these that is there."""
    from framesift.heads.text import TEXT_CATEGORIES

    if medium == "image":
        found = list(_DETECTORS.get(category.name, ()))
        if category.prompts.prompts and not any("any model" in one for one in found):
            found.append("zero-shot (the prompts below against the look-alikes)")
        return ", else ".join(found) or "nothing scores it"
    found = ["text (a trained head)"] * (category.name in TEXT_CATEGORIES)
    if category.name == "spam_scam":
        found.append("link (patterns of links and contacts)")
    if category.phrases:
        found.append("phrase (the phrases below)")
    return "; ".join(found) or "nothing scores it"


def _blocks(rule: Rule) -> bool:
    return any(one.block is not None for one in (rule.thresholds, *rule.sources.values()))


def _told(thresholds: Thresholds) -> str:
    pairs = (("review", thresholds.review), ("block", thresholds.block))
    return ", ".join(f"{word} from {value:g}" for word, value in pairs if value is not None)


def _field(name: str, text: str) -> Iterator[str]:
    yield from _wrapped(text, first=f"  {name:<12} ", rest=" " * 15)


def _wrapped(text: str, *, first: str = "", rest: str = "") -> Iterator[str]:
    import textwrap

    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
