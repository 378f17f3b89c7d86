"""MDAnalysis and mdtraj read the frames and states that were written."""

import resource
from contextlib import contextmanager

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysis.coordinates.H5MD import H5MDReader
from MDAnalysis.transformations import translate
from MDAnalysisTests.datafiles import DCD, GRO, PSF, TRR, XTC, PDB_small

from mdgmvae.annotation import write_h5md, write_pdb, write_states
from mdgmvae.annotation.writers import WRITERS
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.states.representatives import diverse_frames

pytestmark = [
    # Warnings of MDAnalysis and mdtraj about DCD files and about missing unit cells and elements.
    pytest.mark.filterwarnings("ignore:1 A.3 CRYST1 record"),
    pytest.mark.filterwarnings("ignore:No dimensions set for current frame"),
    pytest.mark.filterwarnings("ignore:Unlikely unit cell vectors"),
    pytest.mark.filterwarnings("ignore:Element information is missing"),
    pytest.mark.filterwarnings("ignore:DCDReader currently makes independent timesteps"),
]

RNG = np.random.default_rng(0)
ADK_LABELS = RNG.integers(0, 3, 98)


@pytest.fixture
def adk() -> mda.Universe:
    return mda.Universe(PSF, DCD)


@pytest.fixture
def dipeptide() -> mda.Universe:
    return mda.Universe(alanine_dipeptide().topology, alanine_dipeptide().trajectories)


# --- PDB ---------------------------------------------------------------------------------


def test_pdb_has_the_frames_and_states_and_leaves_the_universe_alone(adk, tmp_path):
    path = tmp_path / "states.pdb"
    adk.trajectory[5]
    before = adk.atoms.positions.copy()
    write_pdb(adk, [2, -1, 0], path, frames=[60, 7, 3])
    assert adk.trajectory.ts.frame == 5
    np.testing.assert_array_equal(adk.atoms.positions, before)
    assert not hasattr(adk.atoms, "tempfactors")

    written = mda.Universe(str(path))
    assert [set(ts.data["tempfactor"]) for ts in written.trajectory] == [{2.0}, {0.0}]
    np.testing.assert_array_equal(written.atoms.names, adk.atoms.names)
    np.testing.assert_array_equal(written.atoms.resids, adk.atoms.resids)
    for ts, frame in zip(written.trajectory, (60, 3), strict=True):
        adk.trajectory[frame]
        np.testing.assert_allclose(ts.positions, adk.atoms.positions, atol=6e-4)
        assert ts.dimensions is None
    assert mdtraj.load(str(path)).n_frames == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["states.pdb"]


def test_pdb_of_a_group_keeps_its_atoms_and_the_box(tmp_path):
    u = mda.Universe(GRO, XTC)
    group = u.select_atoms("resid 3:4 and protein")
    write_pdb(group, np.arange(10), tmp_path / "a.pdb")
    written = mda.Universe(str(tmp_path / "a.pdb"))
    assert len(written.trajectory) == 10
    np.testing.assert_array_equal(written.atoms.resnames, group.resnames)
    # MDAnalysis does not read the unit cell of a file with several models, but mdtraj does.
    cell = mdtraj.load(str(tmp_path / "a.pdb")).unitcell_lengths[0] * 10
    np.testing.assert_allclose(cell, u.dimensions[:3], atol=0.02)
    written.trajectory[9], u.trajectory[9]
    np.testing.assert_allclose(written.atoms.positions, group.positions, atol=6e-4)
    assert written.trajectory.ts.data["tempfactor"][0] == 9


def test_pdb_keeps_a_b_column_of_the_users(tmp_path):
    u = mda.Universe(PDB_small)
    before = u.atoms.tempfactors.copy()
    write_pdb(u, [3], tmp_path / "a.pdb")
    np.testing.assert_array_equal(u.atoms.tempfactors, before)
    assert set(mda.Universe(str(tmp_path / "a.pdb")).atoms.tempfactors) == {3.0}


def test_pdb_refuses_coordinates_it_cannot_hold_and_keeps_the_old_file(adk, tmp_path):
    path = tmp_path / "a.pdb"
    path.write_text("before")
    adk.trajectory.add_transformations(translate([1e5, 0, 0]))
    with pytest.raises(InputError, match=r"frame 4 .* H5MD"):
        write_pdb(adk, [0], path, frames=[4])
    assert path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("write", [write_pdb, write_h5md, write_states])
