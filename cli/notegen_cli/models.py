"""notegen models."""

import json
from pathlib import Path

import click

from notegen.model.bundle import Bundle, load, shipped


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


def _describe(bundle: Bundle) -> str:
    said, config = bundle.provenance, bundle.config
    bits = said.get("test_bits_per_note") or said.get("valid_bits_per_note")
    parameters = sum(array.size for array in bundle.weights.values())
    lines = [
        f"{bundle.name}: {said.get('corpus', 'corpus not stated')}",
        f"  LSTM {config.layers} x {config.units}, {parameters / 1e6:.1f} million weights",
        f"  {said.get('notes', 0):,} notes, {bits or float('nan'):.2f} bits per note on unseen tunes",
        f"  made with notegen {said.get('notegen', '?')} on {said.get('date', '?')}",
    ]
    if said.get("notice"):
        lines.append(f"  {said['notice']}")
    card = Path("docs", "models", f"{bundle.name}.md")
    if bundle.name in shipped():
        lines.append(f"  card: {card} in the repository")
    return "\n".join(lines)
