"""mdgmvae featurize and mdgmvae train."""

import csv
import json
import subprocess
import sys

import numpy as np
from command import FAST, TOPOLOGY, TRAJECTORY, call
from conftest import DATA

from mdgmvae.annotation import read_labels


def test_featurize_then_train_is_run(ran):
    folder, _ = ran
    call(
        "featurize", TOPOLOGY, "a.xtc", "b.dcd", "--features", "dihedrals", "-o", "x.npy",
        cwd=folder,
    )  # fmt: skip
    np.testing.assert_array_equal(np.load(folder / "x.npy"), np.load(folder / "out/features.npy"))
    # The same lag: 5 frames of 2 ps.
    call(
        "train", "--traj_file", "x.npy", "--preset", "robust", *FAST, "--lag_time", 10, "-o", "tr",
        cwd=folder,
    )  # fmt: skip
    model = json.loads((folder / "tr/model/model.json").read_text())
    assert model["params"]["lag"] == 5
    trained, known = (read_labels(folder / d / "labels.npz") for d in ("tr", "out"))
    np.testing.assert_array_equal(trained.labels, known.labels)
    # The .json file describes how the features were computed, so the model can read trajectories.
    call("assign", "tr", TOPOLOGY, "a.xtc", "-o", "tr.npz", cwd=folder)
    np.testing.assert_array_equal(read_labels(folder / "tr.npz").labels, known.labels[:800])


def test_train_with_the_papers_flags(tmp_path):
    done = call(
        "train", "--traj_file", DATA / "mueller_brown.npy", "--k", 5, "--n_x", 2, "--n_z", 1,
        "--n_epochs", 5, "--qy_dims", 32, "--qz_dims", 16, "--pz_dims", 16, "--px_dims", 128,
        "--r_nent", 0.05, "--batch_size", 517, "--lr", 0.0001, "--seed", 0,
        "-o", "out", cwd=tmp_path,
    )  # fmt: skip
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "model", "labels.npz", "history.csv", "free_energy.png", "states.csv",
    }  # fmt: skip
    params = json.loads((tmp_path / "out/model/model.json").read_text())["params"]
    assert params["scale"] is None
    assert params["validation_fraction"] == 0
    labels = read_labels(tmp_path / "out/labels.npz")
    assert len(labels.labels) == 50_000
    assert np.isnan(labels.times).all()
    with open(tmp_path / "out/history.csv", newline="") as file:
        loss = [float(row["loss"]) for row in csv.DictReader(file)]
    # Three seeds of an independent prototype: 4.4-4.8 after 1 epoch, 3.4-3.5 after 5.
    assert 4.1 < loss[0] < 5.1
    assert 3.1 < loss[4] < 3.8
    assert "seed" in done.stdout


def test_a_temperature_makes_the_free_energy_one_in_kilojoules(monkeypatch, tmp_path):
    from mdgmvae import plot
    from mdgmvae.cli import main as command

    drawn = []
    draw = plot.free_energy

    def kept(*arguments, **options):
        drawn.append(draw(*arguments, **options))
        return drawn[-1]

    monkeypatch.setattr(plot, "free_energy", kept)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(600, 2)))
    train = [
        "train",
        "--traj_file",
        str(tmp_path / "x.npy"),
        "-k",
        "2",
        "--n_epochs",
        "1",
        "--seed",
        "0",
    ]
    for name, more in (("kT", []), ("molar", ["--temperature", "300"])):
        assert command.main([*train, *more, "-o", str(tmp_path / name)]) == 0
    labels = [axes.get_ylabel() for axes in drawn]
    assert labels == ["free energy / kT", "free energy / kJ mol$^{-1}$"]
    reduced, molar = (axes.patches[-1].get_data().values for axes in drawn)
    np.testing.assert_allclose(molar, 8.31446261815324e-3 * 300 * reduced)


def test_featurize_never_imports_tensorflow(tmp_path):
    script = (
        "import sys; from mdgmvae.cli.main import main; "
        f"main(['featurize', {TOPOLOGY!r}, {TRAJECTORY!r}, '--features', 'dihedrals', "
        "'--stop', '50', '-o', 'x.npy']); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"
