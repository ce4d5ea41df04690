from dataclasses import replace

import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.errors import BundleError, UsageError
from notegen.model.assemble import Ensemble, habits_of
from notegen.model.bundle import Bundle, MarkovConfig
from notegen.model.habits import FOLK
from notegen.model.markov import Markov
from notegen.model.network import NetworkConfig
from notegen.model.runtime import Runtime

ROW = np.array([[v.START, 40, 41, 40, 41, 40]])


@pytest.fixture
def network(random_bundle):
    return replace(random_bundle(NetworkConfig(v.MELODY, embedding=4, units=6, layers=1)), name="net")


@pytest.fixture
def chain():
    ids = np.array([v.START, 40, 41, v.END, v.START, 40, 40, v.END], dtype=np.uint16)
    config = MarkovConfig(v.MELODY, order=2, smoothing="witten-bell", tokens=8, pieces=2)
    return Bundle(config, {"ids": ids, "ends": np.array([4, 8], dtype=np.uint32)}, name="chain")


def predicted(ensemble):
    return np.exp(ensemble.predictor.predict(ROW, ensemble.predictor.start())[0])


def test_one_model_without_memory_is_itself(network):
    own = Runtime(network)
    expected, _ = own.predict(ROW, own.start())
    np.testing.assert_array_equal(predicted(Ensemble((network,), memory=0)), np.exp(expected))


def test_a_chain_is_counted_in_the_pieces_of_its_bundle(chain):
    pieces = [np.array([v.START, 40, 41, v.END]), np.array([v.START, 40, 40, v.END])]
    own = Markov(pieces, 2, "witten-bell", v.MELODY)
    expected, _ = own.predict(ROW, own.start())
    np.testing.assert_allclose(predicted(Ensemble((chain,), memory=0)), np.exp(expected))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_two_models_are_mixed_by_the_share_of_the_second(network, chain, share):
    alone = [predicted(Ensemble((each,), memory=0)) for each in (network, chain)]
    mixed = predicted(Ensemble((network, chain), memory=0, blend=share))
    np.testing.assert_allclose(mixed, (1 - share) * alone[0] + share * alone[1], rtol=1e-6)


def test_memory_expects_what_came_before(network):
    assert predicted(Ensemble((network,)))[0, -1, 41] > predicted(Ensemble((network,), memory=0))[0, -1, 41]


def test_a_bundle_is_an_ensemble_of_one_with_memory(network):
    ensemble = Ensemble.of(network)
    assert (ensemble.models, ensemble.memory, ensemble.name) == ((network,), 0.5, network.name)
    assert Ensemble.of(ensemble) is ensemble


def test_an_ensemble_is_called_by_its_models(network, chain):
    assert Ensemble((network, chain), blend=0.25).name == f"{network.name} and chain (25%)"


def test_people_are_measured_in_the_same_way(network):
    network.provenance.update(valid_bits_per_note=3.0, valid_bits_with_memory=1.5)
    assert Ensemble((network,)).human_bits == 1.5
    assert Ensemble((network,), memory=0).human_bits == 3.0


def test_habits_are_those_of_the_bundle(network):
    assert habits_of(network) == FOLK
    said = {"length": [0.5] * len(FOLK.length), "distance": FOLK.distance, "between": FOLK.between}
    network.provenance["habits"] = said
    assert habits_of(network).length == (0.5,) * len(FOLK.length)
    network.provenance["habits"] = {**said, "length": [0.5]}
    with pytest.raises(BundleError, match="damaged"):
        habits_of(network)


@pytest.mark.parametrize("settings", [{"memory": -0.1}, {"memory": 2}, {"blend": 1.1}], ids=str)
def test_numbers_out_of_range_are_refused(network, settings):
    with pytest.raises(UsageError, match="between 0 and 1"):
        Ensemble((network, network), **settings)


def test_models_that_cannot_be_asked_together_are_refused(network, random_bundle):
    with pytest.raises(UsageError, match="one or two"):
        Ensemble((network,) * 3)
    text = random_bundle(NetworkConfig(9, embedding=4, units=6, layers=1))
    text = Bundle(text.config, text.weights, codec="abc-tokens", symbols=tuple("ABCDEF"), name="text")
    with pytest.raises(UsageError, match="and text do not read the same"):
        Ensemble((network, text))
    with pytest.raises(UsageError, match="recordings"):
        Ensemble((Bundle(network.config, network.weights, codec="frames"),))
