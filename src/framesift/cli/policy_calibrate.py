"""``framesift policy calibrate``: thresholds from one's own labelled pictures and texts."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.exits import CROSSED, DONE, FAILED_ITEMS, Stop
from framesift.cli.options import Request, embedding_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framesift.cli.console import Console
    from framesift.cli.examples import Example
    from framesift.cli.judged import Judged
    from framesift.cli.policy_text import Entry
    from framesift.pipeline import Analyzer
    from framesift.policies import Policy
    from framesift.policies.calibrate import Chosen, Target
    from framesift.policies.rates import Rate
    from framesift.settings import Settings
    from framesift.types import Action

__all__ = ["calibrate"]


@click.command(short_help="Fit thresholds to labelled pictures or texts.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("labelled", type=click.Path(path_type=Path))
@click.option(
    "--target",
    required=True,
    metavar="TARGET",
    help="What each threshold should achieve: `fpr<=1%`, `precision>=0.95`, `recall>=0.9`, "
    "`review<=5%` or `block<=1%` (share of all that is flagged).",
)
@click.option(
    "--category",
    "only",
    multiple=True,
    metavar="NAME",
    help="Fit this category only; may be given more than once.  [default: all with examples]",
)
@click.option(
    "--action",
    type=click.Choice(["review", "block"]),
    help="Which threshold to fit.  [default: review, or block with `block<=...`]",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the new policy goes; a file that is there is not replaced.  "
    "[default: beside FILE, with -calibrated in its name]",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Of the split into examples that choose and examples that check.  [default: 0]",
)
@embedding_options
def calibrate(request: Request, file: Path, labelled: Path, **choices: Any) -> int:
    """Fit the thresholds of policy FILE to LABELLED examples of your own.

    LABELLED is a folder with one folder per category and one called `benign`, each with pictures or
    `.txt` files; or a CSV table with a column `path` or `text`, and a column per category (1 or 0)
    or a column `category`. Pictures are judged by what they show, without captions and words.

    Half of the examples choose a threshold, the other half says what it achieves, with an exact
    95 % interval. Near-duplicates count as one. Categories with too few examples stay as they are.

    Exit codes: 0 done, 1 done but held-back examples contradict a target, 2 nothing could be fitted
    or wrong usage, 3 done but some examples could not be used, 130 interrupted.
    """
    from framesift.cli.console import plural
    from framesift.cli.examples import read_examples
    from framesift.cli.judged import Judge
    from framesift.cli.workbench import workplace
    from framesift.policies import Policy
    from framesift.policies.calibrate import Target

    target = Target.parse(choices["target"])
    policy = Policy.load(file)
    out = choices["out"] or file.with_name(f"{file.stem}-calibrated{file.suffix}")
    action = _action(target, choices["action"])
    _refuse(policy, out, choices["only"])
    with workplace(request) as (settings, console):
        examples = read_examples(labelled, list(policy.rules), settings)
        probe = _probe(policy)
        with _analyzer(request, probe, examples.items) as analyzer:
            judged = Judge(probe, analyzer, settings, console, progress=request.progress).judge(
                examples.items
            )
        fitted = _fit(policy, judged, target, (choices["only"], choices["seed"], action), console)
        model = _model_name(analyzer, settings)
        _write(file, out, fitted, action, model)
        for one in fitted:
            click.echo(_told(one, action))
        _tell_others(policy, fitted, console)
        console.say(f"framesift: wrote {out}")
        failures = [one.failure for one in judged if one.failure is not None]
        left_out = examples.tell_left_out(console, failures)
        missed = [one for one in fitted if not one.chosen.met]
        if missed:
            console.warn(
                f"{plural(len(missed), 'threshold')} missed the target on held-back examples: "
                "label more, or try another --seed and take the stricter one"
            )
    if missed:
        return CROSSED
    return FAILED_ITEMS if left_out else DONE


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A threshold for the scores of some sources of one category."""

    category: str
    medium: str
    sources: tuple[str, ...]
    chosen: Chosen


def _action(target: Target, wanted: Action | None) -> Action:
    implied: Action | None = None
    if target.metric in ("review", "block"):
        implied = "block" if target.metric == "block" else "review"
    if wanted and implied and wanted != implied:
        message = f"--target {target} is about {implied}; leave --action out or change it"
        raise click.UsageError(message)
    return wanted or implied or "review"


def _refuse(policy: Policy, out: Path, only: Sequence[str]) -> None:
    for name in only:
        if name not in policy.rules:
            message = f"{policy.name} does not judge {name!r}; it judges {', '.join(policy.rules)}"
            raise Stop(message)
    if out.exists():
        message = f"{out} is there already and was left as it is; name another file with --out"
        raise Stop(message)


def _probe(policy: Policy) -> Policy:
    """Return a policy under which the highest score of each category decides, nothing else."""
    from framesift.policies import HashLists, Rule, Thresholds

    flat = {name: Rule(Thresholds(review=1.0)) for name in policy.rules}
    return replace(policy, rules=flat, context={}, lists=HashLists(), words="off")


@contextlib.contextmanager
def _analyzer(
    request: Request, probe: Policy, items: Sequence[Example]
) -> Iterator[Analyzer | None]:
    """Load the model where there are pictures to look at."""
    if all(item.path is None for item in items):
        yield None
        return
    from framesift.cli.session import open_session
    from framesift.heads.choose import NO_QUALITY

    with open_session(request, thumbnails=True, quality=NO_QUALITY, policy=probe) as session:
        yield session.analyzer


