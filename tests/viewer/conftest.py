"""Universes and pages that several tests of the viewer use."""

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysis.coordinates.memory import MemoryReader
from MDAnalysisTests.datafiles import DCD, PSF
from small_analyses import alanine


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Return a folder for pages."""
    return tmp_path_factory.mktemp("pages")


@pytest.fixture
def short_alanine():
    """Return alanine dipeptide with 40 frames in memory, which a test may change."""
    u = alanine()
    positions = np.array([ts.positions for ts in u.trajectory[:8000:200]])
    u.load_new(positions, format=MemoryReader, order="fac")
    return u


@pytest.fixture(scope="session")
def adk():
    """Return adenylate kinase, 3,341 atoms in 98 frames."""
    return mda.Universe(PSF, DCD)
