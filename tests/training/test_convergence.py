"""Warnings about a training that has not converged."""

import warnings
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from mdgmvae import GMVAE
from mdgmvae.presets import Hyperparameters
from mdgmvae.training.convergence import diagnose
from mdgmvae.training.validation import Validator

PARAMETERS = Hyperparameters(n_epochs=40, lr=1e-3, px_dims=(8,))


@pytest.mark.slow
def test_a_training_that_is_too_short_is_told_and_a_long_one_is_not(mueller_brown):
    x = mueller_brown[:5000]
    with pytest.warns(ConvergenceWarning, match=r"still decreasing .* after 8 epochs .* raise n_"):
        GMVAE(k=2, n_epochs=8, seed=0).fit(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        GMVAE(k=2, n_epochs=40, lr=5e-3, lr_schedule="cosine", seed=0).fit(x)


def test_states_and_not_nats_decide_whether_a_training_was_too_short():
    """The loss of 29 of 40 sound trainings was still decreasing: the decoder improves on."""
    parameters = replace(PARAMETERS, n_epochs=40, lr_schedule="cosine")
    history = {"loss": np.linspace(9, 5, 40).tolist(), "changed": [0.3] * 32 + [0.001] * 8}
    assert diagnose(history, parameters) == []
    (said,) = diagnose(history | {"changed": [0.3] * 32 + [0.003] * 8}, parameters)
    assert "the states were still changing when training ended after 40 epochs" in said
    assert "raise n_epochs (now 40) or lr (now 0.001)" in said
    # A few epochs at a constant rate go on as they are; a cosine schedule has come to rest.
    few = {"loss": np.linspace(9, 5, 10).tolist(), "changed": [0.005] * 10}
    assert diagnose(few, replace(parameters, n_epochs=10)) == []
    assert len(diagnose(few, replace(PARAMETERS, n_epochs=10))) == 1
    # States that swap frames while the loss is flat have nothing to gain from more epochs.
    assert diagnose(history | {"loss": [5.0] * 40, "changed": [0.01] * 40}, parameters) == []


@pytest.mark.slow
def test_the_history_has_the_share_of_frames_that_change_state(mueller_brown):
    x = mueller_brown[:1024]
    model = GMVAE(k=3, n_epochs=3, lr=5e-3, seed=0)
    components = [np.full(1024, -1)]
    validate = Validator.validate

    def record(self, flat):
        components.append(self._inference(flat).probabilities(self._compared).argmax(axis=1))
        return validate(self, flat)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Validator, "validate", record)
        model.fit(x)
    changes = [np.mean(a != b) for a, b in pairwise(components[1:])]
    np.testing.assert_allclose(model.history_["changed"][1:], changes, atol=1e-12)
    assert "changed" not in GMVAE(k=1, n_epochs=1, seed=0).fit(x).history_


def test_a_reconstruction_that_never_decreases_asks_for_a_wider_decoder():
    """This is the advice of the paper."""
    decreasing = 3.0 * 0.8 ** np.arange(40)
    history = {"loss": decreasing.tolist(), "reconstruction": [2.0] * 40}
    (said,) = diagnose(history, PARAMETERS)
    assert "reconstruction loss has not decreased (2.00 to 2.00" in said
    assert "widen px_dims=(8,)" in said and "lower lr=0.001 and batch_size=517" in said


def test_a_loss_that_jumps_asks_for_a_lower_rate():
    loss = 3.0 * 0.8 ** np.arange(40)
    loss[33:] += np.tile([0.0, 2.0], 4)[:7]
    (said,) = diagnose({"loss": loss.tolist()}, PARAMETERS)
    assert "jumps by up to 2 nats" in said and "lower lr=0.001 or batch_size=517" in said


def test_an_early_stop_is_no_failure():
    decreasing = np.linspace(9, 5, 20).tolist()
    assert diagnose({"loss": decreasing}, PARAMETERS) == []
    assert len(diagnose({"loss": decreasing}, replace(PARAMETERS, n_epochs=20))) == 1
