"""Everything that notegen raises on purpose.

::

    NotegenError            something the user can mend; its text is one clear sentence
    ├── DataError           a file or its content is at fault (the program exits with 1)
    │   ├── FormatError     a file is damaged, or not of the format that its name says
    │   ├── EmptyError      there is nothing to hear where music is needed
    │   ├── RangeError      the music lies outside what can be worked with
    │   └── BundleError     a model file is damaged, foreign, or from a later version
    └── UsageError          the request makes no sense as it stands (exits with 2)
        └── MissingExtraError   an optional part of notegen is not installed

The library raises; only the command line turns these into messages and exit codes.
"""


class NotegenError(Exception):
    """The root of all errors that notegen raises on purpose."""


class DataError(NotegenError):
    """A file or its content is at fault."""


class FormatError(DataError):
    """A file is damaged, or not of the format that its name says."""


class EmptyError(DataError):
    """There is nothing to hear where music is needed."""


class RangeError(DataError):
    """The music lies outside what can be worked with: too low, too long, too short."""


class BundleError(DataError):
    """A model file is damaged, foreign, or from a later version."""


class UsageError(NotegenError):
    """The request makes no sense as it stands."""


class MissingExtraError(UsageError):
    """An optional part of notegen is not installed."""

    def __init__(self, task: str, extra: str) -> None:
        super().__init__(f'{task} needs the extra "{extra}": pip install "notegen[{extra}]"')
