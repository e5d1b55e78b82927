"""``framesift cache``: what is remembered, and forgetting it."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import click

from framesift.cli.exits import DONE
from framesift.cli.options import Request, cache_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.embeddings.cache import Cache

__all__ = ["cache"]


@click.group(short_help="Show or clear what earlier scans left.")
def cache() -> None:
    """Show or clear the embeddings that earlier scans left."""


@cache.command("info", short_help="Say where the cache is and what it holds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@cache_options
def info(request: Request, *, as_json: bool) -> int:
    """Say where the cache is, how large, and how much each model has in it."""
    from framesift.cli.console import human_size, plural
    from framesift.embeddings.weights import cache_root

    with _open(request) as opened:
        known = opened.info()
        models, index = cache_root() / "models", cache_root() / "index"
    indexed = sum(path.stat().st_size for path in index.rglob("*") if path.is_file())
    if as_json:
        facts = {
            "path": str(known.path),
            "size_bytes": known.size_bytes,
            "items": known.items,
            "rows": known.rows,
            "models": dict(known.models),
            "index_folder": str(index),
            "index_bytes": indexed,
            "model_folder": str(models),
        }
        click.echo(json.dumps(facts, indent=2))
        return DONE
    click.echo(f"embeddings  {known.path} ({human_size(known.size_bytes)})")
    click.echo(f"            {plural(known.items, 'file')}, {plural(known.rows, 'row')}")
    for fingerprint, rows in known.models.items():
        click.echo(f"            {plural(rows, 'row')} of {fingerprint}")
    click.echo(f"index       {index} ({human_size(indexed)})")
    click.echo(f"models      {models}")
    return DONE


@cache.command("clear", short_help="Forget embeddings; they are made again when needed.")
@click.option("--fingerprint", help="Only those of one model, as `cache info` names it.")
@cache_options
def clear(request: Request, *, fingerprint: str | None) -> int:
    """Forget embeddings, thumbnails and the index of searches; they are made again. Models stay."""
    from framesift.cli.console import plural
    from framesift.embeddings.index import clear_indexes
    from framesift.embeddings.weights import cache_root

    with _open(request) as opened:
        removed = opened.clear(fingerprint=fingerprint)
        clear_indexes(cache_root() / "index", fingerprint=fingerprint)
    click.echo(f"removed {plural(removed, 'row')} from {opened.path}")
    return DONE


@contextlib.contextmanager
def _open(request: Request) -> Iterator[Cache]:
    from framesift.cli.console import Console
    from framesift.cli.effective import effective_settings, using_cache_dir
    from framesift.embeddings.cache import Cache, default_path

    console = Console(quiet=request.quiet)
    settings = effective_settings(request, console)
    with using_cache_dir(settings.cache_dir), Cache(default_path()) as opened:
        if opened.notice:
            console.notice(opened.notice)
        yield opened
