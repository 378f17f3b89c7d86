"""Frames that count twice are told, whichever library reads them."""

import warnings

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from trajectories import universe

from mdgmvae.data import alanine_dipeptide
from mdgmvae.featurizers import featurize


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """Write slices of one trajectory to files, and return a function that names them."""
    folder = tmp_path_factory.mktemp("pieces")
    source = universe(*alanine_dipeptide())

    def write(*slices):
        path = folder / ("-".join(f"{s.start}.{s.stop}" for s in slices) + ".xtc")
        with mda.Writer(str(path), 22) as writer:
            for frames in slices:
                for _ in source.trajectory[frames]:
                    writer.write(source.atoms)
        return str(path)

    return write


def time_goes_back():
    return pytest.warns(UserWarning, match="time does not increase")


def features_of(library, files, **options):
    topology = alanine_dipeptide()[0]
    source = universe(topology, files) if library == "MDAnalysis" else (topology, files)
    return featurize(source, "dihedrals", **options)


@pytest.mark.parametrize("library", ["MDAnalysis", "mdtraj"])
def test_files_that_overlap_are_told(pieces, library):
    files = [pieces(slice(0, 60)), pieces(slice(40, 90))]
    match = r"40\.90\.xtc: frame 0 and .* frames 40 and 41 of .*0\.60\.xtc; 20 frames are repeated"
    with pytest.warns(UserWarning, match=match):
        features = features_of(library, files)
    assert len(features) == 110


def test_the_order_of_the_files_does_not_matter(pieces):
    files = [pieces(slice(40, 90)), pieces(slice(0, 60))]
    with pytest.warns(UserWarning, match=r"0\.60\.xtc: frame 40 and .* frames 0 and 1 of .*40\.90"):
        features_of("MDAnalysis", files, backend="multiprocessing", n_workers=2)


def test_a_file_that_goes_back_is_told(pieces):
    joined = pieces(slice(0, 30), slice(20, 50))
    match = r"frame 30 and the next one .* as frames 20 and 21; 10 frames"
    with pytest.warns(UserWarning, match=match), time_goes_back():
        features_of("MDAnalysis", joined)


def test_frames_in_memory_are_told():
    trajectory = mdtraj.load(alanine_dipeptide()[1][0], top=alanine_dipeptide()[0])[:40]
    match = "frame 40 and the next .* as frames 0 and 1; 40 frames"
    with pytest.warns(UserWarning, match=match), time_goes_back():
        featurize(trajectory.join(trajectory), "dihedrals")


@pytest.mark.parametrize(
    "slices",
    [
        (slice(0, 30), slice(29, 60)),  # the last frame is written again
        (slice(0, 1), slice(0, 30)),  # both start from one structure
        (slice(0, 30), slice(30, 60)),
    ],
)
@pytest.mark.parametrize("library", ["MDAnalysis", "mdtraj"])
def test_single_frames_are_no_reason_to_warn(pieces, library, slices):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        features_of(library, [pieces(one) for one in slices])


def test_frames_that_were_chosen_twice_are_not_repeated(pieces):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        features = features_of("MDAnalysis", pieces(slice(0, 30)), frames=[3, 4, 5, 3, 4, 5])
    np.testing.assert_array_equal(features.frames, [3, 4, 5, 3, 4, 5])
