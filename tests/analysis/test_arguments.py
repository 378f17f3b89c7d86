"""Invalid arguments of an analysis are refused before any frame is read."""

import mdtraj
import pytest

from mdgmvae import GMVAEAnalysis
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Dihedrals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"select": "resname XYZ"}, "resname XYZ"),
        ({"select": "name ("}, "name ("),
        ({"select": "name H*"}, "select='name H*': no phi or psi"),
        ({"features": "torsions"}, "torsions"),
        ({"features": []}, "features|featurizer"),
        ({"features": Dihedrals(angles=("chi5",))}, "chi5"),
        ({"feature_names": ["a", "b"]}, "feature_names: computed features already have names"),
        ({"preset": "best"}, "preset='best': choose one of paper, robust"),
        ({"n_epoch": 3}, "n_epoch: no such hyperparameter; did you mean n_epochs?"),
        ({"k": "many"}, "k='many'"),
        ({"lag_time": -10.0}, "lag_time=-10.0: must be a time in ps"),
        ({"lag_time": 10.0, "lag": 5}, "lag is in frames, lag_time in ps"),
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
    with pytest.raises(InputError, match="pass an MDAnalysis Universe"):
        GMVAEAnalysis(None)
