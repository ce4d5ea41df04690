import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from notegen.codecs import vocabulary as v
from notegen.errors import BundleError, DataError, UsageError
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
        NetworkConfig(v.SIZE, embedding=4, units=6, layers=3, dropout=0.1), provenance={"corpus": "x"}
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
    wild = random_bundle(NetworkConfig(v.SIZE, 2, 2, 1))
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
        assert flipped.config.vocabulary == v.SIZE


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


CONFIG = {"vocabulary": v.SIZE, "embedding": 8, "units": 12, "layers": 2, "dropout": 0.2}


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
        {**CONFIG, "vocabulary": v.SIZE + 1},
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
        load(rewritten(tensors={"logits.bias": np.full(v.SIZE, np.nan, np.float16)}))


def test_weights_of_another_shape_are_refused(rewritten):
    with pytest.raises(BundleError, match="sizes"):
        load(rewritten(tensors={"logits.bias": np.zeros(v.SIZE - 1, np.float16)}))


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(DataError, match='there is no model "nowhere"'):
        load("nowhere")
    with pytest.raises(DataError, match="there is no model"):
        load(tmp_path)


def test_shipped_bundles_are_found_by_name():
    assert all(load(name).name == name for name in shipped())
