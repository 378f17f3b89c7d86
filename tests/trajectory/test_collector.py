"""Features of MDAnalysis trajectories are the same with every backend, in the given order."""

import copy
import gc
import os
import pickle

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysis.analysis.backends import BackendBase
from MDAnalysis.analysis.distances import self_distance_array
from MDAnalysis.transformations import translate
from MDAnalysisTests.datafiles import DCD, DCD2, GRO, PSF, XTC
from numpy.testing import assert_allclose, assert_array_equal

from mdgmvae.errors import InputError, TopologyWarning
from mdgmvae.featurizers import Distances, Positions
from mdgmvae.trajectory import backends
from mdgmvae.trajectory.collector import FeatureCollector
from mdgmvae.trajectory.frames import frame_numbers

pytestmark = pytest.mark.filterwarnings("ignore:DCDReader currently:DeprecationWarning")
CA = Distances(select="name CA and resid 1:8")


@pytest.fixture
def universe():
    return mda.Universe(PSF, DCD)


@pytest.fixture
def chain():
    return mda.Universe(PSF, DCD, DCD2)


def by_hand(universe, select="name CA and resid 1:8"):
    atoms = universe.select_atoms(select)
    return np.array([self_distance_array(atoms.positions) for _ in universe.trajectory])


@pytest.fixture(
    params=[
        "multiprocessing",
        "dask",
        "distributed",
        "forkserver",
        pytest.param("spawn", marks=pytest.mark.slow),
    ]
)
def parallel(request, monkeypatch):
    """Return the name of a backend, in a session that is set up for it."""
    if request.param in ("forkserver", "spawn"):
        monkeypatch.setattr(backends, "start_method", lambda: request.param)
    if request.param in ("multiprocessing", "forkserver", "spawn"):
        yield "multiprocessing"
    elif request.param == "dask":
        pytest.importorskip("dask")
        yield "dask"
    else:
        distributed = pytest.importorskip("distributed")
        with distributed.Client(
            processes=False, n_workers=1, threads_per_worker=2, dashboard_address="localhost:0"
        ):
            yield "dask"


def test_values_are_those_computed_by_hand(universe, tmp_path):
    out = tmp_path / "x.npy"
    collector = FeatureCollector(universe, CA, out=out).run()
    features = collector.features
    assert features.values.dtype == np.float32
    assert_allclose(features.values, by_hand(universe), atol=1e-4)
    assert_array_equal(np.load(out), features.values)
    assert_array_equal(features.frames, np.arange(98))
    assert_allclose(features.times, [ts.time for ts in universe.trajectory])
    assert features.units == ("angstrom",) * 28
    assert features.lengths == (98,)
    assert features.featurizer == CA.to_dict()
    assert features.fingerprint["n_atoms"] == 3341
    assert_array_equal(collector.frames, np.arange(98))


def test_blocks_do_not_show(universe, monkeypatch):
    from mdgmvae.trajectory import blocks

    whole = FeatureCollector(universe, CA).run().features.values
    monkeypatch.setattr(blocks, "_MAX_FRAMES", 7)
    assert_array_equal(FeatureCollector(universe, CA).run().features.values, whole)


def test_every_backend_gives_identical_features(chain, parallel):
    serial = FeatureCollector(chain, CA).run().features
    collector = FeatureCollector(chain, CA)
    features = collector.run(backend=parallel, n_workers=2).features
    assert_array_equal(features.values, serial.values)
    for name in ("frames", "times", "trajectory_index"):
        assert_array_equal(getattr(features, name), getattr(serial, name))
    assert features.lengths == serial.lengths == (98, 102)
    # A second run of the same object.
    odd = collector.run(frames=[150, 3, 99, 98, 4], backend=parallel, n_workers=2, n_parts=3)
    assert_array_equal(odd.features.values, serial.values[[150, 3, 99, 98, 4]])


def test_workers_share_the_reference_of_the_first_frame(universe):
    featurizer = Positions(select="name CA")
    serial = FeatureCollector(universe, featurizer).run(start=40)
    parallel = FeatureCollector(universe, featurizer).run(
        start=40, backend="multiprocessing", n_workers=2
    )
    assert_array_equal(parallel.features.values, serial.features.values)
    assert parallel.features.featurizer == serial.features.featurizer
    first = FeatureCollector(universe, featurizer).run().features
    assert first.featurizer != serial.features.featurizer


