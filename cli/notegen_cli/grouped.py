"""Commands of many options, whose help shows them under headings."""

from collections.abc import Mapping, Sequence
from typing import Any

import click


class Grouped(click.Command):
    """A command with its options in groups.

    Parameters
    ----------
    groups : mapping of str to sequence of str
        The names of options under each heading. All others come first.
    """

    def __init__(self, *args: Any, groups: Mapping[str, Sequence[str]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        lines = {each.name or "": each.get_help_record(ctx) for each in options}
        grouped = [[lines.pop(name) for name in names] for names in self.groups.values()]
        for heading, rows in zip(["Options", *self.groups], [lines.values(), *grouped], strict=True):
            with formatter.section(heading):
                formatter.write_dl([row for row in rows if row])
