"""The take sheet: all takes of a run on one page, to look at, listen to and compare."""

from concurrent.futures import ThreadPoolExecutor
from html import escape
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import notegen
from notegen.generation.compose import Take
from notegen.model.assemble import Ensemble
from notegen.model.bundle import Bundle
from notegen.rendering import embed
from notegen.score import Score, Span

_LONG = 2000  # notes; scores with more of them are set on pages
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #111827 }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.1rem; margin: 0 }
section { border-top: 1px solid #d1d5db; padding: 1rem 0 } img { width: 100%; display: block }
.bar { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center }
.bar p, header p, footer p { color: #4b5563; margin: 0 }
button { font: inherit; padding: .2rem .8rem }
"""


def html(takes: list[Take], paths: list[Path], model: Bundle | Ensemble, *, only_new: bool = False) -> str:
    """Return a page that needs no other file: rolls, scores, sound and figures, best take first.

    Scores are left out where the extra "engrave" is not installed.

    Parameters
    ----------
    takes : list of Take
    paths : list of Path
        The files of the takes, of which the names are shown.
    model : Bundle or Ensemble
    only_new : bool
        Whether to show the new bars alone.
    """
    title = f"{paths[0].stem.rsplit('-', 1)[0]}: {len(takes)} take{'s' * (len(takes) != 1)}"
    ensemble = Ensemble.of(model)
    human = ensemble.human_bits
    known = f"; human tunes have {human:.2f} bits per note" if human else ""
    scores = [take.fresh if only_new else take.score for take in takes]
    with ThreadPoolExecutor() as pool:  # encoders let go of the interpreter
        sounds = pool.map(embed.mp3, scores)
    body = [
        _section(take, path, score, None if only_new else take.new, heard)
        for take, path, score, heard in zip(takes, paths, scores, sounds, strict=True)
    ]
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">',
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>",
            f"<header><h1>{escape(title)}</h1>",
            f"<p>model {escape(ensemble.name)}, random seed {takes[0].seed}, best first{known}</p></header>",
            *body,
            f"<footer><p>notegen {notegen.__version__}</p></footer>\n</html>\n",
        ]
    )


def _section(take: Take, path: Path, score: Score, new: Span | None, heard: str) -> str:
    from notegen.rendering import pianoroll
    from notegen.rendering.layout import Roll
    from notegen.rendering.performance import seconds

    roll = pianoroll.svg([Roll(score, "", new)])
    jump = ""
    if new is not None:
        at = float(seconds(score, np.array([new.start]))[0])
        play = f"a = this.previousElementSibling; a.currentTime = {at:.2f}; a.play()"
        jump = f'<button onclick="{play}">play the new bars</button>'
    said = [f"{take.bits_per_note:.2f} bits per note", f"{take.notes} notes", take.flaw]
    said += [str(take.echo or ""), take.likeness]
    return "\n".join(
        [
            f'<section>\n<div class="bar"><h2>{escape(path.name)}</h2>',
            f"<p>{escape(', '.join(filter(None, said)), quote=False)}</p>",
            f'<audio controls preload="metadata" src="{heard}"></audio>{jump}</div>',
            embed.image(roll, f"piano roll of {path.name}"),
            *_engraved(score, new, path),
            "</section>",
        ]
    )


def _engraved(score: Score, new: Span | None, path: Path) -> list[str]:
    if not find_spec("verovio"):
        return []
    from notegen.rendering import engrave

    pages = engrave.svg_pages(score, new, paged=len(score.notes) > _LONG)
    return [embed.image(page, f"score of {path.name}") for page in pages]
