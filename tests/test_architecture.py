"""Data goes one way: a module imports only from its own package and from lower floors."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# The order of the packages; what stands on one line does not import from one another.
ORDER = (
    ("notegen.errors", "notegen.models"),  # the shipped bundles are files, and no code
    ("notegen.files", "notegen.keys", "notegen.chords"),
    ("notegen.score",),
    ("notegen.melody",),
    ("notegen.notation", "notegen.codecs", "notegen.roles"),
    ("notegen.formats", "notegen.align", "notegen.arrange", "notegen.settle"),
    ("notegen.rendering",),
    ("notegen.audio",),
    ("notegen.corpus",),
    ("notegen.model",),
    ("notegen.evaluation",),  # takes are told by figures of evaluation
    ("notegen.generation", "notegen.training"),
    ("notegen.report",),
)
FLOOR = {package: floor for floor, packages in enumerate(ORDER) for package in packages}
CORPORA = {"notegen.score", "notegen.formats", "notegen.errors"}  # all that notegen_corpora may know

UPWARD = {
    # a score offers `write`, and shows itself in notebooks: it imports what it needs inside of these
    ("notegen.score", "notegen.formats"),
    ("notegen.score", "notegen.rendering"),
}
ONLY_IN = {
    "tensorflow": {
        "notegen.training.devices",
        "notegen.training.engine",
        "notegen.model.recurrent",
        "notegen.model.columns",
    },
    "keras": {
        "notegen.training.devices",
        "notegen.training.engine",
        "notegen.model.network",
        "notegen.model.recurrent",
        "notegen.model.units",
        "notegen.model.tied",
        "notegen.model.classic",
    },
    "click": {"notegen_cli"},
    "music21": {"notegen.formats.humdrum"},
    "joblib": {"notegen.corpus.pool"},
    "distributed": {"notegen.corpus.pool"},
    "symusic": {"notegen.formats"},
    "soundfile": {"notegen.rendering.sound", "notegen.audio.recording"},
    "soxr": {"notegen.audio.recording"},
    "scipy": {"notegen.audio"},
    "fluidsynth": {"notegen.rendering.fluid"},
    "resvg_py": {"notegen.rendering.pianoroll"},
    "verovio": {"notegen.rendering.engrave"},
    "typst": {"notegen.rendering.engrave"},
}


def modules():
    """Return every module of the three packages by its name."""
    found = {}
    for folder in ("notegen", "cli/notegen_cli", "corpora/notegen_corpora"):
        base = (ROOT / folder).parent
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(base).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(path):
    """Return the full names of what a module imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports by a relative name"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def package(name):
    """Return the entry of the table that a module or one of its names belongs to."""
    return ".".join(name.split(".")[:2])


OWN = [name for name in MODULES if name.startswith("notegen.")]


@pytest.mark.parametrize("name", OWN)
def test_a_module_imports_from_lower_floors_alone(name):
    assert package(name) in FLOOR, f"{name} is not in the table of floors"
    for imported in imports(MODULES[name]):
        if not imported.startswith("notegen.") or package(imported) == package(name):
            continue
        if (name, package(imported)) in UPWARD:
            continue
        assert package(imported) in FLOOR, f"{name} imports {imported}, which the table does not know"
        assert FLOOR[package(imported)] < FLOOR[package(name)], (
            f"{name} imports {imported} from above or beside it"
        )


def test_upward_imports_stand_inside_functions():
    for name, upward in UPWARD:
        top = ast.parse(MODULES[name].read_text()).body
        for node in top:
            assert not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(upward)
        assert any(package(imported) == upward for imported in imports(MODULES[name])), (
            "no exception is needed"
        )


@pytest.mark.parametrize("name", [name for name in OWN if "notegen" in imports(MODULES[name])])
def test_of_the_public_surface_only_the_version_is_used_inside(name):
    tree = ast.parse(MODULES[name].read_text())
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "notegen"
    }
    assert used <= {"__version__"}


def test_the_public_surface_imports_nothing_when_it_is_imported():
    body = ast.parse(MODULES["notegen"].read_text()).body
    top = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [node.module for node in top] == ["typing"]


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("notegen_corpora")])
def test_the_corpora_know_scores_and_formats_alone(name):
    own = {
        imported
        for imported in imports(MODULES[name])
        if imported.split(".")[0] in ("notegen", "notegen_cli")
    }
    assert {package(imported) for imported in own} <= CORPORA


@pytest.mark.parametrize("name", OWN)
def test_the_library_knows_nothing_of_what_stands_on_it(name):
    assert not {imported.split(".")[0] for imported in imports(MODULES[name])} & {
        "notegen_cli",
        "notegen_corpora",
    }


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_known_only_where_it_belongs(library):
    places = {name for name, path in MODULES.items() if library in {i.split(".")[0] for i in imports(path)}}
    homes = ONLY_IN[library]
    assert all(any(f"{place}.".startswith(f"{home}.") for home in homes) for place in places), places


def test_the_table_names_what_exists():
    assert set(FLOOR) <= {package(name) for name in OWN}
