"""Bundles of the codec `frames`, and what stands in the header of any."""

import json

import numpy as np
import pytest
from made_frames import made_codebook, made_model
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from notegen.audio import features, frames
from notegen.codecs import vocabulary
from notegen.errors import BundleError, UsageError
from notegen.model.bundle import load
from notegen.model.runtime import Runtime

ENTRIES = made_codebook(8)
SAID = {"corpus": "song.wav", "memory": {"width": 0.7, "share": 0.4}}


@pytest.fixture
def model():
    return made_model(ENTRIES, [np.arange(1, 9)], scale=0.3, **SAID)


@pytest.fixture
def path(tmp_path, model):
    model.save(tmp_path / "song.notegen")
    return tmp_path / "song.notegen"


def said(data):
    """Return the header of a bundle."""
    size = int.from_bytes(data[:8], "little")
    return json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["notegen"])


@pytest.fixture
def rewritten(tmp_path, path):
    """Return a function that writes the bundle with another header or other tensors."""

    def write(header=None, tensors=None, data=None):
        data = data or path.read_bytes()
        text = {"notegen": json.dumps({**said(data), **(header or {})})}
        (tmp_path / "rewritten.notegen").write_bytes(
            save_tensors({**load_tensors(data), **(tensors or {})}, text)
        )
        return tmp_path / "rewritten.notegen"

    return write


def test_a_bundle_comes_back_as_it_was_saved(path, model):
    loaded = load(path)
    assert (loaded.codec, loaded.config, loaded.provenance) == ("frames", model.config, SAID)
    assert loaded.network == model.config
    assert loaded.weights.keys() == model.weights.keys()
    for name, array in loaded.weights.items():
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, model.weights[name], rtol=1e-3, atol=1e-6)  # half precision


@pytest.mark.parametrize("name", ["embedding", "places", "prior"])
def test_what_was_given_comes_back_exactly(path, model, name):
    np.testing.assert_array_equal(load(path).weights[name], model.weights[name])


def test_the_codebook_comes_back(path):
    np.testing.assert_allclose(frames.entries_of(load(path).weights), ENTRIES, atol=0.02)


def test_saving_a_loaded_bundle_gives_the_same_bytes(path, tmp_path):
    load(path).save(tmp_path / "again.notegen")
    assert (tmp_path / "again.notegen").read_bytes() == path.read_bytes()


def test_the_header_tells_the_codec_and_how_frames_are_made(path):
    header = said(path.read_bytes())
    assert header["codec"] == "frames"
    assert header["vocabulary"] == features.describe()


def test_a_loaded_bundle_predicts(path, model):
    ids = np.array([[1, 2 + 9 * 17, 8 + 9 * 300]], np.int32)
    ours, theirs = (
        runtime.logits(runtime.hidden(ids, runtime.start())[0], ids)
        for runtime in (Runtime(load(path)), Runtime(model))
    )
    np.testing.assert_allclose(ours, theirs, atol=5e-3)


@pytest.mark.parametrize("codec", ["notes", "spectrum", "waves", None, 3])
def test_another_codec_than_the_models_own_is_refused(rewritten, codec):
    with pytest.raises(BundleError, match=r"rewritten\.notegen: the model"):
        load(rewritten({"codec": codec}))


def test_a_bundle_of_notes_that_says_it_is_of_frames_is_refused(rewritten, bundle_path):
    data = bundle_path.read_bytes()
    for header in ({"codec": "frames"}, {"codec": "frames", "vocabulary": features.describe()}):
        with pytest.raises(BundleError, match=r"rewritten\.notegen: the model"):
            load(rewritten(header, data=data))


def test_a_bundle_of_frames_that_says_it_is_of_notes_is_refused(rewritten):
    with pytest.raises(BundleError, match="damaged"):
        load(rewritten({"codec": "notes", "vocabulary": vocabulary.describe()}))


@pytest.mark.parametrize("part", ["rate", "window", "hop", "bands", "lowest", "floor"])
def test_frames_that_are_made_otherwise_are_refused(rewritten, part):
    other = {**features.describe(), part: features.describe()[part] * 2}
    with pytest.raises(BundleError, match="another vocabulary; train it again"):
        load(rewritten({"vocabulary": other}))


CONFIG = {
    "vocabulary": 9,
    "embedding": 80,
    "units": 4,
    "layers": 1,
    "dropout": 0.2,
    "places": frames.PLACES,
}


@pytest.mark.parametrize(
    "changed",
    [
        {"places": 0},
        {"places": 5},
        {"places": -1},
        {"places": True},
        {"places": "385"},
        {"places": None},
        {"embedding": 40},
        {"embedding": 80.0},
        {"vocabulary": 8},
        {"vocabulary": 0},
        {"units": 8},
        {"layers": 0},
        {"layers": 2},
        {"window": 40},
    ],
    ids=str,
)
def test_a_configuration_that_the_weights_do_not_bear_out_is_refused(rewritten, changed):
    with pytest.raises(BundleError, match="damaged"):
        load(rewritten({"config": {**CONFIG, **changed}}))


def test_the_configuration_as_it_is_is_taken(rewritten, model):
    assert load(rewritten({"config": CONFIG})).config == model.config


@pytest.mark.parametrize("name", ["prior", "places", "embedding"])
def test_tables_that_are_no_numbers_or_of_other_sizes_are_refused(rewritten, model, name):
    for table in (np.full_like(model.weights[name], np.nan), model.weights[name][:-1]):
        with pytest.raises(BundleError, match="damaged: its weights are no numbers of the sizes it states"):
            load(rewritten(tensors={name: table.astype(np.float16)}))


@pytest.mark.parametrize(
    ("changed", "tensors"),
    [
        ({"places": 0}, {"lstm0.input": (80, 16)}),
        ({"embedding": 40}, {"embedding": (9, 40), "lstm0.input": (50, 16)}),
    ],
    ids=["no places", "fewer bands"],
)
def test_what_is_no_network_of_frames_is_refused(rewritten, changed, tensors):
    """Even where all weights are of the sizes that the header states."""
    zeros = {name: np.zeros(shape, np.float16) for name, shape in tensors.items()}
    with pytest.raises(BundleError, match="damaged; train it"):
        load(rewritten({"config": {**CONFIG, **changed}}, zeros))


def test_a_model_that_is_of_use_elsewhere_says_where(model, bundle, path):
    model.expect("frames")
    model.expect("spectrum", "frames")
    with pytest.raises(UsageError, match=r"^this model is a model of recordings; use it with notegen audio"):
        model.expect("notes")
    with pytest.raises(UsageError, match=rf"^{path} is a model of recordings; use it with notegen audio"):
        load(path).expect("notes")
    bundle.expect("notes")
    with pytest.raises(UsageError, match=r"random\.notegen is a model of notes; use it with notegen compose"):
        bundle.expect("frames")


def test_a_bundle_without_a_codec_is_of_notes(tmp_path, bundle, bundle_path):
    """As the first ones were: their headers have neither a codec nor places."""
    data = bundle_path.read_bytes()
    header = said(data)
    del header["codec"], header["config"]["places"]
    (tmp_path / "old.notegen").write_bytes(save_tensors(load_tensors(data), {"notegen": json.dumps(header)}))
    loaded = load(tmp_path / "old.notegen")
    assert (loaded.codec, loaded.config) == ("notes", bundle.config)
    loaded.expect("notes")
    for name, array in loaded.weights.items():
        np.testing.assert_array_equal(array, bundle.weights[name])