@pytest.mark.parametrize("value", [np.nan, 2.1e7])
def test_coordinates_that_are_none_are_not_written(adk, tmp_path, write, value):
    coordinates = adk.trajectory.timeseries(order="fac")[:4]
    coordinates[2, 5] = value
    adk.load_new(coordinates, order="fac")
    out = tmp_path / ("out" if write is write_states else f"out.{write.__name__[6:]}")
    with pytest.raises(
        InputError, match=r"frame 2: (x of MET1:HA is NaN|MET1:HA lies at x = .*, beyond)"
    ):
        write(adk, ADK_LABELS[:4], out)
    assert not out.exists()


def test_pdb_refuses_a_state_that_does_not_fit_into_its_column(adk, tmp_path):
    """MDAnalysis writes 1000.00 into six characters and shifts all columns behind."""
    with pytest.raises(InputError, match=r"a.pdb: .* states up to 999, but there is a state 1,000"):
        write_pdb(adk, [0, 1000], tmp_path / "a.pdb", frames=[0, 1])
    group = adk.select_atoms("resid 1:3")
    write_states(group, [999, 1000], tmp_path / "s", frames=[0, 1], format=None)
    for state, shown in ((999, 999.0), (1000, -1.0)):
        written = mda.Universe(str(tmp_path / "s" / f"state_{state}.pdb"))
        assert set(written.atoms.tempfactors) == {shown}


def test_pdb_from_mdtraj_has_the_same_content(dipeptide, tmp_path):
    labels, frames = [0, 1, 2], [2, 0, 1]
    topology, (xtc,) = alanine_dipeptide()
    loaded = mdtraj.load(xtc, top=topology, stride=100)
    write_pdb(loaded, labels, tmp_path / "mdtraj.pdb", frames=frames)
    read = mdtraj.load(str(tmp_path / "mdtraj.pdb"))
    np.testing.assert_allclose(read.xyz, loaded.xyz[frames], atol=6e-5)
    written = mda.Universe(str(tmp_path / "mdtraj.pdb"))
    assert [ts.data["tempfactor"][0] for ts in written.trajectory] == labels
    np.testing.assert_array_equal(written.atoms.resnames, dipeptide.atoms.resnames)


# --- H5MD --------------------------------------------------------------------------------


def test_h5md_has_states_probabilities_and_coordinates(adk, tmp_path):
    frames, labels = np.array([40, 3, 12]), np.array([1, -1, 0])
    probabilities = RNG.dirichlet([1, 1], size=3)
    path = tmp_path / "states.h5md"
    adk.trajectory[2]
    write_h5md(adk, labels, path, frames=frames, probabilities=probabilities)
    assert "mdgmvae/state" not in adk.trajectory[40].data

    written = mda.Universe(PSF, str(path), convert_units=False)
    assert [int(ts.data["mdgmvae/state"]) for ts in written.trajectory] == [0, 1]
    assert [int(ts.data["step"]) for ts in written.trajectory] == [12, 40]
    for ts, row in zip(written.trajectory, (2, 0), strict=True):
        reference = adk.trajectory[frames[row]]
        np.testing.assert_allclose(ts.positions, reference.positions, atol=1e-4)
        np.testing.assert_allclose(ts.data["mdgmvae/probability"], probabilities[row], rtol=1e-6)
        assert ts.time == pytest.approx(reference.time, rel=1e-5)


def test_h5md_has_further_values_of_each_frame(adk, tmp_path):
    path = tmp_path / "components.h5md"
    write_h5md(
        adk, [2, -1, 1], path, [40, 3, 12], [0.9, 0.8, 0.7],
        name="component", observables={"state": [1, 5, 0]},
    )  # fmt: skip
    written = mda.Universe(PSF, str(path), convert_units=False)
    found = {
        name: [float(ts.data[f"mdgmvae/{name}"]) for ts in written.trajectory]
        for name in ("component", "state", "probability")
    }
    assert found["component"] == [1, 2]
    assert found["state"] == [0, 1]
    np.testing.assert_allclose(found["probability"], [0.7, 0.9], rtol=1e-6)


def test_h5md_leaves_out_data_that_are_no_numbers(adk, tmp_path):
    """Readers and transformations may add text, such as a comment, to `ts.data`."""
    adk.trajectory.add_transformations(with_comment)
    path = tmp_path / "states.h5md"
    with pytest.warns(UserWarning, match="states.h5md: left out ts.data of comment"):
        write_h5md(adk, ADK_LABELS[:3], path, frames=range(3))
    assert adk.trajectory[0].data["comment"] == "frame 0"
    data = [dict(ts.data) for ts in H5MDReader(str(path))]
    assert [found["mdgmvae/state"] for found in data] == ADK_LABELS[:3].tolist()
    assert [found["number"] for found in data] == [0, 1, 2]


