"""Invalid arguments of an analysis are refused before any frame is read."""

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysisTests.datafiles import AUX_XVG

from mdgmvae import GMVAE, GMVAEAnalysis
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Dihedrals
from mdgmvae.plot.of_results import ResultPlots


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"select": "resname XYZ"}, "resname XYZ"),
        ({"select": "name ("}, "name ("),
        ({"select": 5}, "select=5: pass a selection"),
        ({"select": ["protein", "not name H*"]}, "as one text"),
        ({"features": np.zeros(9)}, "shape (9,) and type float64 was given; pass numbers of shape"),
        ({"features": 1.5}, "features: a value of type float is unknown; pass a name"),
        ({"features": None}, "features: a value of type NoneType is unknown; pass a name"),
        ({"lagtime": 5}, "lagtime: no such hyperparameter; did you mean lag_time?"),
        ({"n_components": 3}, "did you mean k?"),
        ({"learning_rate": 3}, "did you mean lr?"),
        ({"random_state": 3}, "did you mean seed?"),
        ({"Selection": "protein"}, "did you mean select?"),
        ({"features": [np.zeros((3, 2))]}, "features: an array cannot be combined"),
        ({"select": "name H*"}, "select='name H*': no phi or psi"),
        ({"features": "torsions"}, "torsions"),
        ({"features": "features.npy"}, "mdgmvae.FeatureSet.load('features.npy')"),
        ({"features": "custom"}, "Custom has required options"),
        ({"features": []}, "features|featurizer"),
        ({"features": Dihedrals(angles=("chi5",))}, "chi5"),
        ({"features": np.zeros((3, 2)), "feature_names": 5}, "feature_names=5: pass a list of nam"),
        ({"feature_names": ["a", "b"]}, "feature_names: computed features already have names"),
        ({"preset": "best"}, "preset='best': choose one of paper, robust"),
        ({"n_epoch": 3}, "n_epoch: no such hyperparameter; did you mean n_epochs?"),
        ({"lagtime": 5}, "lagtime: no such hyperparameter; did you mean lag_time?"),
        ({"anotate": False}, "anotate: no such hyperparameter; did you mean annotate?"),
        ({"k": "many"}, "k='many'"),
        ({"lag_time": -10.0}, "lag_time=-10.0: must be a time in ps"),
        ({"lag_time": 10.0, "lag": 5}, "lag is in frames, lag_time in ps"),
        ({"lag": None}, "lag: vamp_weight=1.5 and scale='tica' need pairs of frames"),
        ({"k": 3, "n_macrostates": 5}, "n_macrostates=5: there cannot be more states than"),
        ({"n_x": 7}, "n_x=7: the data have 4 columns"),
        ({"preset": ["robust"]}, "preset=['robust']: choose one of paper, robust"),
        ({"device": "cuda"}, "device='cuda': choose auto, cpu, gpu, or a GPU by its number, gpu:0"),
        ({"device": 0}, "device=0: choose auto, cpu, gpu"),
        ({"device": "gpu:77"}, "device='gpu:77': TensorFlow sees cpu"),
        ({"strategy": "all"}, "strategy='all': choose mirrored or multiworker"),
        ({"max_memory": "lots"}, "max_memory='lots': pass a number of bytes"),
        ({"checkpoint": "train.ckpt"}, "checkpoint='train.ckpt': the name of the file must end in"),
        ({"seed": -1}, "seed=-1: must be at least 0"),
        ({"verbose": "no"}, "verbose='no': must be True or False"),
        ({"annotate": "no"}, "annotate='no': must be True or False"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_at_once(u, arguments, message):
    with pytest.raises(InputError) as caught:
        GMVAEAnalysis(u, **arguments)
    assert any(part in str(caught.value) for part in message.split("|"))


def test_sources_that_cannot_be_annotated_are_refused():
    topology, (path,) = alanine_dipeptide()
    with pytest.raises(InputError, match="pass an MDAnalysis Universe of its files"):
        GMVAEAnalysis(mdtraj.load_xtc(path, top=topology, frame=0))
    with pytest.raises(InputError, match="is a NoneType; pass an MDAnalysis Universe or AtomGroup"):
        GMVAEAnalysis(None)
    with pytest.raises(InputError, match=r"is the name of a file; pass MDAnalysis\.Universe\("):
        GMVAEAnalysis(topology)


def test_a_structure_without_a_trajectory_is_refused():
    topology = alanine_dipeptide().topology
    with pytest.raises(InputError, match=r"\.pdb: has only one frame, .*; load a trajectory"):
        GMVAEAnalysis(mda.Universe(topology), seed=0).run()


def test_a_group_of_atoms_as_selection_is_refused_with_the_way_out(u):
    with pytest.raises(InputError, match="an AtomGroup takes the place of the Universe"):
        GMVAEAnalysis(u, u.select_atoms("not name H*"))


def test_a_single_frame_cannot_be_trained_on(u):
    with pytest.raises(InputError, match=r"only one frame was chosen, .* choose more with start"):
        GMVAEAnalysis(u, seed=0).run(stop=1)


def test_a_name_that_is_taken_is_told_before_the_training(u, monkeypatch):
    """The states could not be attached after it, and the results were lost."""
    u.trajectory.add_auxiliary("gmvae_state", AUX_XVG)
    monkeypatch.setattr(GMVAE, "fit", None)
    with pytest.raises(InputError, match="already has an auxiliary 'gmvae_state'"):
        GMVAEAnalysis(u, seed=0).run(step=20)


def test_text_for_a_flag_is_refused_before_the_frames_are_read(u):
    with pytest.raises(InputError, match="verbose='no': must be True or False"):
        GMVAEAnalysis(u, seed=0).run(step=20, verbose="no")


@pytest.mark.parametrize(
    ("method", "known_as"),
    [
        (GMVAEAnalysis.judge, "GMVAEAnalysis.judge"),
        (GMVAEAnalysis.explore, "GMVAEAnalysis.explore"),
        (GMVAEAnalysis.save_model, "GMVAEAnalysis.save_model"),
        (GMVAE.predict, "GMVAE.predict"),
        (GMVAE.load, "GMVAE.load"),
        (ResultPlots.trace, "GMVAEAnalysis.plot.trace"),
    ],
)
def test_an_unknown_argument_is_told_of_the_method_that_was_called(method, known_as):
    """The message named the internal class that defines it: Evaluation.judge()."""
    with pytest.raises(TypeError, match=rf"^{known_as}\(\) got an unexpected keyword argument"):
        method(nope=1)


def test_workers_are_not_ignored(u):
    with pytest.raises(InputError, match="n_workers=4: the serial backend has one worker"):
        GMVAEAnalysis(u, seed=0).run(n_workers=4)


def test_a_lag_time_longer_than_the_trajectory_is_refused(u):
    with pytest.raises(InputError, match=r"lag_time=1e\+06 ps: no segment is longer"):
        GMVAEAnalysis(u, lag_time=1e6, seed=0).run(step=100)


def test_results_are_asked_for_before_the_run(u):
    gm = GMVAEAnalysis(u, seed=0)
    assert "call run() first" in repr(gm.results)
    with pytest.raises(AttributeError, match=r"call run\(\) first"):
        gm.results.labels
