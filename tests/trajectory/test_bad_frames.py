"""With on_bad_frames="skip", frames that cannot be used are left out, and nothing else changes."""

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysis.lib.formats.libmdaxdr import TRRFile
from numpy.testing import assert_array_equal

from mdgmvae.annotation import write_pdb
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Dihedrals, Distances, Positions, featurize
from mdgmvae.trajectory.collector import FeatureCollector

TOPOLOGY, (TRAJECTORY,) = alanine_dipeptide()
CA_PAIR = Distances(pairs=[(4, 8)], periodic=False)


@pytest.fixture(scope="module")
def coordinates():
    u = mda.Universe(TOPOLOGY, TRAJECTORY)
    return np.array([ts.positions.copy() for ts in u.trajectory[:12]])


def opened(coordinates, bad):
    """Return a universe in memory in which some frames hold no numbers."""
    changed = coordinates.copy()
    changed[bad] = np.nan
    return mda.Universe(TOPOLOGY).load_new(changed, order="fac", dt=2.0)


@pytest.mark.parametrize(
    ("bad", "lengths"),
    [
        ([3], (3, 8)),
        ([0], (11,)),
        ([11], (11,)),
        # What is left has an even step, but no two of its frames are neighbours.
        ([1, 3, 5, 7, 9], (1, 1, 1, 1, 1, 2)),
        ([4, 5, 6], (4, 5)),
        ([], (12,)),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:.* left out:UserWarning")
def test_segments_end_where_frames_are_left_out(coordinates, bad, lengths):
    features = featurize(opened(coordinates, bad), CA_PAIR, on_bad_frames="skip")
    kept = np.delete(np.arange(12), bad)
    expected = np.linalg.norm(coordinates[kept, 4] - coordinates[kept, 8], axis=1)
    assert features.lengths == lengths
    assert_array_equal(features.frames, kept)
    assert_array_equal(features.times, 2.0 * kept)
    np.testing.assert_allclose(features.values[:, 0], expected, rtol=1e-5)


def test_the_warning_counts_and_names_the_first(coordinates):
    u = opened(coordinates, [2, 7])
    with pytest.warns(UserWarning, match="frame 2: .*; it is the first of 2 of 12 frames, which"):
        featurize(u, CA_PAIR, on_bad_frames="skip")
    with pytest.warns(UserWarning, match="frame 7: .*; it is one of 6 frames, which is left out"):
        featurize(u, CA_PAIR, start=6, on_bad_frames="skip")
    with pytest.raises(InputError, match="frame 2"):
        featurize(u, CA_PAIR)


@pytest.mark.filterwarnings("ignore:.* left out:UserWarning")
def test_workers_and_files_give_the_same(coordinates, tmp_path):
    u = opened(coordinates, [2, 7])
    path = str(tmp_path / "a.trr")
    u.atoms.write(path, frames="all")
    u.load_new(path)
    out = tmp_path / "out.npy"
    alone = featurize(u, Dihedrals(), out, on_bad_frames="skip")
    shared = featurize(u, Dihedrals(), backend="multiprocessing", n_workers=2, on_bad_frames="skip")
    assert_array_equal(alone.values, shared.values)
    assert alone.lengths == shared.lengths == (2, 4, 4)
    assert_array_equal(np.load(out), alone.values)
    whole = featurize(u, Dihedrals(), frames=alone.frames)
    assert_array_equal(whole.values, alone.values)


def test_the_reference_is_the_first_frame_that_can_be_used(coordinates):
    collector = FeatureCollector(opened(coordinates, [0, 1]), Positions(select="name C*"))
    with pytest.warns(UserWarning, match="left out"):
        collector.run(on_bad_frames="skip")
    expected = featurize(opened(coordinates, []), Positions(select="name C*"), start=2)
    assert_array_equal(collector.features.values, expected.values)
    assert_array_equal(collector.frames, np.arange(2, 12))


def test_mdtraj_sources_too(coordinates):
    trajectory = mdtraj.load(TOPOLOGY)
    changed = coordinates / 10
    changed[4] = np.nan
    changed[0] = 1e9
    trajectory = mdtraj.Trajectory(changed, trajectory.topology, time=np.arange(12))
    with pytest.warns(UserWarning, match="frame 0: ACE1:C lies .*first of 2 of 12 frames"):
        features = featurize(trajectory, CA_PAIR, on_bad_frames="skip")
    assert features.lengths == (3, 7)
    assert_array_equal(features.frames, [1, 2, 3, *range(5, 12)])


@pytest.fixture(scope="module")
def half_velocities(coordinates, tmp_path_factory):
    """Return a TRR file in which every other frame has velocities only, as with nstvout in GROMACS.

    mdtraj makes up coordinates for them.
    """
    path = str(tmp_path_factory.mktemp("velocities") / "run.trr")
    box = np.eye(3, dtype=np.float32) * 4
    with TRRFile(path, "w") as file:
        for i, frame in enumerate(coordinates):
            kinds = (None, frame, None) if i % 2 else (frame / 10, None, None)
            file.write(*kinds, box, i, 2.0 * i, 0, 22)
    return path


@pytest.mark.parametrize("library", ["MDAnalysis", "mdtraj"])
def test_frames_without_coordinates(coordinates, half_velocities, library):
    own = library == "MDAnalysis"
    source = mda.Universe(TOPOLOGY, half_velocities) if own else (TOPOLOGY, [half_velocities])
    with pytest.raises(InputError, match=r"run\.trr: frame 1: (there are no|x of .* is NaN)"):
        featurize(source, CA_PAIR)
    with pytest.warns(UserWarning, match=r"frame 1: .*it is the first of 6 of 12 frames"):
        features = featurize(source, CA_PAIR, on_bad_frames="skip")
    assert_array_equal(features.frames, np.arange(0, 12, 2))
    expected = np.linalg.norm(coordinates[::2, 4] - coordinates[::2, 8], axis=1)
    np.testing.assert_allclose(features.values[:, 0], expected, rtol=1e-5)
    assert featurize(source, CA_PAIR, step=2).lengths == (6,)


def test_labels_of_frames_without_coordinates_are_not_written(half_velocities, tmp_path):
    with pytest.raises(InputError, match=r"run\.trr: frame 1: there are no coordinates"):
        write_pdb(mda.Universe(TOPOLOGY, half_velocities), np.zeros(12, int), tmp_path / "x.pdb")
    assert not list(tmp_path.iterdir())


def test_no_frame_is_left(coordinates):
    with pytest.raises(InputError, match=r"frame 0: .*; none of the 12 frames can be used"):
        featurize(opened(coordinates, slice(None)), CA_PAIR, on_bad_frames="skip")


def test_another_word_is_refused(coordinates):
    with pytest.raises(InputError, match="on_bad_frames='ignore': choose 'error', or 'skip'"):
        featurize(opened(coordinates, []), CA_PAIR, on_bad_frames="ignore")