def with_comment(ts):
    ts.data["comment"] = f"frame {ts.frame}"
    ts.data["number"] = ts.frame
    return ts


def test_h5md_of_chained_files_with_velocities_and_boxes(tmp_path):
    u = mda.Universe(GRO, [TRR, TRR])
    group = u.select_atoms("protein")
    write_h5md(group, np.arange(20), tmp_path / "a.h5md")
    reader = H5MDReader(str(tmp_path / "a.h5md"))
    assert [int(ts.data["mdgmvae/state"]) for ts in reader] == list(range(20))
    u.trajectory[13]
    np.testing.assert_allclose(reader[13].velocities, group.velocities, rtol=1e-4)
    np.testing.assert_allclose(reader[13].dimensions, u.dimensions, rtol=1e-4)


def test_h5md_from_mdtraj_keeps_angstrom_and_its_times(tmp_path):
    topology, (xtc,) = alanine_dipeptide()
    loaded = mdtraj.load(xtc, top=topology, stride=1000)[[0, 1, 5]]
    write_h5md(loaded, [0, 1, 1], tmp_path / "a.h5md")
    reader = H5MDReader(str(tmp_path / "a.h5md"))
    assert [ts.time for ts in reader] == pytest.approx([0.0, 2000.0, 10000.0])
    np.testing.assert_allclose(reader[2].positions, loaded.xyz[2] * 10, atol=1e-4)


def test_h5md_refuses_probabilities_of_other_frames(adk, tmp_path):
    with pytest.raises(InputError, match="probabilities"):
        write_h5md(adk, ADK_LABELS, tmp_path / "a.h5md", probabilities=np.ones((4, 2)))
    assert not list(tmp_path.iterdir())


# --- one trajectory per state ------------------------------------------------------------


def test_files_that_are_being_read_are_not_replaced(tmp_path):
    import shutil

    import MDAnalysis as mda

    from mdgmvae.data import alanine_dipeptide

    topology, (trajectory,) = alanine_dipeptide()
    names = [str(tmp_path / name) for name in ("top.pdb", "traj.h5md")]
    shutil.copy(topology, names[0])
    u = mda.Universe(names[0], trajectory)
    write_h5md(u, np.zeros(5, int), names[1], frames=range(5))
    own = mda.Universe(*names)
    for write, name in ((write_pdb, names[0]), (write_h5md, names[1])):
        before = open(name, "rb").read()  # noqa: SIM115
        with pytest.raises(InputError, match="would be replaced"):
            write(own, np.zeros(5, int), name)
        assert open(name, "rb").read() == before  # noqa: SIM115


def first_model(path):
    return mda.Universe(str(path)).trajectory[0].positions


def test_states_hold_their_frames_and_their_representatives(dipeptide, tmp_path):
    frames = np.arange(6000, 7000, 10)
    labels = RNG.integers(-1, 3, 100)
    labels[labels == 1] = 4
    latent = RNG.normal(size=(100, 2)) + 5 * labels[:, None]
    write_states(dipeptide, labels, tmp_path / "states", frames=frames, latent=latent)
    assert sorted(p.name for p in (tmp_path / "states").iterdir()) == [
        f"state_{state}.{suffix}" for state in (0, 2, 4) for suffix in ("pdb", "xtc")
    ]
    for state in (0, 2, 4):
        pdb, xtc = (str(tmp_path / "states" / f"state_{state}.{s}") for s in ("pdb", "xtc"))
        written = mda.Universe(pdb, xtc)
        times = [ts.time for ts in written.trajectory]
        np.testing.assert_allclose(times, 2.0 * frames[labels == state])
        assert mdtraj.load(xtc, top=pdb).n_frames == np.count_nonzero(labels == state)
        dipeptide.trajectory[frames[labels == state][1]]
        written.trajectory[1]
        np.testing.assert_allclose(written.atoms.positions, dipeptide.atoms.positions, atol=1e-4)

        rows = np.flatnonzero(labels == state)
        offsets = latent[rows] - latent[rows].mean(axis=0)
        dipeptide.trajectory[frames[rows[np.argmin(np.linalg.norm(offsets, axis=1))]]]
        # Only the first model of the first state is where it was; the rest is superposed on it.
        apart = np.linalg.norm(dipeptide.atoms.positions - dipeptide.atoms.positions[0], axis=1)
        positions = first_model(pdb)
        np.testing.assert_allclose(
            np.linalg.norm(positions - positions[0], axis=1), apart, atol=4e-3
        )
        if state == 0:
            np.testing.assert_allclose(positions, dipeptide.atoms.positions, atol=6e-4)
        models = mda.Universe(pdb).trajectory
        assert [set(ts.data["tempfactor"]) for ts in models] == [{float(state)}] * 5


