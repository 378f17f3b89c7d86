"""Labels stay attached to the trajectory."""

import pickle

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysis.analysis.base import AnalysisFromFunction
from MDAnalysis.analysis.results import Results
from MDAnalysis.transformations import translate
from MDAnalysisTests.datafiles import AUX_XVG, DCD, PSF, PDB_small

from mdgmvae.annotation import annotate
from mdgmvae.annotation.attach import annotate_results
from mdgmvae.errors import InputError

# A warning of MDAnalysis about the DCD files of its test data.
pytestmark = pytest.mark.filterwarnings("ignore:DCDReader currently makes independent timesteps")

RNG = np.random.default_rng(0)
ADK_LABELS = RNG.integers(0, 3, 98)


@pytest.fixture
def adk() -> mda.Universe:
    return mda.Universe(PSF, DCD)


def states(trajectory, name="gmvae_state") -> list:
    return [ts.aux[name] for ts in trajectory]


def test_every_frame_has_its_label_as_an_int(adk):
    annotate(adk, ADK_LABELS)
    found = states(adk.trajectory)
    assert found == ADK_LABELS.tolist()
    assert all(type(state) is int for state in found)


def test_the_current_frame_shows_its_label_at_once(adk):
    adk.trajectory[17]
    annotate(adk, ADK_LABELS)
    assert adk.trajectory.ts.frame == 17
    assert adk.trajectory.ts.aux.gmvae_state == ADK_LABELS[17]
    adk.trajectory.rewind()
    assert adk.trajectory.ts.aux.gmvae_state == ADK_LABELS[0]


def test_indexing_slicing_and_lists_give_the_label_of_the_frame(adk):
    annotate(adk, ADK_LABELS)
    assert adk.trajectory[-1].aux.gmvae_state == ADK_LABELS[-1]
    assert states(adk.trajectory[90:3:-7]) == ADK_LABELS[90:3:-7].tolist()
    assert states(adk.trajectory[[5, 3, 9, 5]]) == ADK_LABELS[[5, 3, 9, 5]].tolist()
    mask = ADK_LABELS == 2
    assert set(states(adk.trajectory[mask])) == {2}


def test_frames_that_were_not_analysed_are_minus_one(adk):
    frames = np.array([50, 4, 97])
    annotate(adk, [7, 1, 0], frames=frames)
    expected = np.full(98, -1)
    expected[frames] = [7, 1, 0]
    assert states(adk.trajectory) == expected.tolist()


def test_probabilities_are_float32_vectors_and_nan_elsewhere(adk):
    probabilities = RNG.dirichlet([1, 1, 1], size=3)
    annotate(adk, probabilities, frames=[2, 4, 6], name="gmvae_probability")
    vector = adk.trajectory[4].aux.gmvae_probability
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector, probabilities[1], rtol=1e-6)
    assert np.isnan(adk.trajectory[5].aux.gmvae_probability).all()
    vector[:] = 0
    np.testing.assert_allclose(adk.trajectory[4].aux.gmvae_probability, probabilities[1], rtol=1e-6)


def test_results_are_attached_as_state_component_and_probability_of_the_state(adk):
    results = Results(
        frames=np.array([7, 9]), labels=np.array([1, 0]), components=np.array([3, 2]),
        probabilities=np.float32([[0.5, 0.5], [0.75, 0.25]]),
    )  # fmt: skip
    annotate_results(adk, results)
    found = [
        [ts.aux[f"gmvae_{name}"] for name in ("state", "component", "probability")]
        for ts in adk.trajectory[7:10]
    ]
    assert found == [[1, 3, 0.5], [-1, -1, -1.0], [0, 2, 0.75]]


def test_annotating_again_replaces_and_leaves_other_names(adk):
    annotate(adk, ADK_LABELS)
    annotate(adk, ADK_LABELS + 10, name="gmvae_component")
    adk.trajectory[3]
    annotate(adk, 5 - ADK_LABELS)
    assert adk.trajectory.ts.aux.gmvae_state == 5 - ADK_LABELS[3]
    assert states(adk.trajectory) == (5 - ADK_LABELS).tolist()
    assert states(adk.trajectory, "gmvae_component") == (ADK_LABELS + 10).tolist()


