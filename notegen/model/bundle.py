"""Bundles: a trained model in one file that runs no code.

A bundle is a safetensors file. Its header holds, as JSON, the codec and the vocabulary that it was trained
with, the model's configuration, and where it comes from; its tensors are the weights, in half precision (of
a Markov chain the pieces that it is counted in), and for a model of music an index of the corpus that it was
trained on.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from notegen.codecs import vocabulary
from notegen.corpus.originality import Index
from notegen.errors import BundleError, DataError, UsageError
from notegen.files import read, write_atomically
from notegen.model.classic import ClassicConfig
from notegen.model.network import NetworkConfig
from notegen.model.ngram import Smoothing

FORMAT = 1  # of the header; a bundle with a higher one is from a later notegen
SUFFIX = ".notegen"
_LARGEST = 1 << 18  # of any side of a weight
_MOST_LAYERS = 64
MOST_ORDER = 16  # of a Markov chain
_TEXT = 3  # ids of a text before its symbols: pad, start, end

_IDS = {"notes": vocabulary.MELODY, "parts": vocabulary.SIZE}  # how many there are of note tokens
_TEXTS = ("abc-characters", "abc-tokens")
MUSIC = (*_IDS, *_TEXTS)  # codecs of notes
_PURPOSES = {
    "notes": "is a model of notes; use it with notegen compose",
    "parts": "is a model of notes in many parts; use it with notegen compose",
    "abc-characters": "is a model of notes, written as ABC; use it with notegen compose",
    "abc-tokens": "is a model of notes, written as ABC; use it with notegen compose",
    "frames": "is a model of recordings; use it with notegen audio compose",
    "spectrum": "is a classic model of recordings; use it with notegen audio compose",
}

Weights = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class MarkovConfig:
    """The shape of a Markov chain, whose weights are the pieces that it is counted in.

    Parameters
    ----------
    vocabulary : int
        How many tokens there are.
    order : int
        How many tokens are looked back at.
    smoothing : str
        "kneser-ney" or "witten-bell".
    tokens, pieces : int
        How many there are to be counted.
    """

    vocabulary: int
    order: int
    smoothing: Smoothing
    tokens: int
    pieces: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of the arrays: ids end to end, and where each piece ends."""
        return {"ids": (self.tokens,), "ends": (self.pieces,)}


Config = NetworkConfig | ClassicConfig | MarkovConfig


