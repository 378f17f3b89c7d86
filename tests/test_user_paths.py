"""A leading "~" is the home folder wherever a user gives a path, as a shell would have it."""

import shutil
from contextlib import nullcontext
from pathlib import Path

import MDAnalysis as mda
import numpy as np
import pytest

from mdgmvae import FeatureSet
from mdgmvae.annotation import read_labels, write_h5md, write_labels, write_pdb, write_states
from mdgmvae.checks import as_path
from mdgmvae.cli import files
from mdgmvae.cli.options import Source, featurizer_of
from mdgmvae.cli.parser import make_parser
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import by_name, featurize
from mdgmvae.model.saved_model import find_model
from mdgmvae.storage.atomic import atomic_folder, check_folder
from mdgmvae.training.checkpoint import check_path

TOPOLOGY, (TRAJECTORY,) = alanine_dipeptide()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a home folder; the working folder must stay empty."""
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    yield home
    assert list(here.iterdir()) == []


def test_everything_that_writes_takes_it(home):
    """`save_model("~/model")` made a folder called "~"."""
    u = mda.Universe(TOPOLOGY, TRAJECTORY)
    features = featurize(u, "dihedrals", "~/x.npy", stop=3, verbose=False)
    assert features.path == home / "x.npy"
    features.save("~/y.npy")
    assert len(FeatureSet.load("~/y.npy")) == 3
    for write, name in ((write_pdb, "a.pdb"), (write_h5md, "a.h5md"), (write_states, "states")):
        write(u, [0, 1], f"~/{name}", frames=[0, 1])
        assert (home / name).exists()
    one = np.zeros(1)
    results = dict.fromkeys(("frames", "times", "trajectory_index", "labels", "components"), one)
    results |= dict.fromkeys(("probabilities", "component_probabilities", "latent"), one[:, None])
    write_labels("~/labels.npz", mda.analysis.results.Results(**results, scores=one))
    assert read_labels("~").labels == [0]
    with atomic_folder("~/model") as folder:
        (folder / "model.json").touch()
    assert find_model("~") == find_model("~/model") == home / "model"
    with pytest.raises(InputError, match="not empty"):
        check_folder("~/model")
    assert check_path("~/state.npz") == home / "state.npz"


def test_everything_that_reads_takes_it(home):
    for path in (TOPOLOGY, TRAJECTORY):
        shutil.copy(path, home)
    names = [f"~/{Path(path).name}" for path in (TOPOLOGY, TRAJECTORY)]
    assert files.open_universe(names[0], names[1:]).trajectory.n_frames == 20_000
    assert len(featurize((names[0], names[1:]), "dihedrals", stop=2, verbose=False)) == 2
    (home / "f.json").write_text('{"kind": "positions"}')
    assert by_name("~/f.json").kind == by_name(featurizer_of("~/f.json")).kind == "positions"
    with pytest.raises(InputError, match="is an input and would be replaced"):
        files.check_output(str(home / Path(TRAJECTORY).name), (".xtc",), names)
    shutil.copytree(home, home / "out/states")
    with pytest.raises(InputError, match="would be replaced by the results"):
        files.protect("~/out", [str(home / "out/states" / Path(TRAJECTORY).name)])


def test_a_name_that_only_begins_with_it_is_kept():
    assert as_path("~backup.xtc") == Path("~backup.xtc")
    assert as_path("a/~/b") == Path("a/~/b")


def test_the_path_of_a_featurizer_may_have_commas(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("phi,only.json", "a,b,c.json", "b.json"):
        Path(name).write_text('{"kind": "dihedrals", "angles": ["phi"]}')
    assert featurizer_of("phi,only.json") == "phi,only.json"
    assert featurizer_of(f"{tmp_path}/a,b,c.json, ca_distances") == [
        f"{tmp_path}/a,b,c.json", "ca_distances",
    ]  # fmt: skip
    assert featurizer_of("distances,b.json,positions") == ["distances", "b.json", "positions"]
    assert by_name(featurizer_of("dihedrals,phi,only.json")).parts[1].angles == ("phi",)
    with pytest.raises(InputError, match="--features: is empty"):
        featurizer_of(" , ")


@pytest.mark.parametrize("name", ["bom.json", "PHI.JSON"])
def test_a_featurizer_may_come_from_an_editor_of_windows(tmp_path, name):
    text = b'\xef\xbb\xbf{"kind": "dihedrals",\r\n "angles": ["phi"]}\r\n'
    (tmp_path / name).write_bytes(text)
    assert by_name(tmp_path / name).angles == by_name(str(tmp_path / name)).angles == ("phi",)


def test_workers_of_a_cluster_get_whole_paths(home, monkeypatch):
    """Their working folders are others."""
    words = ["featurize", "~/top.pdb", "~/a.xtc", "b.xtc", "--features", "dihedrals", "-o", "x.npy"]
    from mdgmvae.trajectory import dask_cluster

    monkeypatch.setattr(dask_cluster, "connected", nullcontext)
    source = Source.of(make_parser().parse_args([*words, "--scheduler", "tcp://host:1"]))
    with source.on_cluster() as seen:
        assert seen.topology == str(home / "top.pdb")
        assert seen.trajectories == (str(home / "a.xtc"), str(Path("b.xtc").absolute()))