def test_copy_and_pickle_keep_labels_and_stay_independent(adk):
    annotate(adk, ADK_LABELS)
    copied, unpickled = adk.copy(), pickle.loads(pickle.dumps(adk))
    annotate(adk, np.zeros(98, dtype=int))
    assert states(copied.trajectory) == ADK_LABELS.tolist()
    assert states(unpickled.trajectory) == ADK_LABELS.tolist()
    assert states(adk.trajectory) == [0] * 98


def test_a_chain_of_files_is_one_trajectory():
    u = mda.Universe(PSF, [DCD, DCD])
    labels = np.arange(196)
    annotate(u, labels)
    assert states(u.trajectory) == labels.tolist()
    assert u.trajectory[98].aux.gmvae_state == 98
    assert states(u.copy().trajectory[::-50]) == labels[::-50].tolist()


@pytest.mark.slow
def test_a_trajectory_in_memory_and_one_with_transformations(adk):
    moved = mda.Universe(PSF, DCD, transformations=[translate([1, 2, 3])])
    memory = mda.Universe(PSF, DCD, in_memory=True)
    for universe in (moved, memory):
        annotate(universe, ADK_LABELS)
        assert states(universe.trajectory) == ADK_LABELS.tolist()
        assert states(universe.copy().trajectory) == ADK_LABELS.tolist()
    np.testing.assert_allclose(
        moved.atoms.positions, adk.atoms.positions + np.array([1, 2, 3]), rtol=1e-5
    )


def test_a_single_structure_can_be_annotated():
    u = mda.Universe(PDB_small)
    annotate(u.atoms, [3])
    assert u.trajectory[0].aux.gmvae_state == 3


def _state_of(atoms):
    return atoms.universe.trajectory.ts.aux.gmvae_state


def test_workers_of_a_parallel_analysis_see_the_labels(adk):
    annotate(adk, ADK_LABELS)
    analysis = AnalysisFromFunction(_state_of, adk.trajectory, adk.atoms)
    analysis.run(backend="multiprocessing", n_workers=2)
    np.testing.assert_array_equal(analysis.results.timeseries, ADK_LABELS)


def test_removed_labels_are_gone_in_every_file_and_can_come_back():
    u = mda.Universe(PSF, [DCD, DCD])
    annotate(u, np.arange(196))
    u.trajectory[150]
    u.trajectory[0]
    u.trajectory.remove_auxiliary("gmvae_state")
    assert not any("gmvae_state" in ts.aux for ts in u.trajectory[::49])
    assert "gmvae_state" not in u.copy().trajectory[7].aux
    annotate(u, np.arange(196)[::-1])
    assert u.trajectory[150].aux.gmvae_state == 45


@pytest.mark.parametrize(
    ("labels", "frames", "name", "says"),
    [
        ([0, 1], None, "s", "98 frames, but there are 2 labels"),
        ([0, 1], [5], "s", "one for each label, not 1"),
        ([0, 1], [5, 98], "s", "frame 98"),
        ([0, 1], [5, -1], "s", "frame -1"),
        ([0, 1], [5, 5], "s", "frame 5 is given twice"),
        ([0, 1], [5.0, 6.0], "s", "float64"),
        ([0.5, 1.0], [5, 6], "s", "whole number"),
        ([0, -2], [5, 6], "s", "-2"),
        (np.zeros((1, 2, 2)), [5], "s", "(1, 2, 2)"),
        ([0, 1], [5, 6], "two words", "two words"),
        ([0, 1], [5, 6], "keys", "keys"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(adk, labels, frames, name, says):
    with pytest.raises(InputError) as caught:
        annotate(adk, labels, frames=frames, name=name)
    assert says in str(caught.value)
    assert not adk.trajectory.ts.aux


def test_a_frame_may_be_given_twice_with_one_label(adk):
    annotate(adk, [4, 4, 1], frames=[8, 8, 9])
    assert states(adk.trajectory[7:10]) == [-1, 4, 1]


def test_an_auxiliary_of_the_user_is_not_replaced(adk):
    adk.trajectory.add_auxiliary("gmvae_state", AUX_XVG)
    with pytest.raises(InputError, match="choose another name"):
        annotate(adk, ADK_LABELS)


def test_an_mdtraj_trajectory_is_told_where_its_labels_go():
    with pytest.raises(InputError, match="write_labels"):
        annotate(mdtraj.load(DCD, top=PSF), ADK_LABELS)
