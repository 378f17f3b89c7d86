"""Warnings about a training that has not converged."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from mdgmvae import GMVAE
from mdgmvae.presets import Hyperparameters
from mdgmvae.training.convergence import diagnose

PARAMETERS = Hyperparameters(n_epochs=40, lr=1e-3, px_dims=(8,))


def test_a_training_that_is_too_short_is_told_and_a_long_one_is_not(mueller_brown):
    x = mueller_brown[:5000]
    with pytest.warns(ConvergenceWarning, match=r"still decreasing .* after 8 epochs .* raise n_"):
        GMVAE(k=2, n_epochs=8, seed=0).fit(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        GMVAE(k=2, n_epochs=40, lr=5e-3, lr_schedule="cosine", seed=0).fit(x)


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
