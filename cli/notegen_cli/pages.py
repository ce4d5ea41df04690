"""What commands that also write a page share: its options, and a look before long work is done for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from notegen.errors import UsageError


def page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--report`` and ``--force``; the command gets them as `page` and `force`."""
    for option in (
        click.option("--force", is_flag=True, help="Replace the page if it exists."),
        click.option(
            "--report",
            "page",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Also write a page: .html, in one file.",
        ),
    ):
        command = option(command)
    return command


def check_page(page: Path | None, *, force: bool) -> None:
    """See that a page can be written.

    Raises
    ------
    UsageError
        If it exists already and may not be replaced.
    """
    if page is not None and page.exists() and not force:
        raise UsageError(f"{page} exists already; choose another name or use --force")
