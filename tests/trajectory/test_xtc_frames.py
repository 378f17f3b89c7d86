"""Frames of an XTC read without the reader: bit for bit what the reader gives."""

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysis.transformations import translate
from MDAnalysisTests.datafiles import GRO, TRR, XTC
from numpy.testing import assert_array_equal

from mdgmvae.errors import InputError
from mdgmvae.featurizers import Distances
from mdgmvae.trajectory.collector import FeatureCollector
from mdgmvae.trajectory.xtc_frames import XTCFrames, can_read


def seen(timesteps):
    """What each frame holds, copied."""
    return [
        (
            ts.frame,
            ts.time,
            ts.data["step"],
            ts.positions.copy(),
            None if ts.dimensions is None else ts.dimensions.copy(),
        )
        for ts in timesteps
    ]


@pytest.fixture
def boxes_that_come_and_go(tmp_path):
    """Frames without a box, with one that stays, and with another."""
    atoms = mda.Universe(GRO).select_atoms("protein")
    path = str(tmp_path / "some.xtc")
    box = np.float32([40, 50, 60, 90, 80, 70])
    with mda.Writer(path, len(atoms)) as writer:
        for scale in (0, 0, 1, 1, 2, 0, 1):
            atoms.universe.dimensions = scale * box if scale else None
            atoms.translate([1, 2, 3])
            writer.write(atoms)
    return mda.Merge(atoms).load_new(path)


@pytest.mark.parametrize("numbers", [range(7), [5, 3, 3, 4], [6], [0, 2, 4]], ids=str)
def test_frames_are_the_readers(numbers, boxes_that_come_and_go):
    for universe in (mda.Universe(GRO, XTC), boxes_that_come_and_go):
        reader = universe.trajectory
        ours = seen(XTCFrames(reader, numbers))
        assert len(XTCFrames(reader, numbers)) == len(ours)
        assert reader.ts.frame == 0
        assert reader.next().frame == 1
        for one, other in zip(ours, seen(reader[list(numbers)]), strict=True):
            for mine, its in zip(one, other, strict=True):
                assert_array_equal(mine, its)


@pytest.mark.parametrize("numbers", [range(20), [19, 3, 11, 12, 4], [15]], ids=str)
@pytest.mark.parametrize("continuous", [False, True])
def test_frames_of_a_chain_are_the_readers(numbers, continuous, tmp_path):
    source = mda.Universe(GRO, XTC)
    atoms = source.select_atoms("protein")
    names = [str(tmp_path / name) for name in ("a.xtc", "b.xtc")]
    # Two frames overlap.
    atoms.write(names[0], frames=source.trajectory[:6])
    atoms.write(names[1], frames=source.trajectory[4:])
    chain = mda.Merge(atoms).load_new(names, continuous=continuous).trajectory
    numbers = [number % len(chain) for number in numbers]
    theirs = seen(chain[numbers])
    for timestep, expected in zip(XTCFrames(chain, numbers), theirs, strict=True):
        assert chain.ts is timestep
        for mine, its in zip(seen([timestep])[0], expected, strict=True):
            assert_array_equal(mine, its)
    assert chain.ts.frame == 0
    assert chain[7].frame == 7


def test_what_changes_frames_is_left_to_the_reader():
    assert can_read(mda.Universe(GRO, XTC).trajectory)
    assert can_read(mda.Universe(GRO, [XTC, XTC]).trajectory)
    for universe in (
        mda.Universe(GRO, TRR),
        mda.Universe(GRO, [XTC, TRR]),
        mda.Universe(GRO, [XTC, XTC], dt=2.0),
        mda.Universe(GRO, [XTC, XTC], transformations=translate([1, 2, 3])),
        mda.Universe(GRO, XTC, dt=2.0),
        mda.Universe(GRO, XTC, convert_units=False),
        mda.Universe(GRO, XTC, transformations=translate([1, 2, 3])),
        mda.Universe(GRO, XTC, in_memory=True),
        mda.Merge(mda.Universe(GRO).atoms[:9]).load_new(XTC, sub=np.arange(9)),
    ):
        assert not can_read(universe.trajectory)


def test_a_file_that_shrinks_under_the_reader(boxes_that_come_and_go):
    """The index promises more frames than are there by now."""
    path = boxes_that_come_and_go.trajectory.filename
    with open(path, "r+b") as stream:
        stream.truncate(int(boxes_that_come_and_go.trajectory._xdr.offsets[4]))
    with pytest.raises(InputError, match="frame 4 cannot be read"):
        FeatureCollector(boxes_that_come_and_go, Distances(pairs=[(0, 9)])).run(frames=[3, 4])
