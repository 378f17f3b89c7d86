"""Fixtures for the tests of the analysis."""

import pytest
from small_analyses import FAST, alanine

from mdgmvae import GMVAEAnalysis


@pytest.fixture
def u():
    return alanine()


@pytest.fixture(scope="session")
def analysed():
    """Return an analysis of every 20th frame; tests must not change it."""
    return GMVAEAnalysis(alanine(), **FAST).run(step=20)


@pytest.fixture(scope="session")
def saved(analysed, tmp_path_factory):
    """Return the folder of the model of `analysed`."""
    folder = tmp_path_factory.mktemp("analysed") / "model"
    analysed.save_model(folder)
    return folder
