import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.corpus.originality import Index
from notegen.corpus.scan import Piece
from notegen.errors import BundleError, DataError, UsageError
from notegen.melody import melody
from notegen.model.bundle import load, shipped
from notegen.model.network import NetworkConfig


@pytest.fixture(scope="module")
def data(bundle_path):
    return bundle_path.read_bytes()


@pytest.fixture
def rewritten(tmp_path, data):
    """Return a function that writes the bundle with another header or other tensors."""

    def write(header=None, tensors=None):
        size = int.from_bytes(data[:8], "little")
        said = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["notegen"])
        weights = load_tensors(data)
        path = tmp_path / "rewritten.notegen"
        text = {"notegen": json.dumps({**said, **(header or {})})}
        path.write_bytes(save_tensors({**weights, **(tensors or {})}, text))
        return path

    return write


def test_a_bundle_comes_back_as_it_was_saved(tmp_path, random_bundle):
    made = random_bundle(
        NetworkConfig(v.MELODY, embedding=4, units=6, layers=3, dropout=0.1), provenance={"corpus": "x"}
    )
    made.save(tmp_path / "made.notegen")
    loaded = load(tmp_path / "made.notegen")
    assert (loaded.config, loaded.provenance) == (made.config, made.provenance)
    assert loaded.weights.keys() == made.weights.keys()
    for name, array in loaded.weights.items():
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, made.weights[name], rtol=1e-3, atol=1e-6)  # half precision


def test_saving_a_loaded_bundle_gives_the_same_bytes(tmp_path, bundle, data):
    bundle.save(tmp_path / "again.notegen")
    assert (tmp_path / "again.notegen").read_bytes() == data


def test_the_digest_is_that_of_the_file(bundle, rewritten):
    assert len(bundle.digest) == 64
    assert load(rewritten({"provenance": {}})).digest != bundle.digest


def test_a_bundle_is_not_written_over_without_force(tmp_path, bundle):
    bundle.save(tmp_path / "a.notegen")
    with pytest.raises(UsageError, match="exists already"):
        bundle.save(tmp_path / "a.notegen")
    bundle.save(tmp_path / "a.notegen", force=True)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
def test_weights_beyond_all_bounds_are_not_written(tmp_path, random_bundle, value):
    wild = random_bundle(NetworkConfig(v.MELODY, 2, 2, 1))
    wild.weights["logits.bias"][3] = value
    with pytest.raises(DataError, match="beyond all bounds"):
        wild.save(tmp_path / "wild.notegen")
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_bundle_is_refused_at_every_length(tmp_path, data):
    header = 8 + int.from_bytes(data[:8], "little")
    path = tmp_path / "truncated.notegen"
    for size in {
        *range(0, header + 50, 17),
        *range(header, len(data), 499),
        *range(len(data) - 9, len(data)),
    }:
        path.write_bytes(data[:size])
        with pytest.raises(BundleError, match=r"truncated\.notegen: .*model"):
            load(path)


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), front=st.booleans())
def test_a_bundle_with_a_flipped_bit_loads_or_is_refused(tmp_path_factory, data, place, bit, front):
    header = 8 + int.from_bytes(data[:8], "little")
    damaged = bytearray(data)
    damaged[int(place * (header if front else len(data)))] ^= 1 << bit
    path = tmp_path_factory.getbasetemp() / "flipped.notegen"
    path.write_bytes(damaged)
    try:
        flipped = load(path)
    except BundleError as error:
        assert str(error).startswith(str(path))
    else:
        assert flipped.config.vocabulary == v.MELODY


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MThd\x00\x00\x00\x06\x00\x01",
        bytes(100_000),
        b"\xff" * 1000,
        b"\x80\x04\x95.",
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (100_000).to_bytes(8, "little") + b"[" * 100_000,
        (2**63).to_bytes(8, "little") + b"{}",
        save_tensors({"a": np.zeros(3, dtype=np.float32)}),
        save_tensors({"a": np.zeros(3, dtype=np.float32)}, {"notegen": "1"}),
        save_tensors({"a": np.zeros(3, dtype=np.float32)}, {"notegen": '{"format": "1"}'}),
    ],
    ids=lambda content: f"{content[:12]!r} of {len(content)}",
)
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "foreign.notegen").write_bytes(content)
    with pytest.raises(BundleError, match=r"foreign\.notegen: this is not a notegen model"):
        load(tmp_path / "foreign.notegen")


