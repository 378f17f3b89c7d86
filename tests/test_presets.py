"""The named sets of hyperparameters and the table that describes each."""

import inspect

import numpy as np
import pytest

from mdgmvae import GMVAE
from mdgmvae.errors import InputError
from mdgmvae.presets import HYPERPARAMETERS, PAPER, PRESETS, check, preset


def test_the_constructor_has_every_hyperparameter_with_the_papers_value():
    signature = inspect.signature(GMVAE).parameters
    assert {name: signature[name].default for name in HYPERPARAMETERS} == dict(PAPER)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_complete_and_allowed(name):
    values = preset(name)
    assert set(values) == set(HYPERPARAMETERS)
    assert check(values) == values


def test_numpy_numbers_are_numbers():
    given = {"k": np.int64(3), "lr": np.float32(0.5), "qy_dims": np.array([8, 4]), "n_z": 2.0}
    assert check(given) == {"k": 3, "lr": 0.5, "qy_dims": (8, 4), "n_z": 2}
    assert check({"relu_logits": np.bool_(True)}) == {"relu_logits": True}


@pytest.mark.parametrize("bad", [{"k": True}, {"n_init": "3"}, {"lr": np.inf}, {"anneal": 1.5}])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        check(bad)


def test_unknown_preset_names_the_known():
    with pytest.raises(InputError, match="paper, robust"):
        preset("best")