@pytest.mark.parametrize(
    "choice",
    [
        {"start": 10, "stop": 60, "step": 7},
        {"stop": -90},
        {"step": -10},
        {"frames": [5, 3, 9]},
        {"frames": np.arange(98) % 9 == 2},
        {"frames": list(np.arange(98) > 90)},
        {"frames": [-1, 0, 0]},
        {"frames": range(4, 9)},
        {"frames": iter([7, 8])},
    ],
)
def test_choice_of_frames(universe, choice):
    expected = choice.get("frames")
    if expected is None:
        expected = slice(choice.get("start"), choice.get("stop"), choice.get("step"))
    elif not isinstance(expected, np.ndarray):
        choice["frames"], expected = (list(expected),) * 2
    numbers = np.arange(98)[expected]
    features = FeatureCollector(universe, CA).run(**choice).features
    assert_array_equal(features.frames, numbers)
    assert_allclose(features.values, by_hand(universe)[numbers], atol=1e-4)


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"start": 98}, "start=98: no frame is left; the trajectory has frames 0 to 97"),
        ({"step": 0}, "step=0"),
        ({"frames": []}, "selects no frame"),
        ({"frames": [False] * 98}, "selects no frame"),
        ({"frames": [True] * 97}, r"mask of shape \(97,\)"),
        ({"frames": [0, 98]}, "frame 98, but the trajectory has 98"),
        ({"frames": [0.5]}, "whole numbers"),
        ({"frames": 5}, "frames=5: pass a list of frame numbers"),
        ({"frames": "0:3"}, "frames='0:3': pass a list"),
        ({"frames": [2**63]}, r"frame 9,223,372,036,854,775,808, but the trajectory has 98"),
        ({"start": "a"}, "start='a': must be a whole number"),
        ({"stop": 2.5}, r"stop=2\.5: must be"),
        ({"step": 2**63}, "step=9223372036854775808: no trajectory has so many frames"),
        ({"n_workers": 1.5, "backend": "multiprocessing"}, r"n_workers=1\.5"),
        ({"frames": [1], "stop": 3}, "cannot be combined"),
        ({"n_parts": 2}, "n_parts=2: the serial backend has one part"),
        ({"backend": "threads"}, "backend='threads' is unknown"),
    ],
)
def test_choices_that_make_no_sense(universe, choice, reason):
    with pytest.raises(InputError, match=reason):
        FeatureCollector(universe, CA).run(**choice)


def test_atoms_of_a_group_in_its_own_order(universe):
    group = universe.select_atoms("name CA")[[4, 1, 3]]
    features = FeatureCollector(group, Distances(pairs=[(0, 1), (1, 2)])).run(step=20).features
    expected = [
        np.linalg.norm(np.diff(group.positions, axis=0), axis=1) for _ in universe.trajectory[::20]
    ]
    assert_allclose(features.values, expected, atol=1e-4)
    assert features.fingerprint["n_atoms"] == 3


def test_select_is_kept(universe):
    features = (
        FeatureCollector(universe, Distances(), select="name CA and resid 1:8").run().features
    )
    assert features.selection == "name CA and resid 1:8"
    assert_allclose(features.values, by_hand(universe), atol=1e-4)
    with pytest.raises(InputError, match="name NOTHING"):
        FeatureCollector(universe, CA, select="name NOTHING")


def test_updating_group_is_refused(universe):
    group = universe.select_atoms("prop x < 0", updating=True)
    with pytest.raises(InputError, match="updating"):
        FeatureCollector(group, CA)


def test_files_of_a_chain(chain):
    features = FeatureCollector(chain, CA).run(start=90, stop=110, step=2).features
    assert_array_equal(features.trajectory_index, [0] * 4 + [1] * 6)
    assert features.lengths == (4, 6)
    # The time restarts in each file, as ts.time does.
    assert features.times[4] == pytest.approx(0.0)
    assert features.times[3] > 90


def test_continuous_chain_is_one_segment(tmp_path):
    source = mda.Universe(GRO, XTC)
    group = source.select_atoms("name CA")
    names = [str(tmp_path / name) for name in ("a.xtc", "b.xtc")]
    group.write(names[0], frames=source.trajectory[:6])
    group.write(names[1], frames=source.trajectory[4:])
    atoms = mda.Merge(group)
    atoms.load_new(names, continuous=True)
    features = FeatureCollector(atoms, Distances(pairs=[(0, 5)])).run().features
    assert features.lengths == (10,)
    assert_array_equal(features.trajectory_index, [0] * 4 + [1] * 6)
    atoms.load_new(names)
    with pytest.warns(UserWarning, match="2 frames are repeated"):
        apart = FeatureCollector(atoms, Distances(pairs=[(0, 5)])).run().features
    assert apart.lengths == (6, 6)


