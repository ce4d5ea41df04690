"""Piano rolls that can be played in the page: a line moves along, and a click on a roll jumps there."""

from typing import NamedTuple

import numpy as np

from notegen.rendering import embed, layout, panel
from notegen.rendering.panel import Scale, System, number
from notegen.rendering.performance import seconds
from notegen.report import svg
from notegen.report.page import Html, paragraph, text
from notegen.score import Score

STYLE = """
.sample { margin: 1.4rem 0; break-inside: avoid } .sample h4 { font-weight: 500; margin: 0 }
.sample p { margin: 0 } .sample audio { width: 100%; height: 2.4rem; display: block }
.roll { display: block; width: 100%; margin-top: .4rem; cursor: pointer }
.roll .black-keys { fill: var(--ink) }
.roll .octaves, .roll .beats { stroke: var(--line); stroke-opacity: .6 }
.roll .bars, .roll .border { stroke: var(--line) } .roll .track { stroke: var(--paper) }
.roll .track:last-of-type { fill: var(--c0) } .playhead { stroke: var(--c1); stroke-width: 2; display: none }
@media print { .sample audio { display: none } }
"""
SCRIPT = """
for (const sample of document.querySelectorAll(".sample")) {
  const audio = sample.querySelector("audio"), roll = sample.querySelector(".roll");
  const numbers = text => text.split(" ").map(Number);
  const systems = [...roll.querySelectorAll(".system")].map(element => ({
    element, head: element.querySelector(".playhead"),
    seconds: numbers(element.dataset.seconds), x: numbers(element.dataset.x),
  }));
  const between = (value, from, to) => {  // straight from point to point
    const held = Math.min(Math.max(value, from[0]), from.at(-1));
    const i = Math.max(1, from.findIndex(each => each >= held));
    return to[i - 1] + (held - from[i - 1]) / (from[i] - from[i - 1]) * (to[i] - to[i - 1]);
  };
  const draw = () => {
    const now = audio.currentTime;
    for (const { head, seconds, x } of systems) {
      const here = now >= seconds[0] && now < seconds.at(-1) && !audio.ended;
      head.style.display = here ? "inline" : "none";
      if (here) head.setAttribute("transform", `translate(${between(now, seconds, x)} 0)`);
    }
    if (!audio.paused) requestAnimationFrame(draw);
  };
  audio.onplay = () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
    draw();
  };
  audio.onseeked = audio.onended = draw;
  roll.onclick = event => {
    const place = ({ element }) =>
      new DOMPoint(event.clientX, event.clientY).matrixTransform(element.getScreenCTM().inverse());
    const hit = systems.find(each => place(each).y < Number(each.element.dataset.foot)) ?? systems.at(-1);
    audio.currentTime = between(place(hit).x, hit.x, hit.seconds);
    audio.play();
  };
}
"""
_RATE = 24_000  # frames a second; half a minute has about 320 kB then
_WIDTH, _EDGE, _LABELS = 640.0, 4.0, 24.0
_DRUM_LABELS = 74.0
_QUARTERS = 34  # of a system at most: eight bars of 4/4 and a pickup
_FEWEST = 16  # quarters that a short system is drawn like a part of
_LOWEST, _HIGHEST, _ROLL = 4.0, 7.0, 140.0  # of a semitone's row, and of all rows


class Sample(NamedTuple):
    """A piece to see and hear: its title, its score, and a line on it, such as its bits per note."""

    title: str
    score: Score
    line: str = ""


def section(sample: Sample) -> Html:
    """Return a sample as a roll and a player; `STYLE` and `SCRIPT` belong to it.

    Raises
    ------
    EmptyError
        If there is no note.
    """
    heard = embed.mp3(sample.score, rate=_RATE)
    return Html(
        "\n".join(
            [
                f'<div class="sample"><h4>{text(sample.title)}</h4>',
                paragraph(sample.line, kind="small") if sample.line else "",
                roll(sample.score, sample.title),
                f'<audio controls preload="auto" src="{heard}"></audio></div>',
            ]
        )
    )


def roll(score: Score, title: str) -> str:
    """Draw a piano roll whose systems say at what second which x is reached.

    Returns
    -------
    str
        An SVG in which each system (a `g`) has ``data-seconds`` and ``data-x``, numbers in step, and
        ``data-foot``, the y at which it ends.
    """
    lines, first = layout.bars(score)
    breaks = layout.systems(np.diff(lines) / score.resolution, _QUARTERS, first)
    systems = [System(score, lines[part.start : part.stop + 1], first + part.start) for part in breaks]
    scale, left = _scale(score, systems)
    each = panel.RULER + scale.height + panel.FOOT
    drawn = [
        _system(system, scale, f"translate({number(left)} {number(i * each + panel.RULER)})")
        for i, system in enumerate(systems)
    ]
    picture = svg.document(drawn, f"piano roll of {layout.printable(title)}", each * len(systems), _WIDTH)
    return picture.replace("<svg ", '<svg class="roll" ', 1)


def _scale(score: Score, systems: list[System]) -> tuple[Scale, float]:
    """Find the scale that shows all systems, and where their first bar lines stand."""
    tracks = layout.parts(score)
    melodic = [pitch for track, notes in tracks if not track.is_drum for pitch in notes["pitch"].tolist()]
    drums = {pitch for track, notes in tracks if track.is_drum for pitch in notes["pitch"].tolist()}
    low, high = (min(melodic) - 1, max(melodic) + 1) if melodic else (0, -1)
    pickup = max(-system.quarters(system.lines[0]) for system in systems)
    longest = max(system.quarters(system.lines[-1]) for system in systems)
    labels = _EDGE + (_DRUM_LABELS if drums else _LABELS)
    quarter = (_WIDTH - _EDGE - labels) / max(_FEWEST, pickup + longest)
    row = min(_HIGHEST, max(_LOWEST, _ROLL / max(1, high - low + 1)))
    return Scale(quarter, row, low, high, tuple(sorted(drums, reverse=True))), labels + pickup * quarter


def _system(system: System, scale: Scale, transform: str) -> str:
    """Draw a system, with the line that moves, and when it is where."""
    start, stop = int(system.lines[0]), int(system.lines[-1])
    tempos = system.score.tempos["tick"]
    turns = np.union1d(system.lines, tempos[(tempos > start) & (tempos < stop)])
    times = " ".join(f"{time:.3f}" for time in seconds(system.score, turns).tolist())
    x = " ".join(number(system.quarters(tick) * scale.quarter) for tick in turns.tolist())
    head = f'<path class="playhead" d="M0 -3V{number(scale.height + 3)}"/>'
    body = "\n".join([*panel.draw(system, scale, None), head])
    foot = number(scale.height + panel.FOOT)
    return (
        f'<g class="system" transform="{transform}" data-seconds="{times}" data-x="{x}" data-foot="{foot}">\n'
        f"{body}\n</g>"
    )