@dataclass(frozen=True)
class Bundle:
    """A model: its weights and all that is needed to use them.

    Parameters
    ----------
    config : NetworkConfig, MarkovConfig or ClassicConfig
    weights : dict of arrays
        By the names of ``config.shapes()``: of float32, or of a Markov chain its pieces.
    provenance : dict
        Corpus, notice, version, date and figures, as they were when the model was made.
        ``valid_bits_per_note`` is what held-out human tunes have under the model.
    codec : str
        What its tokens are: one of `MUSIC` or "frames", or "spectrum" for the classic model, which has none.
    symbols : tuple of str
        What the tokens of a model of ABC stand for, from the third on.
    digest : str
        SHA-256 of the file it was read from; empty before.
    name : str
        What it was loaded as.
    index : Index, optional
        Of the pieces that a model of notes was trained on.
    """

    config: Config
    weights: Weights
    provenance: dict[str, Any] = field(default_factory=dict)
    codec: str = "notes"
    symbols: tuple[str, ...] = ()
    digest: str = ""
    name: str = ""
    index: Index | None = None

    @property
    def network(self) -> NetworkConfig:
        """The network of a model that is one."""
        assert isinstance(self.config, NetworkConfig), "this model is no network of tokens"
        return self.config

    def expect(self, *codecs: str) -> None:
        """See that the model is of one of these codecs.

        Raises
        ------
        UsageError
            If it is of another.
        """
        if self.codec not in codecs:
            raise UsageError(f"{self.name or 'this model'} {_PURPOSES[self.codec]}")

    def save(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Write the bundle, whole or not at all.

        Raises
        ------
        DataError
            If a weight is not a number, or too large for half precision.
        UsageError
            If the file exists and `force` is not set.
        """
        half = {name: _halved(array) for name, array in self.weights.items()}
        if not all(np.isfinite(array).all() for array in half.values()):
            raise DataError(f"{path}: not written, because the weights have grown beyond all bounds")
        header = {
            "format": FORMAT,
            "codec": self.codec,
            "config": asdict(self.config),
            "vocabulary": _vocabulary(self.codec),
            **({"symbols": list(self.symbols)} if self.symbols else {}),
            "provenance": self.provenance,
        }
        tensors = {**half, **(self.index.tensors() if self.index else {})}
        tensors = {name: np.ascontiguousarray(array) for name, array in sorted(tensors.items())}
        write_atomically(
            Path(path), save_tensors(tensors, {"notegen": json.dumps(header, sort_keys=True)}), force=force
        )


def load(name: str | PathLike[str]) -> Bundle:
    """Load a shipped bundle by its name, or any bundle by its path.

    Raises
    ------
    BundleError
        If the file is damaged, is no bundle, or is from a later version.
    DataError
        If there is no such file.
    """
    path = _find(name)
    data = read(path)
    header = _header(path, data)
    try:
        tensors = load_tensors(data)
        symbols = _symbols(header)
        config = _config(header["codec"], header["config"], len(symbols))
        weights = {name: _widened(tensors[name]) for name in config.shapes()}
        index = Index.read(tensors, str(path))
    except (SafetensorError, KeyError, TypeError, ValueError, UsageError) as error:
        raise BundleError(f"{path}: the model file is damaged; train it or fetch it again") from error
    sizes = all(weights[name].shape == shape for name, shape in config.shapes().items())
    sound = sizes and all(np.isfinite(array).all() for array in weights.values())
    if not (sound and (not isinstance(config, MarkovConfig) or _are_pieces(config, weights))):
        raise BundleError(
            f"{path}: the model file is damaged: its weights are no numbers of the sizes it states"
        )
    digest = hashlib.sha256(data).hexdigest()
    return Bundle(config, weights, header["provenance"], header["codec"], symbols, digest, str(name), index)


def shipped() -> dict[str, Path]:
    """Return the bundles that come with notegen, by name."""
    folder = Path(str(resources.files("notegen") / "models"))
    return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def _find(name: str | PathLike[str]) -> Path:
    own = shipped()
    if str(name) in own:
        return own[str(name)]
    path = Path(name)
    if not path.is_file():
        raise DataError(
            f'there is no model "{name}": give the path of a bundle, or one of {", ".join(own) or "none"}'
        )
    return path


def _header(path: Path, data: bytes) -> dict[str, Any]:
    """Read and check the header of a bundle."""
    foreign = BundleError(f"{path}: this is not a notegen model")
    size = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["notegen"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise foreign from None
    if not isinstance(header, dict) or not isinstance(header.get("format"), int):
        raise foreign
    if header["format"] > FORMAT:
        raise BundleError(
            f"{path}: the model was made with a later notegen; upgrade with pip install --upgrade notegen"
        )
    header.setdefault("codec", "notes")  # as in the first bundles
    codec = header["codec"]
    if not isinstance(codec, str) or codec not in _PURPOSES or header.get("vocabulary") != _vocabulary(codec):
        raise BundleError(
            f"{path}: the model was made with another vocabulary; train it again with this notegen"
        )
    if not isinstance(header.get("provenance"), dict):
        raise foreign
    return header


def _vocabulary(codec: str) -> Any:
    """Return what a codec's tokens are made of, as this notegen knows them."""
    if codec in _IDS:
        return vocabulary.describe(_IDS[codec])
    if codec in _TEXTS:
        return None  # its symbols say all
    from notegen.audio import features  # of which models of notes know nothing

    return features.describe()


def _reads_frames(config: NetworkConfig) -> bool:
    """Whether a network is one of frames as this notegen makes them."""
    from notegen.audio import features, frames

    return (config.embedding, config.places, config.window) == (features.BANDS, frames.PLACES, 0)


def _symbols(header: dict[str, Any]) -> tuple[str, ...]:
    """Return the symbols of a model of ABC.

    Raises
    ------
    ValueError
        If these are no texts, or if a model of something else has some.
    """
    found = header.get("symbols", [])
    is_text = header["codec"] in _TEXTS
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError
    if bool(found) != is_text:
        raise ValueError
    return tuple(found)


def _are_pieces(config: MarkovConfig, weights: Weights) -> bool:
    """Whether arrays are ids of a vocabulary, and where pieces end among them."""
    ids, ends = weights["ids"], weights["ends"]
    return bool(
        ids.dtype.kind == ends.dtype.kind == "u"
        and len(ends)
        and (np.diff(ends.astype(np.int64), prepend=0) > 1).all()
        and ends[-1] == len(ids)
        and ids.max() < config.vocabulary
    )


def _halved(array: NDArray[Any]) -> NDArray[Any]:
    """Return weights in half precision, and whole numbers as they are."""
    return array.astype(np.float16) if array.dtype.kind == "f" else array


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _config(codec: str, said: dict[str, Any], symbols: int) -> Config:
    """Return the configuration of a header.

    Raises
    ------
    ValueError
        If no network is like this.
    """
    if codec == "spectrum":
        return _sized(ClassicConfig(**said))
    config = MarkovConfig(**said) if "order" in said else NetworkConfig(**said)
    if codec in MUSIC and config.vocabulary != _IDS.get(codec, symbols + _TEXT):
        raise ValueError
    if isinstance(config, MarkovConfig):
        if not 0 <= config.order <= MOST_ORDER or config.smoothing not in get_args(Smoothing):
            raise ValueError
        return config
    if not _reads_frames(config) if codec == "frames" else config.places or config.told:
        raise ValueError
    return _sized(config)


def _sized(config: NetworkConfig | ClassicConfig) -> Config:
    """Return a configuration if its sizes are such as a network may have."""
    if not 0 < config.layers <= _MOST_LAYERS:
        raise ValueError
    sizes = [size for shape in config.shapes().values() for size in shape]
    if not all(type(size) is int and 0 < size <= _LARGEST for size in sizes):
        raise ValueError
    return config
