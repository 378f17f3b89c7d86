"""Exit codes, and messages when something goes wrong or is interrupted."""

import csv
import io
import os
import signal
import subprocess
import sys

import pytest
from command import TOPOLOGY, TRAJECTORY, call
from conftest import DATA


def test_a_terminal_without_degrees_is_no_fault(ran, monkeypatch):
    from mdgmvae.cli import main as command
    from mdgmvae.cli.commands import demo

    _, done = ran
    assert "°" in done.stdout
    monkeypatch.setattr(demo, "demo", lambda options: done.stdout)
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert command.main(["demo"]) == 0
    assert b"psi ALA2" in terminal.buffer.getvalue()


def test_a_full_disk_is_told(tmp_path):
    command = (
        f"ulimit -f 100; {sys.executable} -m mdgmvae featurize {TOPOLOGY} {TRAJECTORY} "
        "--features distances -o x.npy"
    )
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "a disk with more" in done.stderr.splitlines()[-1]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_goes_on_from_its_checkpoint(tmp_path, number):
    arguments = [sys.executable, "-m", "mdgmvae", "train", "--traj_file",
                 DATA / "five_wells.npy", "--n_epochs", "60", "-o", "out", "--verbose",
                 "--checkpoint", "state.npz"]  # fmt: skip
    process = subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.PIPE)
    seen = b""
    while b"loss" not in seen:
        seen += os.read(process.stderr.fileno(), 4096)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().strip().endswith("the same command goes on from state.npz")
    assert os.listdir(tmp_path) == ["state.npz"]
    subprocess.run(arguments, cwd=tmp_path, check=True, capture_output=True)
    with open(tmp_path / "out/history.csv", newline="") as file:
        assert [int(row["epoch"]) for row in csv.DictReader(file)] == list(range(1, 61))


def test_debug_shows_the_traceback(tmp_path):
    done = call("train", "--traj_file", "no.npy", "-o", "x", "--debug", cwd=tmp_path, code=2)
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("mdgmvae: error: no.npy")


def test_interrupt_ends_with_130_and_leaves_nothing(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "mdgmvae", "train", "--traj_file", DATA / "mueller_brown.npy",
         "--n_epochs", "100000", "-o", "out", "--verbose"],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    seen = b""
    while b"loss" not in seen:
        seen += os.read(process.stderr.fileno(), 4096)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().strip().splitlines()[-1].endswith("interrupted; nothing was written")
    assert out == b""
    assert os.listdir(tmp_path) == []


def test_a_fault_of_ours_says_how_to_report_it(monkeypatch, capsys, tmp_path):
    from mdgmvae.cli import main as command
    from mdgmvae.cli.commands import demo

    def broken(options):
        raise ZeroDivisionError("what now")

    monkeypatch.setattr(demo, "demo", broken)
    assert command.main(["demo", "-o", str(tmp_path / "x")]) == 1
    line = capsys.readouterr().err
    assert "ZeroDivisionError: what now" in line
    assert "report it" in line
