"""Exit codes, and messages when something goes wrong or is interrupted."""

import csv
import io
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from command import TOPOLOGY, TRAJECTORY, call, start
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


@pytest.mark.slow
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


@pytest.fixture
def folder(tmp_path):
    """An empty folder to work in."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def interrupted(number, *arguments, cwd):
    """Send a signal to the command when it trains; return what it has printed."""
    process, stdout, stderr = start(*arguments, "--verbose", cwd=cwd)
    until = time.monotonic() + 120
    while "loss" not in (stderr.read_text() if stderr.exists() else ""):
        assert process.is_alive() and time.monotonic() < until, stderr.read_text()
        time.sleep(0.05)
    os.kill(process.pid, number)
    process.join(60)
    assert process.exitcode == 130, stderr.read_text()
    return stdout.read_text(), stderr.read_text().strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_goes_on_from_its_checkpoint(folder, five_wells, number):
    np.save(folder / "x.npy", five_wells[0][:5000])
    arguments = ("train", "--traj_file", "x.npy", "--n_epochs", 60, "-o", "out",
                 "--checkpoint", "state.npz")  # fmt: skip
    _, printed = interrupted(number, *arguments, cwd=folder)
    assert printed.endswith("run the same command again to continue from state.npz")
    assert sorted(os.listdir(folder)) == ["state.npz", "x.npy"]
    call(*arguments, cwd=folder)
    with open(folder / "out/history.csv", newline="") as file:
        assert [int(row["epoch"]) for row in csv.DictReader(file)] == list(range(1, 61))


def test_debug_shows_the_traceback(tmp_path):
    done = call("train", "--traj_file", "no.npy", "-o", "x", "--debug", cwd=tmp_path, code=2)
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("mdgmvae: error: no.npy")


def test_interrupt_ends_with_130_and_leaves_nothing(folder):
    arguments = ("train", "--traj_file", DATA / "mueller_brown.npy", "--n_epochs", 100_000)
    stdout, stderr = interrupted(signal.SIGINT, *arguments, "-o", "out", cwd=folder)
    assert stderr.splitlines()[-1].endswith("interrupted; nothing was written")
    assert stdout == ""
    assert os.listdir(folder) == []


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupt_that_becomes_another_error_stays_one(name, monkeypatch, capsys, tmp_path):
    """Ctrl-C during the import of TensorFlow was "a fault of mdgmvae"; SIGHUP left files behind."""
    from mdgmvae.cli import main as command
    from mdgmvae.cli.commands import demo

    def broken(options):
        try:
            os.kill(os.getpid(), getattr(signal, name))
            time.sleep(10)
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error

    monkeypatch.setattr(demo, "demo", broken)
    before = signal.getsignal(getattr(signal, name))
    assert command.main(["demo", "-o", str(tmp_path / "x")]) == 130
    assert "interrupted; nothing was written" in capsys.readouterr().err
    assert signal.getsignal(getattr(signal, name)) == before


def test_nohup_is_respected(monkeypatch, tmp_path):
    from mdgmvae.cli import main as command
    from mdgmvae.cli.commands import demo

    monkeypatch.setattr(demo, "demo", lambda options: os.kill(os.getpid(), signal.SIGHUP) or "")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert command.main(["demo", "-o", str(tmp_path / "x")]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


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
