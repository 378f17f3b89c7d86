"""The fast reading of XTC files gives exactly the frames of MDAnalysis' reader, or is not used."""

import logging

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysis.coordinates.XTC import XTCReader
from MDAnalysis.transformations import translate
from MDAnalysisTests.datafiles import GRO, XTC
from numpy.testing import assert_array_equal

from mdgmvae.annotation.auxiliary import FrameAuxReader
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Distances
from mdgmvae.trajectory import frame_reader, xtc_frames
from mdgmvae.trajectory.collector import FeatureCollector
from mdgmvae.trajectory.frame_reader import FrameReader
from mdgmvae.trajectory.xtc_frames import XTCFrames, can_read

# One frame has no time step.
pytestmark = pytest.mark.filterwarnings("ignore:Reader has no dt information:UserWarning")


def seen(timesteps):
    """Return copies of all data of each frame."""
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
    """Write frames without a box, with a constant box, and with a changing box."""
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
        ours = seen(FrameReader(reader, numbers))
        assert len(FrameReader(reader, numbers)) == len(ours)
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
    for timestep, expected in zip(FrameReader(chain, numbers), theirs, strict=True):
        assert chain.ts is timestep
        for mine, its in zip(seen([timestep])[0], expected, strict=True):
            assert_array_equal(mine, its)
    assert chain.ts.frame == 0
    assert chain[7].frame == 7


def test_auxiliary_data_come_with_the_frames(universe, tmp_path):
    """Of any reader: values of frames, and a file with times of its own."""
    reader, values = universe.trajectory, np.arange(10.0)[::-1]
    reader.add_auxiliary("own", FrameAuxReader((values,)))
    (tmp_path / "energy.xvg").write_text("".join(f"{t} {t**2}\n" for t in range(0, 1000, 50)))
    reader.add_auxiliary("energy", str(tmp_path / "energy.xvg"), time_selector=0)
    numbers = [4, 5, 2, 0]
    assert can_read(reader)
    found = [(ts.aux.own, *ts.aux.energy) for ts in FrameReader(reader, numbers)]
    assert found == [(ts.aux.own, *ts.aux.energy) for ts in reader[numbers]]
    assert [own for own, *_ in found] == values[numbers].tolist()
    assert reader.ts.frame == 0 and reader.ts.aux.own == values[0]


def test_what_changes_frames_is_left_to_the_reader(residues, tmp_path):
    atoms, (first, second) = residues

    def opened(*files, **options):
        files = files[0] if len(files) == 1 else list(files)
        return atoms.copy().load_new(files, **options).trajectory

    def moved(*files):
        reader = opened(*files)
        reader.add_transformations(translate([1, 2, 3]))
        return reader

    other = str(tmp_path / "c.trr")
    atoms.copy().load_new(first).atoms.write(other, frames="all")
    assert can_read(opened(first))
    assert can_read(opened(first, second))
    for reader in (
        opened(other),
        opened(first, other),
        opened(first, second, dt=2.0),
        moved(first, second),
        opened(first, dt=2.0),
        opened(first, convert_units=False),
        moved(first),
        opened(first, in_memory=True),
        mda.Merge(atoms.atoms[:9]).load_new(first, sub=np.arange(9)).trajectory,
    ):
        assert not can_read(reader)


CA = Distances(select="name CA", periodic=True)


@pytest.fixture(scope="module")
def residues(tmp_path_factory):
    """Return some residues, and the names of two files with their frames."""
    folder = tmp_path_factory.mktemp("residues")
    source = mda.Universe(GRO, XTC)
    atoms = source.select_atoms("protein and resid 1:20")
    names = [str(folder / "a.xtc"), str(folder / "b.xtc")]
    atoms.write(names[0], frames=source.trajectory[:6])
    atoms.write(names[1], frames=source.trajectory[6:])
    return mda.Merge(atoms), names


@pytest.fixture(params=[1, 2], ids=["file", "chain"])
def universe(request, residues):
    atoms, names = residues
    files = names[: request.param]
    return atoms.copy().load_new(files if len(files) > 1 else files[0])


@pytest.fixture
def from_reader(monkeypatch):
    """Compute the features of a universe with MDAnalysis' reader alone."""

    def compute(universe):
        with monkeypatch.context() as patch:
            patch.setattr(frame_reader, "can_read", lambda reader: False)
            return FeatureCollector(universe, CA).run().features.values

    return compute


def test_features_are_those_of_the_reader(universe, from_reader, monkeypatch):
    read = []
    plain = XTCFrames.__iter__
    monkeypatch.setattr(XTCFrames, "__iter__", lambda frames: read.append(1) or plain(frames))
    features = FeatureCollector(universe, CA).run().features
    assert read
    assert_array_equal(features.values, from_reader(universe))


def test_the_reader_is_used_if_it_has_other_attributes(universe, from_reader, monkeypatch, caplog):
    """With another version of MDAnalysis, the features are the same, and a message is logged."""
    expected = from_reader(universe)
    monkeypatch.setitem(xtc_frames._REQUIRED_ATTRIBUTES, XTCReader, ("_gone",))
    reader = universe.trajectory
    assert not can_read(reader)
    with caplog.at_level(logging.INFO, logger=xtc_frames.__name__):
        assert_array_equal(FeatureCollector(universe, CA).run().features.values, expected)
    reason = "read by MDAnalysis' own reader, because it has no attribute _gone"
    assert f"a.xtc: {reason}" in caplog.text


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, names in xtc_frames._REQUIRED_ATTRIBUTES.items() for name in names],
)
def test_every_attribute_that_is_used_is_looked_for(kind, name, residues, monkeypatch):
    atoms, names = residues
    chain = atoms.copy().load_new(names).trajectory
    assert can_read(chain)
    gone = tuple(
        f"{other}_gone" if other == name else other
        for other in xtc_frames._REQUIRED_ATTRIBUTES[kind]
    )
    monkeypatch.setitem(xtc_frames._REQUIRED_ATTRIBUTES, kind, gone)
    assert not can_read(chain)


def test_a_file_that_shrinks_under_the_reader(boxes_that_come_and_go):
    """The index lists more frames than the file still has."""
    path = boxes_that_come_and_go.trajectory.filename
    with open(path, "r+b") as stream:
        stream.truncate(int(boxes_that_come_and_go.trajectory._xdr.offsets[4]))
    with pytest.raises(InputError, match="index of its frames lists 7 frames, but the file has 4"):
        FeatureCollector(boxes_that_come_and_go, Distances(pairs=[(0, 9)])).run(frames=[3, 4])
    with pytest.raises(InputError, match="frame 4: cannot be read"):
        list(FrameReader(boxes_that_come_and_go.trajectory, [3, 4]))
