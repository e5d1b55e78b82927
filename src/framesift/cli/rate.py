"""``framesift rate``: a page on this machine to rate pictures with the keyboard."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.exits import DONE, FAILED_ITEMS
from framesift.cli.options import Request, common_options, printable

if TYPE_CHECKING:
    from framesift.cli.console import Console
    from framesift.web.gallery import Gallery, Listing
    from framesift.web.pair_desk import PairDesk
    from framesift.web.rate_desk import RateDesk

__all__ = ["rate"]

_MANY_TO_COMPARE = 200


@click.command("rate", short_help="Rate pictures 0 to 10 on a page of this machine.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The CSV file for the ratings; one that is there is gone on with.",
)
@click.option(
    "--pairs",
    is_flag=True,
    help="Show two pictures at a time and ask which is better. The answers go to NAME.pairs.csv "
    "beside FILE, the ratings made of them to FILE.",
)
@click.option(
    "--rater", default="", metavar="NAME", help="Who rates; several people can share FILE."
)
@click.option(
    "--order",
    type=click.Choice(["random", "name"]),
    default="random",
    show_default=True,
    help="Random, so that similar pictures are not rated in a row, or by name.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Of the random order: another number is another order.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Show only the first N in that order."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Of the page.  [default: any that is free]",
)
@click.option("--no-browser", is_flag=True, help="Only print the address of the page.")
@common_options
def rate(request: Request, *, folder: Path, out: Path, **choices: Any) -> int:
    """Rate the pictures in FOLDER from 0 to 10 on a page in the browser.

    The page is served to this machine alone and loads nothing from anywhere. Every rating is on
    the disk before the next picture appears. Ctrl-C, or Finish on the page, ends the command; run
    it again to go on where it stopped. FILE is what `framesift train quality` reads.

    Exit codes: 0 done, 2 wrong usage, 3 some pictures could not be shown.
    """
    from framesift.cli.console import Console
    from framesift.web.gallery import Gallery, list_pictures

    console = Console(quiet=request.quiet)
    listing = list_pictures(
        folder, order=choices["order"], seed=choices["seed"], limit=choices["limit"]
    )
    if not listing.names:
        found = "only videos" if listing.videos else "nothing that could be a picture"
        message = f"there is {found} in {printable(str(folder))}; name a folder with pictures"
        raise click.UsageError(message)
    if listing.videos:
        console.notice(f"passed over {_videos(listing.videos)}: only pictures are rated")
    gallery = Gallery(folder, listing.names)
    desk = _open_desk(gallery, out, choices, console)
    _serve(desk, console, port=choices["port"], browser=not choices["no_browser"])
    _sum_up(desk, console, out)
    return _say_failures(gallery, listing)


def _open_desk(
    gallery: Gallery, out: Path, choices: dict[str, Any], console: Console
) -> RateDesk | PairDesk:
    from framesift.web.pair_desk import ENOUGH, PairDesk
    from framesift.web.pairs import PairsFile
    from framesift.web.rate_desk import RateDesk
    from framesift.web.ratings import RatingsFile

    rater = " ".join(choices["rater"].split())
    if rater == "pairs" or rater.endswith("(pairs)"):
        message = f"--rater {rater!r} is how ratings made of pairs are marked; take another name"
        raise click.UsageError(message)
    ratings = RatingsFile(out)
    if ratings.notice:
        console.warn(f"{printable(str(out))}: {ratings.notice}")
    if not choices["pairs"]:
        return RateDesk(gallery, ratings, rater)
    if len(gallery) < 2:
        message = "--pairs needs two pictures or more"
        raise click.UsageError(message)
    if len(gallery) > _MANY_TO_COMPARE:
        console.notice(
            f"{len(gallery):,} pictures need about {len(gallery) * ENOUGH // 2:,} pairs for their "
            "first ratings; --limit 100 compares fewer"
        )
    pairs = PairsFile(out.with_name(f"{out.stem}.pairs.csv"))
    if pairs.notice:
        console.warn(f"{printable(str(pairs.path))}: {pairs.notice}")
    return PairDesk(gallery, pairs, ratings, rater, seed=choices["seed"])


def _serve(desk: RateDesk | PairDesk, console: Console, *, port: int, browser: bool) -> None:
    """Serve the page until Ctrl-C or Finish."""
    from framesift.web.rate_page import RatePage
    from framesift.web.server import LocalServer

    page = RatePage(desk)
    server = LocalServer(page, port=port)
    try:
        with server:
            # Said whatever --quiet says: nobody could guess it.
            click.echo(f"framesift: the page is at {server.url}", err=True)
            console.say("framesift: Ctrl-C ends it; every rating is kept")
            if browser:
                _open_browser(server.ticket_url())
            # In steps: Windows delivers no Ctrl-C to a thread that waits without end.
            while not page.finished.wait(0.5):
                pass
            time.sleep(0.3)  # for the page's goodbye to be sent
    except KeyboardInterrupt:
        pass
    if server.defect is not None:
        raise server.defect


def _open_browser(url: str) -> None:
    import webbrowser

    # In a thread: a browser in the terminal would hold the command up.
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _sum_up(desk: RateDesk | PairDesk, console: Console, out: Path) -> None:
    from framesift.cli.console import plural
    from framesift.web.rate_desk import RateDesk

    where = printable(str(out))
    if isinstance(desk, RateDesk):
        total = len(desk.gallery) - len(desk.gallery.failures)
        place = f"; the ratings are in {where}" if out.exists() else ""
        console.say(
            f"framesift: {plural(desk.given, 'picture')} rated now, {desk.rated:,} of {total:,} "
            f"in all{place}"
        )
        return
    written = desk.finish()
    console.say(f"framesift: {plural(desk.given, 'pair')} compared now")
    if written:
        made = plural(written, "rating")
        console.say(f"framesift: {made} made of all pairs, as rater {desk.label!r}, in {where}")
    else:
        more = plural(desk.state()["until_enough"], "pair")
        console.say(f"framesift: too few pairs for ratings yet; about {more} more")


def _say_failures(gallery: Gallery, listing: Listing) -> int:
    for failure in listing.failures:
        click.echo(f"framesift: failed: {printable(failure.error.message)}", err=True)
    for index, message in sorted(gallery.failures.items()):
        click.echo(f"framesift: failed: {printable(gallery.names[index])}: {message}", err=True)
    return FAILED_ITEMS if listing.failures or gallery.failures else DONE


def _videos(count: int) -> str:
    return "1 video" if count == 1 else f"{count:,} videos"
