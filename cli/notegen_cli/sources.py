"""What the command line accepts as a corpus: folders, files, and names of collections."""

from collections.abc import Iterator
from pathlib import Path

import notegen_corpora

from notegen.corpus import Corpus, Named
from notegen.corpus.scan import files, read_files


def open_corpus(sources: tuple[str, ...]) -> Corpus:
    """Read folders, files and collections into one corpus; a path wins over a name."""
    names, notices = [], []
    for source in sources:
        entry = None if Path(source).exists() else notegen_corpora.COLLECTIONS.get(source)
        names.append(entry.title if entry else Path(source).name)
        notices += [entry.notice] if entry and entry.notice not in notices else []
    return Corpus.of(", ".join(names), _scores(sources), " ".join(notices))


def _scores(sources: tuple[str, ...]) -> Iterator[Named]:
    for source in sources:
        if not Path(source).exists() and source in notegen_corpora.COLLECTIONS:
            yield from notegen_corpora.collection(source).scores()
        else:
            yield from read_files(files(Path(source)))