def test_representatives_of_all_states_are_superposed_on_the_first_one(dipeptide, tmp_path):
    frames = np.arange(0, 4000, 40)
    labels, latent = np.arange(100) % 2, RNG.normal(size=(100, 1)).astype(np.float32)
    probabilities = np.tile(RNG.uniform(0.9, 1.0, size=(100, 1)).astype(np.float32), 2)
    write_states(
        dipeptide, labels, tmp_path / "s", frames, latent, None, probabilities=probabilities
    )
    rows = diverse_frames(labels, latent, probabilities[:, 0], frames)
    heavy = [i for i, name in enumerate(dipeptide.atoms.names) if name[0] not in "H123"]
    reference = first_model(tmp_path / "s" / "state_0.pdb").copy()
    for state in (0, 1):
        written = mda.Universe(str(tmp_path / "s" / f"state_{state}.pdb"))
        chosen = frames[rows[state]]
        remarks = [f"MODEL {i} IS FRAME {frame}" for i, frame in enumerate(chosen, start=1)]
        assert written.trajectory.remarks == remarks
        assert written.trajectory.title[0].endswith(f"state {state}")
        models = [ts.positions.copy() for ts in written.trajectory]
        for model, frame in zip(models, chosen, strict=True):
            # The internal distances are those of the frame.
            original = dipeptide.trajectory[frame].positions
            np.testing.assert_allclose(
                np.linalg.norm(model[:, None] - model, axis=-1),
                np.linalg.norm(original[:, None] - original, axis=-1),
                atol=4e-3,
            )
            apart = np.sqrt(np.square(model[heavy] - reference[heavy]).sum(axis=1).mean())
            least = mdtraj_rmsd(original[heavy], reference[heavy])
            assert apart == pytest.approx(least, abs=4e-3)


@pytest.mark.parametrize("shift", [-1500.0, 20_000.0])
def test_representatives_far_from_the_origin_are_moved_there(dipeptide, tmp_path, shift):
    """A PDB file holds -1,000 to 10,000 angstrom; a whole training was lost beyond."""
    near = tmp_path / "near"
    labels, frames = [0, 1, 0, 1], [0, 6400, 200, 6500]
    write_states(dipeptide, labels, near, frames)
    dipeptide.trajectory.add_transformations(translate([shift, 0, 0]))
    write_states(dipeptide, labels, tmp_path / "far", frames)
    for state in (0, 1):
        models = mda.Universe(str(tmp_path / "far" / f"state_{state}.pdb"))
        wanted = mda.Universe(str(near / f"state_{state}.pdb"))
        for _ in zip(models.trajectory, wanted.trajectory, strict=True):
            positions, expected = models.atoms.positions, wanted.atoms.positions
            if state == 0:
                assert np.abs(positions).max() < 20
            # Coordinates of float32 at 20,000 angstrom are rounded to 0.002.
            np.testing.assert_allclose(
                np.linalg.norm(positions - positions[0], axis=1),
                np.linalg.norm(expected - expected[0], axis=1),
                atol=0.01,
            )
        written = mda.Universe(
            *(str(tmp_path / "far" / f"state_{state}.{end}") for end in ("pdb", "xtc"))
        )
        dipeptide.trajectory[frames[state]]
        np.testing.assert_allclose(written.atoms.positions, dipeptide.atoms.positions, atol=0.01)


# --- a full disk -------------------------------------------------------------------------