def test_a_bundle_of_the_future_asks_for_an_upgrade(rewritten):
    with pytest.raises(BundleError, match="later notegen; upgrade"):
        load(rewritten({"format": 2, "vocabulary": "told in a new way"}))


@pytest.mark.parametrize("vocabulary", [None, [], [["pad", 1]], v.describe()[::-1]])
def test_a_bundle_of_another_vocabulary_is_refused(rewritten, vocabulary):
    with pytest.raises(BundleError, match="another vocabulary"):
        load(rewritten({"vocabulary": vocabulary}))


CONFIG = {"vocabulary": v.MELODY, "embedding": 8, "units": 12, "layers": 2, "dropout": 0.2}


@pytest.mark.parametrize(
    "config",
    [
        None,
        [],
        {},
        {**CONFIG, "depth": 3},
        {**CONFIG, "layers": "2"},
        {**CONFIG, "layers": 3},
        {**CONFIG, "layers": -1},
        {**CONFIG, "layers": 1.5},
        {**CONFIG, "units": 13},
        {**CONFIG, "embedding": None},
        {**CONFIG, "vocabulary": v.MELODY + 1},
    ],
    ids=str,
)
def test_a_configuration_that_the_weights_do_not_bear_out_is_refused(rewritten, config):
    with pytest.raises(BundleError):
        load(rewritten({"config": config}))


def test_a_network_of_another_size_than_the_vocabulary_is_refused(rewritten):
    tensors = {
        "embedding": np.zeros((5, 8), np.float16),
        "logits.kernel": np.zeros((12, 5), np.float16),
        "logits.bias": np.zeros(5, np.float16),
    }
    with pytest.raises(BundleError):
        load(rewritten({"config": {**CONFIG, "vocabulary": 5}}, tensors))


def test_weights_that_are_no_numbers_are_refused(rewritten):
    with pytest.raises(BundleError):
        load(rewritten(tensors={"logits.bias": np.full(v.MELODY, np.nan, np.float16)}))


def test_weights_of_another_shape_are_refused(rewritten):
    with pytest.raises(BundleError, match="sizes"):
        load(rewritten(tensors={"logits.bias": np.zeros(v.MELODY - 1, np.float16)}))


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(DataError, match='there is no model "nowhere"'):
        load("nowhere")
    with pytest.raises(DataError, match="there is no model"):
        load(tmp_path)


def test_shipped_bundles_are_found_by_name():
    assert all(load(name).name == name for name in shipped())


@pytest.fixture(scope="module")
def indexed(tmp_path_factory, random_bundle, tune):
    """A bundle with the index of six tunes, and one of the tunes."""
    tunes = [notes.encode(melody(tune(seed=seed))) for seed in range(6)]
    index = Index.of([Piece(f"{i}.mid", f"Tune {i}", ids) for i, ids in enumerate(tunes)])
    path = tmp_path_factory.mktemp("indexed") / "indexed.notegen"
    replace(random_bundle(NetworkConfig(v.MELODY, 2, 2, 1)), index=index).save(path)
    return path, tunes[4]


def test_a_bundle_carries_the_index_of_its_corpus(indexed):
    path, tune = indexed
    assert load(path).index.longest(tune).title == "Tune 4"


def test_a_bundle_without_an_index_has_none(bundle):
    assert bundle.index is None


def test_saving_a_loaded_index_gives_the_same_bytes(tmp_path, indexed):
    load(indexed[0]).save(tmp_path / "again.notegen")
    assert (tmp_path / "again.notegen").read_bytes() == indexed[0].read_bytes()