def _model_name(analyzer: Analyzer | None, settings: Settings) -> str | None:
    """Return what the policy is to call the model: its name, or its folder."""
    from framesift.embeddings.catalog import all_specs

    if analyzer is None:
        return None
    name = analyzer.model.name
    if any(spec.name == name for spec in all_specs()):
        return name
    return str(Path(settings.model).expanduser().resolve())


def _tell_others(policy: Policy, fitted: Sequence[_Fitted], console: Console) -> None:
    """Say whose thresholds were set, and that those of all others stay."""
    by_name: dict[str, set[str]] = {}
    for one in fitted:
        by_name.setdefault(one.category, set()).update(one.sources)
    for name, sources in by_name.items():
        others = [source for source in policy.rules[name].sources if source not in sources]
        rest = f" ({', '.join(others)})" if others else ""
        console.say(
            f"framesift: {name}: set for scores by {', '.join(sorted(sources))}; those by other "
            f"sources{rest} keep their thresholds"
        )


def _fit(
    policy: Policy,
    judged: Sequence[Judged],
    target: Target,
    how: tuple[Sequence[str], int, Action],
    console: Console,
) -> list[_Fitted]:
    """Choose a threshold for every category and medium with enough examples.

    Raises:
        Stop: There was none.
    """
    from framesift.cli.judged import alike
    from framesift.errors import PolicyError
    from framesift.policies.calibrate import choose_threshold

    only, seed, _ = how
    groups = alike(judged)
    fitted, reasons = [], []
    for name in only or policy.rules:
        for medium in policy.categories[name].applies_to:
            rows = _rows(judged, name, medium)
            if not any(judged[row].example.labels[name] for row, _, _ in rows):
                continue
            try:
                chosen = choose_threshold(
                    [score for _, score, _ in rows],
                    [judged[row].example.labels[name] for row, _, _ in rows],
                    target,
                    groups=[groups[row] for row, _, _ in rows],
                    seed=seed,
                )
            except PolicyError as error:
                reasons.append(f"{name} ({medium}): {error}")
                continue
            sources = tuple(sorted({source for _, _, source in rows}))
            fitted.append(_Fitted(name, medium, sources, chosen))
    for reason in reasons:
        console.notice(f"left as it is: {reason}")
    if not fitted:
        what = "see above" if reasons else "no example is of a category that was asked for"
        message = f"no threshold was fitted and nothing was written: {what}"
        raise Stop(message)
    return fitted


def _rows(judged: Sequence[Judged], name: str, medium: str) -> list[tuple[int, float, str]]:
    """Return the examples of a medium that say something of a category: row, score, source."""
    rows = []
    for row, one in enumerate(judged):
        is_medium = (one.example.path is None) == (medium == "text")
        if one.verdict is None or name not in one.example.labels or not is_medium:
            continue
        labels = [label for label in one.verdict.labels if label.name == name]
        rows += [(row, label.score, label.source) for label in labels if 0 <= label.score <= 1]
    return rows


def _write(
    file: Path, out: Path, fitted: Sequence[_Fitted], action: Action, model: str | None
) -> None:
    """Write the policy with its new thresholds, comments and all, and make sure it can be read."""
    from framesift.cli.policy_text import with_thresholds
    from framesift.errors import PolicyError
    from framesift.policies import Policy

    policy = Policy.load(file)
    top: dict[str, Any] = {"version": policy.version + 1}
    if model is not None and any(one.medium == "image" for one in fitted):
        top["model"] = model
    entries = [_entry(one, source, policy, action) for one in fitted for source in one.sources]
    text = with_thresholds(file.read_text(encoding="utf-8-sig"), entries, top)
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        Policy.load(part)
        part.rename(out)
    except PolicyError as error:
        message = f"{out}: the new policy would not be valid there: {error.message}"
        raise Stop(message) from error
    finally:
        part.unlink(missing_ok=True)


def _entry(one: _Fitted, source: str, policy: Policy, action: Action) -> Entry:
    """Set the threshold of a source that was measured; the other one gives way."""
    from framesift.cli.policy_text import Entry

    now = policy.rules[one.category].thresholds_for(source)
    values: dict[str, float | None] = {"review": now.review, "block": now.block}
    values[action] = one.chosen.threshold
    review, block = values["review"], values["block"]
    if review is not None and block is not None and block < review:
        values = dict.fromkeys(values, one.chosen.threshold)
    known = {key: value for key, value in values.items() if value is not None}
    return Entry(one.category, source, known, {action: _comment(one.chosen)})


def _comment(chosen: Chosen) -> str:
    held = f"{_rate(chosen.achieved)} on {chosen.achieved.total} held back"
    return f"{chosen.target}: {held}{_missed(chosen)}"


def _missed(chosen: Chosen) -> str:
    return "" if chosen.met else "; target missed"


def _rate(rate: Rate) -> str:
    if rate.total == 0:
        return "unknown"
    return f"{100 * rate.value:.3g} % ({100 * rate.low:.3g} to {100 * rate.high:.3g})"


def _told(one: _Fitted, action: Action) -> str:
    chosen = one.chosen
    others = {"recall": chosen.recall, "precision": chosen.precision, "fpr": chosen.fpr}
    others.pop(chosen.target.metric, None)
    rest = ", ".join(f"{name} {_rate(rate)}" for name, rate in others.items())
    metric = chosen.target.metric
    return (
        f"{one.category} ({one.medium}; scored by {', '.join(one.sources)}): {action} from "
        f"{chosen.threshold:g}; held back {chosen.held_back[0]} of it and {chosen.held_back[1]} "
        f"others: {metric} {_rate(chosen.achieved)}, {rest}{_missed(chosen)}"
    )