def test_trajectory_in_memory(universe):
    expected = FeatureCollector(universe, CA).run(step=10).features
    universe.transfer_to_memory(step=10)
    collector = FeatureCollector(universe, CA)
    assert_allclose(collector.run().features.values, expected.values, atol=1e-5)
    parallel = collector.run(backend="multiprocessing", n_workers=2).features
    assert_allclose(parallel.values, expected.values, atol=1e-5)
    # Trajectories in memory, without a file.
    positions = np.random.default_rng(0).normal(size=(4, 3, 3)).astype(np.float32)
    empty = mda.Universe.empty(3, trajectory=True)
    with pytest.raises(InputError, match="no trajectory"):
        FeatureCollector(mda.Universe.empty(3), CA)
    empty.load_new(positions)
    values = FeatureCollector(empty, Distances(pairs=[(0, 2)])).run().features.values
    assert_allclose(values[:, 0], np.linalg.norm(positions[:, 2] - positions[:, 0], axis=1), 1e-5)


def test_transformations(universe):
    """Workers apply transformations that can be pickled; the error names a plain function."""
    featurizer = Distances(pairs=[(0, 1)])
    plain = FeatureCollector(universe, featurizer).run(stop=6).features.values

    def stretch(timestep):
        timestep.positions *= 2
        return timestep

    universe.trajectory.add_transformations(stretch)
    with pytest.warns(TopologyWarning, match="N-CA bonds are 2.9 angstrom long"):
        stretched = FeatureCollector(universe, featurizer).run(stop=6).features.values
    assert_allclose(stretched, 2 * plain, rtol=1e-5)
    with pytest.raises(InputError, match=r"transformation stretch .* use backend='serial'"):
        FeatureCollector(universe, featurizer).run(stop=6, backend="multiprocessing", n_workers=2)
    moved = mda.Universe(PSF, DCD, transformations=translate([1, 2, 3]))
    run = FeatureCollector(moved, featurizer).run(stop=6, backend="multiprocessing", n_workers=2)
    assert_allclose(run.features.values, plain, atol=1e-4)


def test_a_backend_of_the_users(universe):
    class Backwards(BackendBase):
        def apply(self, func, computations):
            parts = [pickle.loads(pickle.dumps(func))(part) for part in reversed(computations)]
            return parts[::-1]

    with pytest.raises(ValueError, match="unsupported_backend"):
        FeatureCollector(universe, CA).run(backend=Backwards(2))
    features = (
        FeatureCollector(universe, CA).run(backend=Backwards(2), unsupported_backend=True).features
    )
    assert_array_equal(features.values, FeatureCollector(universe, CA).run().features.values)