def test_an_index_changes_no_weight(indexed, random_bundle):
    plain, loaded = random_bundle(NetworkConfig(v.MELODY, 2, 2, 1)), load(indexed[0])
    assert loaded.weights.keys() == plain.weights.keys()
    for name, array in plain.weights.items():
        assert np.array_equal(loaded.weights[name], array.astype(np.float16))


def packed(content):
    return np.frombuffer(zlib.compress(content), dtype=np.uint8)


DAMAGES = {
    "half of the titles": lambda index: {"index.titles": index["index.titles"][:40]},
    "positions": lambda index: {"index.order": index["index.order"].astype(np.uint16)},
    "half of the positions": lambda index: {"index.order": index["index.order"][::2]},
    "positions in rows": lambda index: {"index.order": index["index.order"][None]},
    "symbols": lambda index: {"index.symbols": index["index.symbols"].astype(np.float32)},
    "many symbols": lambda _: {"index.symbols": np.arange(70_000)},
    "text": lambda index: {"index.text": index["index.text"].view(np.int8)},
    "far positions": lambda index: {"index.order": index["index.order"] + np.uint32(1)},
    "no positions": lambda index: {"index.order": index["index.order"][:0]},
    "short text": lambda _: {"index.text": packed(bytes(10))},
    "no gap at the end": lambda index: {"index.text": packed(b"\1\0" * len(index["index.order"]))},
    "impossible codes": lambda index: {
        "index.text": packed(b"\0\0" + b"\xff" * 2 * (len(index["index.order"]) - 2) + b"\0\0")
    },
    "no zlib": lambda index: {"index.text": index["index.text"][::-1]},
    "one title": lambda _: {"index.titles": packed(b'[["a", "b"]]')},
    "titles alone": lambda _: {"index.titles": packed(b'["a"' + b',"b"' * 5 + b"]")},
    "nested": lambda _: {"index.titles": packed(b"[" * 100_000)},
    "no json": lambda _: {"index.titles": packed(b"[[")},
    "numbers": lambda _: {"index.titles": packed(b"7")},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_index_is_refused_when_it_is_asked_at_the_latest(tmp_path, indexed, damage):
    path, tune = indexed
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])["__metadata__"]
    tensors = load_tensors(data)
    changed = {name: np.ascontiguousarray(array) for name, array in damage(tensors).items()}
    damaged = tmp_path / "damaged.notegen"
    damaged.write_bytes(save_tensors({**tensors, **changed}, header))
    with pytest.raises(BundleError, match=r"damaged\.notegen: the model file is damaged; train it"):
        load(damaged).index.longest(tune)


@pytest.mark.parametrize("name", ["symbols", "text", "order", "titles"])
def test_an_index_that_lacks_a_part_is_refused(tmp_path, indexed, name):
    data = indexed[0].read_bytes()
    size = int.from_bytes(data[:8], "little")
    tensors = {key: array for key, array in load_tensors(data).items() if key != f"index.{name}"}
    damaged = tmp_path / "damaged.notegen"
    damaged.write_bytes(save_tensors(tensors, json.loads(data[8 : 8 + size])["__metadata__"]))
    with pytest.raises(BundleError, match="damaged"):
        load(damaged)


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_an_index_with_a_flipped_bit_answers_or_is_refused(tmp_path_factory, indexed, place, bit):
    path, tune = indexed
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    tensors = {name: array.copy() for name, array in load_tensors(data).items()}
    mine = sorted(name for name in tensors if name.startswith("index."))
    flat = np.concatenate([tensors[name].ravel().view(np.uint8) for name in mine])
    flat[int(place * len(flat))] ^= 1 << bit
    for name in mine:
        array = tensors[name]
        tensors[name] = flat[: array.nbytes].copy().view(array.dtype).reshape(array.shape)
        flat = flat[array.nbytes :]
    flipped = tmp_path_factory.getbasetemp() / "flipped-index.notegen"
    flipped.write_bytes(save_tensors(tensors, header))
    try:
        run = load(flipped).index.longest(tune)
    except BundleError as error:
        assert str(error).startswith(str(flipped))
    else:
        assert run is None or 0 < run.notes < len(tune)
