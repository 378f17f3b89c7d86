"""Tests that apply to every featurizer."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from MDAnalysisTests.datafiles import GRO, XTC
from trajectories import block, ends, features, universe

from mdgmvae.errors import InputError
from mdgmvae.featurizers import (
    Angles,
    Concatenate,
    Contacts,
    Custom,
    Dihedrals,
    Distances,
    Positions,
    from_dict,
)

EVERY = [
    Distances("name CA and resid 1:20", exclude_neighbours=2, periodic=True),
    Distances(pairs=np.array([[3, 1], [7, 90]])),
    Distances("resid 1:12", scheme="residue-min", periodic=True),
    Dihedrals("resid 1:9", angles=["psi", "chi1"], form="radians"),
    Dihedrals(quadruples=[[0, 1, 2, 3]]),
    Angles("resid 1:9", periodic=True),
    Positions("name CA"),
    Contacts("name CB and resid 1:20", cutoff=8.0, smooth=False),
    Custom(ends, 3),
    Concatenate((Dihedrals("resid 1:5"), Positions("name CB"), Custom(ends, 3))),
]


@pytest.fixture(scope="module")
def protein():
    return universe(GRO, XTC).select_atoms("protein")


@pytest.fixture(params=EVERY, ids=lambda featurizer: featurizer.kind)
def featurizer(request, protein):
    protein.universe.trajectory[0]
    return request.param.with_reference(protein, protein.positions)


def test_json_gives_it_back(featurizer):
    text = json.dumps(featurizer.to_dict())
    assert from_dict(json.loads(text), custom={"ends": ends}) == featurizer
    assert hash(featurizer) == hash(from_dict(json.loads(text), custom={"ends": ends}))


def test_it_cannot_be_changed(featurizer):
    with pytest.raises(AttributeError):
        featurizer.select = "all"


def test_bound_it_describes_its_columns(featurizer, protein):
    bound, values = features(featurizer, protein, stop=3)
    assert values.shape == (3, bound.n_features)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert len(set(bound.names)) == len(bound.units) == bound.n_features
    assert set(bound.units) <= {"angstrom", "radian", "1"}
    assert bound.indices.dtype == np.int64
    assert (np.diff(bound.indices) > 0).all()
    assert bound.featurizer == featurizer


def test_blocks_of_any_size_give_the_same(featurizer, protein):
    bound = featurizer.bind(protein)
    positions, boxes = block(protein, bound)
    whole = bound(positions, boxes)
    single = [bound(p[None], b[None])[0] for p, b in zip(positions, boxes, strict=True)]
    np.testing.assert_allclose(whole, single, atol=1e-5)
    before = positions.copy()
    bound(positions, boxes)
    np.testing.assert_array_equal(positions, before)
    assert bound(positions[:0], boxes[:0]).shape == (0, bound.n_features)


def test_it_travels_to_another_process(featurizer, protein):
    bound = featurizer.bind(protein)
    copy = pickle.loads(pickle.dumps(bound))
    positions, boxes = block(protein, bound, stop=2)
    np.testing.assert_array_equal(copy(positions, boxes), bound(positions, boxes))
    assert copy.names == bound.names


def test_positions_of_other_atoms_are_refused(featurizer, protein):
    bound = featurizer.bind(protein)
    with pytest.raises(InputError, match=r"shape .* must be \(n_frames"):
        bound(np.zeros((2, len(bound.indices) + 1, 3)))
    with pytest.raises(InputError, match="must be"):
        bound(np.zeros((len(bound.indices), 3)))


def test_importing_is_cheap():
    code = (
        "import sys, mdgmvae.featurizers as f; f.Distances, f.by_name('dihedrals');"
        "print([m for m in ('MDAnalysis', 'mdtraj', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
