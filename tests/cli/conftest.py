"""Results that are shared by the tests of all commands."""

import MDAnalysis as mda
import pytest
from command import FAST, TOPOLOGY, TRAJECTORY, call


@pytest.fixture(scope="session")
def ran(tmp_path_factory):
    """Return the folder and output of a run on two files; tests must not change it."""
    folder = tmp_path_factory.mktemp("run")
    u = mda.Universe(TOPOLOGY, TRAJECTORY)
    u.atoms.write(str(folder / "a.xtc"), frames=u.trajectory[6000:6800])
    u.atoms.write(str(folder / "b.dcd"), frames=u.trajectory[6800:7500], dt=2.0)
    done = call("run", TOPOLOGY, "a.xtc", "b.dcd", *FAST, "-o", "out", cwd=folder, new=True)
    return folder, done
