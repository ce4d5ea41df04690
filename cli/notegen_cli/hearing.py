"""Recordings are heard, with a word on how far it is."""

import sys
from pathlib import Path

from tqdm import tqdm

from notegen.audio import sound
from notegen.audio.sound import Sound


def hear(path: Path) -> Sound:
    """Read a recording; on a terminal a bar shows how far, if it takes longer than a moment."""
    form = "{desc}: {percentage:3.0f}%|{bar}| {remaining} left"
    hidden = not sys.stderr.isatty()
    with tqdm(
        desc=path.name, total=1.0, bar_format=form, file=sys.stderr, leave=False, delay=1, disable=hidden
    ) as bar:
        return sound.hear(path, lambda share: bar.update(share - bar.n))
