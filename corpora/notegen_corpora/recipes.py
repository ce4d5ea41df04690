"""Public corpora that are fetched once, on demand, into the user's cache."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from notegen.errors import DataError


@dataclass(frozen=True)
class Recipe:
    """A corpus to fetch: where its archive is, how it is known again, and on what terms it comes.

    Parameters
    ----------
    name : str
        What the command line calls it.
    title : str
    contents : str
        What is in it.
    address : str
        Of one archive.
    size : int
        Of the archive, in bytes.
    sha256 : str
        Of the archive, as it stands in a published place; never taken from a download of our own.
    licence : str
        Its name, in short.
    notice : str
        Terms of use, as far as they are stated.
    citation : str
    home : str
        The web page that tells of it.
    is_tar : bool
        Whether it is a compressed tar archive, and no zip.
    """

    name: str
    title: str
    contents: str
    address: str
    size: int
    sha256: str
    licence: str
    notice: str
    citation: str
    home: str
    is_tar: bool = False


_LAKH = (
    'Its web page says: "The Lakh MIDI Dataset is distributed with a CC-BY 4.0 license; if you use this '
    'data in any capacity, please reference this page and my thesis". Most of the songs themselves are '
    "under copyright."
)
_RAFFEL = (
    "Colin Raffel, Learning-Based Methods for Comparing Sequences, with Applications to Audio-to-MIDI "
    "Alignment and Matching, PhD thesis, 2016"
)

RECIPES = {
    entry.name: entry
    for entry in (
        Recipe(
            name="nottingham",
            title="Nottingham Music Database",
            contents="1,037 British and American folk tunes with chords, in ABC",
            address="https://ifdo.ca/~seymour/nottingham/nottingham_database.zip",
            size=142_934,
            sha256="f79a4bffe78b16d630d4d69f9c62775a7aa246d0973c4d8714ab6c5139ff5a3b",
            licence="none stated",
            notice="Its web page states no terms of use.",
            citation="Eric Foxley, Nottingham Music Database, in ABC by Jay Glanville, James Allwright and "
            "Seymour Shlien",
            home="https://ifdo.ca/~seymour/nottingham/nottingham.html",
        ),
        Recipe(
            name="pop909",
            title="POP909",
            contents="909 Chinese pop songs for piano, the melody in its own track, in MIDI; 1,989 earlier "
            "versions of them",
            address="https://codeload.github.com/music-x-lab/POP909-Dataset/zip/"
            "d83e6edba6872a704f5d3b8b32f5cb540088dae6",
            size=50_105_665,
            sha256="fe3d861f6eeaee6b40987e64ae26552b4c7b824f6fa40d29b0c5e5ebd62b03ea",
            licence="MIT",
            notice="Under the MIT licence, copyright 2020 Music X Lab. The songs themselves are under "
            "copyright.",
            citation="Ziyu Wang, Ke Chen, Junyan Jiang, Yiyi Zhang, Maoran Xu, Shuqi Dai, Xianbin Gu and Gus "
            "Xia, POP909: A Pop-song Dataset for Music Arrangement Generation, ISMIR 2020",
            home="https://github.com/music-x-lab/POP909-Dataset",
        ),
        Recipe(
            name="lakh-clean",
            title="Lakh MIDI Dataset, clean subset",
            contents="17,256 pop songs by artist and title, in MIDI",
            address="http://hog.ee.columbia.edu/craffel/lmd/clean_midi.tar.gz",
            size=234_283_029,
            sha256="de1bb64cbc0cf35545a05b5c3e786aa6890cfa144edffc4b827ff41bf8c33dc5",
            licence="CC BY 4.0",
            notice=_LAKH,
            citation=_RAFFEL,
            home="https://colinraffel.com/projects/lmd/",
            is_tar=True,
        ),
        Recipe(
            name="lakh",
            title="Lakh MIDI Dataset",
            contents="178,561 pieces of all kinds, in MIDI; a few thousand of them are probably damaged",
            address="http://hog.ee.columbia.edu/craffel/lmd/lmd_full.tar.gz",
            size=1_768_163_879,
            sha256="6fcfe2ac49ca08f3f214cec86ab138d4fc4dabcd7f27f491a838dae6db45a12b",
            licence="CC BY 4.0",
            notice=_LAKH,
            citation=_RAFFEL,
            home="https://colinraffel.com/projects/lmd/",
            is_tar=True,
        ),
        Recipe(
            name="maestro",
            title="MAESTRO v3.0.0",
            contents="1,276 concert performances on the piano, in MIDI, played without bars or beats",
            address="https://storage.googleapis.com/magentadata/datasets/maestro/v3.0.0/"
            "maestro-v3.0.0-midi.zip",
            size=58_416_533,
            sha256="70470ee253295c8d2c71e6d9d4a815189e35c89624b76d22fce5a019d5dde12c",
            licence="CC BY-NC-SA 4.0",
            notice="Made available by Google LLC under the Creative Commons licence Attribution "
            "Non-Commercial Share-Alike 4.0.",
            citation="Curtis Hawthorne, Andriy Stasyuk, Adam Roberts, Ian Simon, Cheng-Zhi Anna Huang, "
            "Sander Dieleman, Erich Elsen, Jesse Engel and Douglas Eck, Enabling Factorized Piano Music "
            "Modeling and Generation with the MAESTRO Dataset, ICLR 2019",
            home="https://magenta.tensorflow.org/datasets/maestro",
        ),
        Recipe(
            name="pdmx",
            title="PDMX",
            contents="254,035 scores that MuseScore's users gave to the public domain, in MIDI",
            address="https://zenodo.org/api/records/15571083/files/mid.tar.gz/content",
            size=214_395_208,
            sha256="e444f9b466f02c9a054d31478c9886847f39c575a65ec45a0aaa1a5ee088c1d1",
            licence="CC BY 4.0",
            notice="The collection is under CC BY 4.0, the scores are in the public domain or under CC0, as "
            "the MuseScore website states; within 31,221 of them another licence is named.",
            citation="Phillip Long, Zachary Novack, Taylor Berg-Kirkpatrick and Julian McAuley, PDMX: A "
            "Large-Scale Public Domain MusicXML Dataset for Symbolic Music Processing, ICASSP 2025",
            home="https://zenodo.org/records/15571083",
            is_tar=True,
        ),
    )
}


def recipe(name: str) -> Recipe:
    """Return a recipe by its name.

    Raises
    ------
    DataError
        If there is none of that name.
    """
    if name not in RECIPES:
        raise DataError(f'there is no corpus "{name}" to fetch; there are {", ".join(RECIPES)}')
    return RECIPES[name]


def cache() -> Path:
    """Return the folder that corpora are fetched into.

    The environment variable ``NOTEGEN_CACHE`` names the cache; else it is where the system keeps them.

    Raises
    ------
    DataError
        If there is no home folder.
    """
    return _cache() / "corpora"


def _cache() -> Path:
    if own := os.environ.get("NOTEGEN_CACHE"):
        return Path(own)
    try:
        home = Path.home()
    except RuntimeError as error:
        raise DataError("there is no home folder; name a folder with NOTEGEN_CACHE") from error
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local", "notegen", "cache")
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "notegen"
    base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return (base if base.is_absolute() else home / ".cache") / "notegen"  # as the XDG standard asks


def fetched(name: str) -> Path | None:
    """Return the zip archive of a corpus that was fetched, or None.

    Only its size is looked at; `notegen_corpora.fetch.fetch` looks at all of it.
    """
    entry = RECIPES.get(name)
    path = cache() / f"{name}.zip"
    return path if entry and stated(entry, path) else None


def archive(name: str) -> Path:
    """Return the zip archive of a corpus.

    Raises
    ------
    DataError
        If there is no recipe of that name, or the corpus was not fetched.
    """
    recipe(name)
    path = fetched(name)
    if path is None:
        raise DataError(f'"{name}" is not on this machine yet: notegen corpus fetch {name}')
    return path


def stated(entry: Recipe, path: Path) -> str | None:
    """Return the SHA-256 that was noted down for a fetched file; None if it is not there or not whole."""
    try:
        said = json.loads(note(path).read_text(encoding="utf-8"))
        whole = said["fetched_sha256"] == entry.sha256 and said["size"] == path.stat().st_size
        return str(said["sha256"]) if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note(path: Path) -> Path:
    """Return the file beside a fetched archive that tells what was fetched."""
    return path.with_suffix(".json")