def test_bar_on_standard_error(universe, capsys):
    FeatureCollector(universe, CA, verbose=True).run(stop=5)
    FeatureCollector(universe, CA).run(stop=7, verbose=True, backend="multiprocessing", n_workers=2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "reading frames" in captured.err
    assert "5/5" in captured.err and "7/7" in captured.err
    FeatureCollector(universe, CA).run(stop=5)  # standard error is no terminal here
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("backend", ["serial", "multiprocessing"])
@pytest.mark.parametrize("value", [np.nan, 2.1e7])
def test_coordinates_that_are_none(universe, value, backend, tmp_path):
    positions = universe.trajectory.timeseries(step=10, order="fac")
    positions[4, 7, 1] = value
    universe.load_new(positions)
    out = tmp_path / "x.npy"
    with pytest.raises(
        InputError, match=r"frame 4: (y of MET1:\S+ is NaN|MET1:\S+ lies at y = .*, bey)"
    ):
        FeatureCollector(universe, Distances(pairs=[(0, 7)]), out=out).run(backend=backend)
    assert list(tmp_path.iterdir()) == []
    good = FeatureCollector(universe, Distances(pairs=[(0, 7)])).run(frames=[3, 5])
    assert np.isfinite(good.features.values).all()


@pytest.mark.slow
def test_a_cut_file_is_reported_not_shortened(tmp_path):
    path = tmp_path / "cut.xtc"
    with open(XTC, "rb") as stream:
        path.write_bytes(stream.read()[:1_000_000])
    universe = mda.Universe(GRO, str(path))
    collector = FeatureCollector(universe, CA)
    with pytest.raises(InputError, match="frame 6 ends early"):
        collector.run()
    assert len(collector.run(stop=6).features) == 6
    assert len(collector.run(frames=[5, 0]).features) == 2
    with pytest.raises(InputError, match="frame 6 ends early"):
        collector.run(frames=[0, 6])


def test_a_temporary_file_goes_with_its_features(universe):
    collector = FeatureCollector(universe, CA).run(stop=3)
    first = collector.features.path
    assert first.exists()
    collector.run(stop=4)
    assert not first.exists() and collector.features.path.exists()
    last = collector.features.path
    del collector
    assert not last.exists()


def test_features_replace_a_file_whole_or_not_at_all(universe, tmp_path):
    out = tmp_path / "x.npy"
    FeatureCollector(universe, CA, out=out).run(stop=3)
    old = out.read_bytes(), out.with_suffix(".json").read_bytes()
    universe.trajectory.add_transformations(spoil_frame_four)
    with pytest.raises(InputError, match="frame 4"):
        FeatureCollector(universe, CA, out=out).run(stop=6)
    assert old == (out.read_bytes(), out.with_suffix(".json").read_bytes())
    assert sorted(os.listdir(tmp_path)) == ["x.json", "x.npy"]
    FeatureCollector(universe, CA, out=out).run(stop=4)
    assert len(np.load(out)) == 4


def spoil_frame_four(timestep):
    if timestep.frame == 4:
        timestep.positions[:] = np.inf
    return timestep


@pytest.mark.parametrize("out", ["x.dat", "missing/x.npy"])
def test_names_that_cannot_be_written(universe, out, tmp_path):
    with pytest.raises(InputError, match=out.split("/", maxsplit=1)[0]):
        FeatureCollector(universe, CA, out=tmp_path / out).run(stop=2)
    assert list(tmp_path.iterdir()) == []


class Unsendable:
    def __reduce__(self):
        raise AssertionError("the model was sent")


class Training(FeatureCollector):
    """Defined in the module, so that worker processes can import it."""

    _not_sent = (*FeatureCollector._not_sent, "model")

    def _conclude(self):
        super()._conclude()
        self.model = Unsendable()
        self.results.mean = self.features.values.mean()


def test_a_subclass_keeps_its_model_at_home(universe):
    """`_conclude` can use the features, and its model is never sent to a worker."""

    run = Training(universe, CA).run(backend="multiprocessing", n_workers=2)
    again = run.run(backend="multiprocessing", n_workers=2)
    assert again.results.mean == pytest.approx(by_hand(universe).mean(), rel=1e-4)


def test_frame_numbers_of_a_slice():
    assert frame_numbers(10, start=-3).tolist() == [7, 8, 9]


class Weighing(BackendBase):
    """Backend that keeps what it would send to workers."""

    def apply(self, func, computations):
        self.sent = pickle.dumps(func)
        return [pickle.loads(self.sent)(part) for part in computations]


def test_the_topology_stays_at_home(universe):
    """Pickling the topology for each part took longer than computing the features."""
    backend = Weighing(n_workers=1)
    collector = FeatureCollector(universe, CA)
    collector.run(stop=4, backend=backend, unsupported_backend=True)
    assert len(backend.sent) < len(pickle.dumps(universe.trajectory)) + 10_000
    assert not hasattr(pickle.loads(backend.sent).func.__self__, "atomgroup")


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(copy.copy, marks=pytest.mark.slow),
        pytest.param(copy.deepcopy, marks=pytest.mark.slow),
        lambda item: pickle.loads(pickle.dumps(item)),
    ],
)
def test_copies_keep_atoms_and_features(universe, again):
    """A copy had neither, because pickling was made for workers alone."""
    fresh = again(FeatureCollector(universe, CA))
    assert fresh.run(stop=3).features.values.shape == (3, 28)
    original = FeatureCollector(universe, CA).run(stop=5)
    values, names = np.array(original.features.values), original.features.names
    copied = again(original)
    del original
    gc.collect()
    assert copied.atomgroup.n_atoms == universe.atoms.n_atoms
    assert copied.features.names == names
    assert_array_equal(copied.features.values, values)
    # The copy's own file is there, and goes when the copy goes.
    path = copied.features.path
    assert_array_equal(np.load(path), values)
    assert copied.run(stop=5).features.path != path
    del copied
    gc.collect()
    assert not path.parent.exists()
