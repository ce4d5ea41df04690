"""Bundles of music that are no networks of note tokens: Markov chains, and texts."""

import json

import numpy as np
import pytest
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from notegen.codecs import vocabulary as v
from notegen.errors import BundleError, UsageError
from notegen.model.bundle import Bundle, MarkovConfig, load
from notegen.model.network import NetworkConfig

IDS = np.array([v.START, 40, 41, v.END, v.START, 40, v.END], dtype=np.uint16)
ENDS = np.array([4, 7], dtype=np.uint32)
CHAIN = MarkovConfig(v.MELODY, order=2, smoothing="witten-bell", tokens=7, pieces=2)
SYMBOLS = ("A", "B", "|", "M:4/4\n")


@pytest.fixture
def chain():
    return Bundle(CHAIN, {"ids": IDS, "ends": ENDS}, {"corpus": "two"})


@pytest.fixture
def text(random_bundle):
    made = random_bundle(NetworkConfig(len(SYMBOLS) + 3, embedding=4, units=6, layers=1))
    return Bundle(made.config, made.weights, {}, "abc-tokens", SYMBOLS)


def changed(path, header=None, tensors=None):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    said = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["notegen"])
    config = {**said["config"], **(header or {}).pop("config", {})} if header else said["config"]
    told = {"notegen": json.dumps({**said, **(header or {}), "config": config})}
    path.write_bytes(save_tensors({**load_tensors(data), **(tensors or {})}, told))
    return path


def test_a_chain_comes_back_with_its_pieces_as_they_were(tmp_path, chain):
    chain.save(tmp_path / "chain.notegen")
    loaded = load(tmp_path / "chain.notegen")
    assert loaded.config == CHAIN
    for name, array in chain.weights.items():
        assert loaded.weights[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded.weights[name], array)


@pytest.mark.parametrize(
    "changes",
    [
        {"tensors": {"ids": IDS + np.uint16(v.MELODY)}},
        {"tensors": {"ids": IDS.astype(np.float16)}},
        {"tensors": {"ends": np.array([4, 9], dtype=np.uint32)}},
        {"tensors": {"ends": np.array([4, 3], dtype=np.uint32)}},
        {"header": {"config": {"order": -1}}},
        {"header": {"config": {"order": 10**6}}},
        {"header": {"config": {"smoothing": "none"}}},
        {"header": {"config": {"tokens": 8}}},
        {"header": {"symbols": ["a"]}},
    ],
    ids=str,
)
def test_a_damaged_chain_is_refused(tmp_path, chain, changes):
    chain.save(tmp_path / "chain.notegen")
    with pytest.raises(BundleError, match="damaged"):
        load(changed(tmp_path / "chain.notegen", **changes))


def test_a_model_of_text_keeps_its_symbols(tmp_path, text):
    text.save(tmp_path / "text.notegen")
    loaded = load(tmp_path / "text.notegen")
    assert (loaded.symbols, loaded.codec) == (SYMBOLS, "abc-tokens")
    with pytest.raises(UsageError, match="written as ABC; use it with notegen compose"):
        loaded.expect("frames")


@pytest.mark.parametrize("symbols", [[], ["A"], ["A", "B", "|", 4], "AB|M"], ids=str)
def test_a_text_whose_symbols_are_not_those_of_the_network_is_refused(tmp_path, text, symbols):
    text.save(tmp_path / "text.notegen")
    with pytest.raises(BundleError, match="damaged"):
        load(changed(tmp_path / "text.notegen", header={"symbols": symbols}))


def test_a_model_of_parts_has_all_tokens_and_one_of_melodies_those_of_melodies(tmp_path, random_bundle):
    for codec, size, other in (("parts", v.SIZE, v.MELODY), ("notes", v.MELODY, v.SIZE)):
        for name, tokens in (("right", size), ("wrong", other)):
            made = random_bundle(NetworkConfig(tokens, embedding=4, units=6, layers=1))
            Bundle(made.config, made.weights, {}, codec).save(tmp_path / f"{codec}-{name}.notegen")
        assert load(tmp_path / f"{codec}-right.notegen").codec == codec
        with pytest.raises(BundleError, match="damaged"):
            load(tmp_path / f"{codec}-wrong.notegen")
