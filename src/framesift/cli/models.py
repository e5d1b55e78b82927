"""``framesift models``: what there is, what each is, and fetching one ahead of time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.exits import DONE
from framesift.cli.options import Request, model_options

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.embeddings.base import ModelSpec

__all__ = ["models"]

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(short_help="List, describe and fetch models.")
def models() -> None:
    """List, describe and fetch models."""


@models.command("list", short_help="List the models by name.")
@_JSON
def list_models(*, as_json: bool) -> int:
    """List the models by name, and whether their files are on this machine."""
    from framesift.embeddings.catalog import all_specs

    rows = [_describe(spec) for spec in all_specs()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return DONE
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        state = "here" if row["cached"] else f"{row['size_mb'] or '?'} MB"
        click.echo(f"{row['name']:<{width}}  {state:>8}  {row['description']}")
    return DONE


@models.command("info", short_help="Say what a model is and where it comes from.")
@click.argument("name")
@_JSON
def info(name: str, *, as_json: bool) -> int:
    """Say what a model is, where its files come from and under which licence."""
    from framesift.embeddings.catalog import find_spec

    known = _describe(find_spec(name))
    if as_json:
        click.echo(json.dumps(known, indent=2))
        return DONE
    for key, value in known.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        if isinstance(value, bool):
            shown = "yes" if value else "no"
        if shown not in (None, ""):
            click.echo(f"{key.replace('_', ' '):<15} {shown}")
    return DONE


@models.command("fetch", short_help="Download a model and its heads.")
@click.argument("name")
@model_options
def fetch(request: Request, name: str) -> int:
    """Download a model and its heads, check them, and load them once.

    A model that was fetched works offline from then on.
    """
    from framesift.cli.console import Console
    from framesift.cli.downloads import Downloads
    from framesift.cli.effective import effective_settings, using_cache_dir
    from framesift.embeddings import load_embedder
    from framesift.heads import quality_head_for

    console = Console(quiet=request.quiet)
    settings = effective_settings(request, console)
    with using_cache_dir(settings.cache_dir):
        with Downloads(console) as progress:
            embedder = load_embedder(
                name,
                device=settings.device,
                precision=settings.precision,
                offline=settings.offline,
                progress=progress,
            )
        head = quality_head_for(embedder, offline=settings.offline)
        if head.notice:
            console.notice(head.notice)
    click.echo(f"{name}: ready ({embedder.precision}, quality by {head.card.name})")
    return DONE


def _describe(spec: ModelSpec) -> dict[str, Any]:
    from framesift.embeddings.weights import is_cached, model_dir

    embedded = spec.repo is None
    return {
        "name": spec.name,
        "description": spec.description,
        "cached": embedded or is_cached(spec),
        "size_mb": 0 if embedded else spec.size_mb,
        "licence": spec.licence,
        "space": spec.space,
        "dimension": spec.dim,
        "repository": spec.repo,
        "revision": spec.revision,
        "layout": spec.layout,
        "precisions": sorted(spec.vision) or ["fp32"],
        "input_px": spec.preprocess.size if spec.preprocess else None,
        "context_length": spec.context_length,
        "folder": None if embedded else _shown(model_dir(spec)),
        "int8_cosine": None if embedded else _int8_cosine(spec),
    }


def _int8_cosine(spec: ModelSpec) -> float | None:
    """Return the best cosine that was measured here between an int8 tower and its fp32 original."""
    from framesift.embeddings.places import cache_root
    from framesift.embeddings.quantize import known_reports
    from framesift.embeddings.weights import model_dir

    folder, files = model_dir(spec), spec.vision.get("fp32", ())
    original = folder / files[0].path if folder and files else None
    if original is None or not original.is_file():
        return None
    reports = known_reports(original, cache_root() / "quantized")
    return reports[0].cosine if reports else None


def _shown(folder: Path | None) -> str | None:
    return None if folder is None else str(folder)
