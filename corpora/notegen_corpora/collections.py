"""The collections of folk tunes and chorales that the music21 wheel carries."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from notegen import formats
from notegen.errors import DataError, MissingExtraError, NotegenError
from notegen.formats import ABC_SUFFIXES, abc
from notegen.score import Score

_NOTICE = (
    "The tunes are in the public domain. music21's corpus/license.txt says of its encodings: "
    '"The encodings may be under copyright but have been licensed for use, though there may be '
    'restrictions on commercial use."'
)
_ESSEN_NOTICE = (
    "For experiments only. music21's corpus/essenFolksong/license.txt says: "
    '"The legal status of the Essen folksong database is unclear, as the data has been input by many '
    'people." Ewa Dahlig-Turek "has given permission for non-commercial distribution and use of these '
    'files in music21".'
)
_CHORALES_NOTICE = (
    "The music is in the public domain. Most of the files are marked as copyright 2003 or 2004 by Margaret "
    "Greentree and state no licence; music21's corpus/license.txt says of all its encodings: "
    '"The encodings may be under copyright but have been licensed for use, though there may be '
    'restrictions on commercial use."'
)
_ESSEN_CREDIT = (
    "encoded under Helmut Schaffrath, later Ewa Dahlig-Turek, and translated to ABC by Seymour Shlien"
)


@dataclass(frozen=True)
class Collection:
    """A public corpus: where its files are, whose work it is, and on what terms.

    Parameters
    ----------
    name : str
        What the command line calls it.
    title : str
    folder : str
        The folder of music21's corpus that holds it.
    credit : str
        Who transcribed it.
    citation : str
        The book.
    notice : str
        Terms of use, as far as they are stated.
    experiments_only : bool
        Whether the terms keep it out of models that are passed on.
    patterns : tuple of str
        Which of the folder's files.
    """

    name: str
    title: str
    folder: str
    credit: str
    citation: str
    notice: str = _NOTICE
    experiments_only: bool = False
    patterns: tuple[str, ...] = ("*.abc",)

    def files(self) -> list[Path]:
        """Return the collection's files, in sorted order.

        Raises
        ------
        MissingExtraError
            If music21 is not installed.
        DataError
            If the installed music21 lacks the collection.
        """
        spec = importlib.util.find_spec("music21")
        if spec is None or spec.submodule_search_locations is None:
            raise MissingExtraError(f'reading the collection "{self.name}"', "train")
        folder = Path(spec.submodule_search_locations[0], "corpus", self.folder)
        found = sorted({path for pattern in self.patterns for path in folder.glob(pattern)})
        if not found:
            raise DataError(f"the installed music21 lacks its corpus folder {self.folder}; reinstall music21")
        return found

    def scores(self) -> Iterator[tuple[str, Score | NotegenError]]:
        """Read all pieces; each comes with its name, and with the reason if it cannot be read."""
        for path in self.files():
            name = f"{self.name}/{path.name}"
            yield from _tunes(name, path) if path.suffix in ABC_SUFFIXES else _piece(name, path)


def _tunes(name: str, path: Path) -> Iterator[tuple[str, Score | NotegenError]]:
    """Read a tunebook."""
    for tune, score in abc.read_tunes(path.read_text(encoding="utf-8", errors="replace")):
        yield f"{name}#{tune.number} {tune.title}", score


def _piece(name: str, path: Path) -> Iterator[tuple[str, Score | NotegenError]]:
    """Read a file of one piece."""
    try:
        yield name, formats.read(path)
    except NotegenError as error:
        yield name, error


COLLECTIONS = {
    entry.name: entry
    for entry in (
        Collection(
            name="ryan",
            title="Ryan's Mammoth Collection",
            folder="ryansMammoth",
            credit="contributed by Ray Davies and others, named in each file",
            citation="William Bradbury Ryan, Ryan's Mammoth Collection, Boston: Elias Howe, 1883",
        ),
        Collection(
            name="oneill",
            title="O'Neill's Music of Ireland",
            folder="oneills1850",
            credit="transcribed by Norbert Paap and others, named in each tune",
            citation="Francis O'Neill, O'Neill's Music of Ireland, Chicago: Lyon & Healy, 1903",
        ),
        Collection(
            name="aird",
            title="Aird's Airs",
            folder="airdsAirs",
            credit="transcribed by Jack Campin, 2009",
            citation="James Aird, A Selection of Scotch, English, Irish and Foreign Airs, Glasgow, from 1778",
        ),
        Collection(
            name="essen",
            title="Essen Folksong Collection",
            folder="essenFolksong",
            credit=_ESSEN_CREDIT,
            citation="Helmut Schaffrath, The Essen Folksong Collection, Menlo Park: CCARH, 1995",
            notice=_ESSEN_NOTICE,
            experiments_only=True,
        ),
        Collection(
            name="kinder",
            title="German children's songs of the Essen Folksong Collection",
            folder="essenFolksong",
            credit=_ESSEN_CREDIT,
            citation="Helmut Schaffrath, The Essen Folksong Collection, Menlo Park: CCARH, 1995",
            notice=_ESSEN_NOTICE,
            experiments_only=True,
            patterns=("kinder0.abc",),
        ),
        Collection(
            name="chorales",
            title="Bach's chorales",
            folder="bach",
            credit="encoded by Margaret Greentree",
            citation="Johann Sebastian Bach, four-part chorales, from cantatas, passions, and BWV 250 to 438",
            notice=_CHORALES_NOTICE,
            patterns=("bwv*.*.mxl", "bwv*-*.mxl", "bwv[2-4]??.mxl", "bwv*.xml"),
        ),
    )
}


def collection(name: str) -> Collection:
    """Return a collection by its name.

    Raises
    ------
    DataError
        If there is none of that name.
    """
    if name not in COLLECTIONS:
        raise DataError(f'there is no collection "{name}"; there are {", ".join(COLLECTIONS)}')
    return COLLECTIONS[name]