@contextmanager
def largest_file(n_bytes):
    """Let no file of this process grow beyond a size, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("format", ["xtc", "trr", "dcd"])
@pytest.mark.parametrize("left_out", [10, 3000, None])
def test_a_full_disk_is_reported_wherever_it_is_found(dipeptide, tmp_path, format, left_out):
    """The last bytes are written when the file is closed, where errors were ignored."""
    labels, frames = np.zeros(100, int), np.arange(100)
    write_states(dipeptide, labels, tmp_path / "whole", frames, format=format)
    size = (tmp_path / "whole" / f"state_0.{format}").stat().st_size
    limit = 50 if left_out is None else size - left_out
    dipeptide.trajectory[7]
    says = rf"state_0.{format}: cannot be wri"
    with largest_file(limit), pytest.raises(InputError, match=says) as caught:
        write_states(dipeptide, labels, tmp_path / "cut", frames, format=format)
    # Even while somebody looks at the traceback, which keeps all that was in use.
    assert caught.tb is not None
    assert dipeptide.trajectory.frame == 7
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


@pytest.mark.parametrize("limit", [0, 2_000, 60_000])
def test_h5md_and_pdb_on_a_full_disk(adk, tmp_path, limit):
    """The HDF5 library crashed with a segmentation fault."""
    for write, name in ((write_h5md, "a.h5md"), (write_pdb, "a.pdb")):
        with (
            largest_file(limit),
            pytest.raises(InputError, match=rf"{name}: cannot be written.*\(File too"),
        ):
            write(adk, [0, 0, 1], tmp_path / name, frames=[0, 1, 2])
    assert not list(tmp_path.iterdir())


def test_a_trajectory_that_lacks_frames_is_not_accepted(adk, tmp_path, monkeypatch):
    """Whatever the reason: every tenth frame is lost here."""
    from MDAnalysis.coordinates.XTC import XTCWriter

    write = XTCWriter._write_next_frame
    monkeypatch.setattr(
        XTCWriter,
        "_write_next_frame",
        lambda self, atoms: atoms.ts.frame % 10 and write(self, atoms),
    )
    group = adk.select_atoms("name CA")
    with pytest.raises(InputError, match=r"state_0.xtc: .*is the disk full\?"):
        write_states(group, np.zeros(98, int), tmp_path / "s")
    assert not list(tmp_path.iterdir())


def mdtraj_rmsd(first, second):
    """Return the RMSD after superposition, computed by mdtraj."""
    frames = mdtraj.Trajectory(np.stack([first, second]), topology=None)
    return float(mdtraj.rmsd(frames, frames, 1)[0])


def test_representatives_may_be_given_and_labels_may_be_of_components(adk, tmp_path):
    group = adk.select_atoms("resid 1:5")
    adk.trajectory[5]
    write_states(
        group, ADK_LABELS, tmp_path / "c", name="component", representatives=[[60, 3], [], [7]]
    )
    assert adk.trajectory.ts.frame == 5
    names = sorted(path.name for path in (tmp_path / "c").iterdir())
    assert [name for name in names if name.endswith("pdb")] == [
        "component_0.pdb",
        "component_2.pdb",
    ]
    assert [name for name in names if name.endswith("xtc")] == [
        f"component_{i}.xtc" for i in range(3)
    ]
    written = mda.Universe(str(tmp_path / "c" / "component_0.pdb"))
    assert written.trajectory.remarks == ["MODEL 1 IS FRAME 60", "MODEL 2 IS FRAME 3"]
    assert "component 0" in written.trajectory.title[0]
    with pytest.raises(InputError, match="check that the labels belong to this trajectory"):
        write_states(group, ADK_LABELS, tmp_path / "d", representatives=[[99_999]])
    assert not (tmp_path / "d").exists()


@pytest.mark.filterwarnings("ignore:Unknown masses are set:PendingDeprecationWarning")
def test_states_of_atoms_with_hardly_any_attributes(tmp_path):
    """Residue names were needed to choose the atoms to superpose."""
    bare = mda.Universe.empty(5, trajectory=True)
    bare.load_new(RNG.normal(size=(4, 5, 3)).astype(np.float32))
    write_states(bare, [0, 1, 1, 0], tmp_path / "s")
    assert mda.Universe(str(tmp_path / "s" / "state_1.pdb")).trajectory.n_frames == 2


@pytest.mark.parametrize("suffix", ["dcd", "trr"])
def test_states_of_a_group_without_latent_in_another_format(adk, tmp_path, suffix):
    group = adk.select_atoms("name CA")
    write_states(group, ADK_LABELS, tmp_path, format=suffix)
    first = int(np.flatnonzero(ADK_LABELS == 0)[0])
    written = mda.Universe(str(tmp_path / "state_1.pdb"), str(tmp_path / f"state_1.{suffix}"))
    assert len(written.trajectory) == np.count_nonzero(ADK_LABELS == 1)
    adk.trajectory[first]
    np.testing.assert_allclose(first_model(tmp_path / "state_0.pdb"), group.positions, atol=6e-4)


def test_states_are_replaced_only_when_asked_and_leave_nothing_stale(adk, tmp_path):
    group = adk.select_atoms("name CA")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        write_states(group, ADK_LABELS, tmp_path)
    write_states(group, ADK_LABELS, tmp_path, overwrite=True)
    (tmp_path / "state_best.pdb").write_text("precious")
    mda.Universe(str(tmp_path / "state_2.pdb"), str(tmp_path / "state_2.xtc"))
    write_states(group, np.zeros(98, dtype=int), tmp_path, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "notes.txt",
        "state_0.pdb",
        "state_0.xtc",
        "state_best.pdb",
    ]
    assert len(mda.Universe(PSF, DCD).trajectory) == 98


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"format": "pdb"}, "xtc, trr, dcd"),
        ({"latent": np.zeros((3, 1))}, "latent"),
        ({"latent": np.zeros((98, 1)), "probabilities": np.ones((98, 2))}, "98 labels of 3 states"),
        ({"name": "cluster"}, "state, component"),
        ({"labels": np.full(98, -1)}, "nothing to write"),
        ({"labels": np.zeros(5, dtype=int)}, "98 frames"),
    ],
)
def test_states_refused(adk, tmp_path, options, says):
    labels = options.pop("labels", ADK_LABELS)
    with pytest.raises(InputError, match=says):
        write_states(adk, labels, tmp_path / "states", **options)
    assert not list(tmp_path.iterdir())


# --- the table of formats ----------------------------------------------------------------


@pytest.mark.parametrize("of", ["states", "components"])
@pytest.mark.parametrize("name", WRITERS)
def test_each_row_of_the_table_writes_labels_of_either_kind(adk, tmp_path, name, of):
    frames = np.array([4, 9, 11])
    results = mda.analysis.results.Results(
        frames=frames, labels=np.array([0, 1, 0]), components=np.array([2, 0, 1]),
        probabilities=np.float32([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]),
        component_probabilities=np.float32([[0, 0.4, 0.6], [0.8, 0, 0.2], [0, 0.7, 0.3]]),
        latent=np.zeros((3, 1), np.float32),
    )  # fmt: skip
    writer = WRITERS[name]
    path = tmp_path / f"out{(*writer.suffixes, '')[0]}"
    writer.write(adk.select_atoms("resid 1:3"), results, path, of)
    expected = results.labels if of == "states" else results.components
    if name == "pdb":
        models = mda.Universe(str(path)).trajectory
        assert [ts.data["tempfactor"][0] for ts in models] == expected.tolist()
    elif name == "h5md":
        found = [dict(ts.data) for ts in H5MDReader(str(path), convert_units=False)]
        assert [data["mdgmvae/state"] for data in found] == results.labels.tolist()
        assert [data["mdgmvae/component"] for data in found] == results.components.tolist()
        own = [0.9, 0.8, 0.7] if of == "states" else [0.6, 0.8, 0.7]
        np.testing.assert_allclose([data["mdgmvae/probability"] for data in found], own, rtol=1e-6)
    else:
        kind = of.removesuffix("s")
        names = {f"{kind}_{label}.{end}" for label in expected for end in ("pdb", "xtc")}
        assert {file.name for file in path.iterdir()} == names


@pytest.mark.slow
def test_more_models_than_a_pdb_file_can_number(tmp_path):
    """Both libraries go by the position of a model, not by its number, which begins again at 0."""
    n = 10_003
    u = mda.Universe.empty(1, trajectory=True)
    u.add_TopologyAttr("names", ["CA"])
    x = (np.arange(n) / 100).astype(np.float32)
    u.load_new(np.stack([x, 0 * x, 0 * x], axis=1)[:, None])
    write_pdb(u, np.arange(n) % 3, tmp_path / "many.pdb")
    written = mda.Universe(tmp_path / "many.pdb").trajectory
    ends = [9_998, 9_999, 10_000, 10_002]
    np.testing.assert_allclose([written[i].positions[0, 0] for i in ends], x[ends], atol=1e-3)
    assert [int(written[i].data["tempfactor"][0]) for i in ends] == [i % 3 for i in ends]
    read = mdtraj.load(tmp_path / "many.pdb")
    np.testing.assert_allclose(read.xyz[:, 0, 0] * 10, x, atol=1e-3)
