"""notegen models."""

import json
from pathlib import Path
from typing import Any

import click

from notegen.model.bundle import MUSIC, Bundle, MarkovConfig, load, shipped
from notegen.model.network import NetworkConfig


@click.command()
@click.argument("paths", metavar="[NAME|PATH]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print everything that the bundles say of themselves.")
def command(paths: tuple[str, ...], as_json: bool) -> None:
    """List the shipped models, or the given ones, with corpus and figures."""
    bundles = [load(name) for name in paths or shipped()]
    if as_json:
        click.echo(json.dumps([{"name": b.name, "sha256": b.digest, **b.provenance} for b in bundles]))
        return
    for bundle in bundles:
        click.echo(_describe(bundle))


def _notes(said: dict[str, Any]) -> str:
    bits = said.get("test_bits_per_note") or said.get("valid_bits_per_note")
    memory = said.get("test_bits_with_memory")
    figure = f"{bits or float('nan'):.2f} bits per note on unseen tunes"
    return f"{said.get('notes', 0):,} notes, {figure}" + (f", {memory:.2f} with memory" if memory else "")


def _frames(said: dict[str, Any]) -> str:
    bits = said.get("test_bits_per_frame", {}).get("memory")
    held_out = f", {bits:.2f} bits per frame on what was held out" if bits else ""
    return f"a model of recordings, {said.get('seconds', 0):.0f} s{held_out}"


def _spectrum(said: dict[str, Any]) -> str:
    return f"the classic model of recordings, {said.get('seconds', 0):.0f} s"


_FIGURES = {**dict.fromkeys(MUSIC, _notes), "frames": _frames, "spectrum": _spectrum}


def _kind(bundle: Bundle) -> str:
    """Say what a model is made of."""
    config = bundle.config
    if isinstance(config, MarkovConfig):
        return f"Markov chain of order {config.order}, counted in {config.tokens:,} tokens"
    unit = config.unit.upper() if isinstance(config, NetworkConfig) else "LSTM"
    parameters = sum(array.size for array in bundle.weights.values())
    window = f", from windows of {config.window}" if getattr(config, "window", 0) else ""
    return f"{unit} {config.layers} x {config.units}, {parameters / 1e6:.1f} million weights{window}"


_READS = {
    "abc-characters": ", of ABC, character by character",
    "abc-tokens": ", of ABC, token by token",
    "parts": ", of all tracks",
}


def _describe(bundle: Bundle) -> str:
    said = bundle.provenance
    lines = [
        f"{bundle.name}: {said.get('corpus', 'corpus not stated')}",
        f"  {_kind(bundle)}{_READS.get(bundle.codec, '')}",
        f"  {_FIGURES[bundle.codec](said)}",
        f"  made with notegen {said.get('notegen', '?')} on {said.get('date', '?')}",
    ]
    if said.get("notice"):
        lines.append(f"  {said['notice']}")
    card = Path("docs", "models", f"{bundle.name}.md")
    if bundle.name in shipped():
        lines.append(f"  card: {card} in the repository")
    return "\n".join(lines)
