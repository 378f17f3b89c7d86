"""The presets, and the table of hyperparameters behind them."""

import inspect

import MDAnalysis as mda
import numpy as np
import pytest
from alanine_basins import check_states
from paths import DATA
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import featurize
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
@pytest.mark.parametrize(
    ("features", "seed"), [("dihedrals", 1), ("distances", 0), ("distances", 1)]
)
def test_robust_finds_the_states_of_alanine_dipeptide(features, seed):
    """The demo does so with dihedrals and seed 0."""
    u = mda.Universe(*alanine_dipeptide())
    labels, states = fitted(featurize(u, features, verbose=False).values, seed=seed)
    check_states(states, labels)


@pytest.mark.slow
def test_robust_finds_five_wells_with_more_components_too(five_wells):
    _, states = fitted(five_wells[0], k=10, seed=2)
    assert states.max() == 4
    assert adjusted_rand_score(five_wells[1], states) > 0.97


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the loss was still decreasing")
def test_components_of_the_robust_preset_keep_to_one_well(five_wells):
    """A well may be split between components, but no component may cover two wells."""
    x, basins = five_wells

    def agreement(labels):
        wells = [np.bincount(basins[labels == y], minlength=5).argmax() for y in range(5)]
        return adjusted_rand_score(basins, np.array(wells)[labels])

    labels, states = fitted(x, k=5, seed=2)
    assert states.max() == 4
    assert adjusted_rand_score(basins, states) > 0.97
    assert agreement(labels) > 0.85
    assert agreement(labels) > agreement(GMVAE.from_preset("paper", k=5, seed=0).fit_predict(x))


@pytest.mark.slow
def test_robust_finds_the_two_slow_basins_of_mueller_brown(mueller_brown):
    """Two of the three basins exchange within a few frames; they are one metastable state."""
    basins = np.minimum(np.load(DATA / "mueller_brown_labels.npy"), 1)
    _, states = fitted(mueller_brown, k=3, seed=0)
    assert states.max() == 1
    assert adjusted_rand_score(basins, states) > 0.9
