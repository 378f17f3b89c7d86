"""Fixtures of the tests of the analysis."""

import pytest
from small_analyses import FAST, alanine

from mdgmvae import GMVAEAnalysis


@pytest.fixture
def u():
    return alanine()


@pytest.fixture(scope="session")
def analysed():
    """One analysis of every 20th frame that tests only read."""
    return GMVAEAnalysis(alanine(), **FAST).run(step=20)


@pytest.fixture(scope="session")
def saved(analysed, tmp_path_factory):
    """The folder of its model."""
    folder = tmp_path_factory.mktemp("analysed") / "model"
    analysed.save_model(folder)
    return folder
