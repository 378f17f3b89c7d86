"""The presets, and the table of hyperparameters behind them."""

import inspect

import MDAnalysis as mda
import numpy as np
import pytest
from alanine_basins import metastable
from paths import DATA
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import featurize
from mdgmvae.kinetics import vamp2
from mdgmvae.presets import (
    PAPER,
    PRESETS,
    RULES,
    Hyperparameters,
    check_values,
)


def test_the_constructor_has_every_hyperparameter_with_the_papers_value():
    signature = inspect.signature(GMVAE).parameters
    assert {name: signature[name].default for name in RULES} == PAPER.to_dict()


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_complete_and_allowed(name):
    values = Hyperparameters.of(name).to_dict()
    assert set(values) == set(RULES)
    assert check_values(values) == values


def test_numpy_numbers_are_numbers():
    given = {"k": np.int64(3), "lr": np.float32(0.5), "qy_dims": np.array([8, 4]), "n_z": 2.0}
    assert check_values(given) == {"k": 3, "lr": 0.5, "qy_dims": (8, 4), "n_z": 2}
    assert check_values({"relu_logits": np.bool_(True)}) == {"relu_logits": True}


@pytest.mark.parametrize("bad", [{"k": True}, {"n_init": "3"}, {"lr": np.inf}, {"anneal": 1.5}])
def test_values_that_are_not_numbers_are_refused(bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        check_values(bad)


def test_unknown_preset_names_the_known():
    with pytest.raises(InputError, match="paper, robust"):
        Hyperparameters.of("best")


def fitted(x, **settings):
    """Find components and states with the default model."""
    model = GMVAE.from_preset("robust", verbose=False, **settings).fit(x)
    return model.predict(x), model.predict_states(x)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("features", ["dihedrals", "distances"])
def test_robust_finds_the_states_of_alanine_dipeptide(features, seed):
    """Both kinds of features also give the slowest state: one visit, 3 % of the frames."""
    u = mda.Universe(*alanine_dipeptide())
    labels, states = fitted(featurize(u, features, verbose=False).values, seed=seed)
    assert states.max() == 2
    assert adjusted_rand_score(metastable(), states) > 0.97
    left = metastable() == 2
    assert np.mean(left == (states == 2)) > 0.9999
    assert vamp2(labels, lag=5) > 2.37


@pytest.mark.slow
@pytest.mark.parametrize("k", [5, 10])
def test_robust_finds_five_wells_with_more_components_too(five_wells, k):
    _, states = fitted(five_wells[0], k=k, seed=2)
    assert states.max() == 4
    assert adjusted_rand_score(five_wells[1], states) > 0.97


@pytest.mark.slow
def test_robust_finds_the_two_slow_basins_of_mueller_brown(mueller_brown):
    """Two of the three basins exchange within a few frames; they are one metastable state."""
    basins = np.minimum(np.load(DATA / "mueller_brown_labels.npy"), 1)
    _, states = fitted(mueller_brown, k=3, seed=0)
    assert states.max() == 1
    assert adjusted_rand_score(basins, states) > 0.9
