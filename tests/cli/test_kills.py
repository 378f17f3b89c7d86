"""Commands that are killed leave old or new results, never a mixture, and can be continued.

A few kills of each command are enough to notice that it no longer switches its output at once.
`benchmarks/reliability/kills.py` repeats them hundreds of times.
"""

from random import Random

import numpy as np
import pytest
from killed import FEATURIZE, RUN, TRAIN, digest, features_in, old_or_new, resumed

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path, five_wells):
    np.save(tmp_path / "five.npy", five_wells[0][:2000])
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_featurize_is_killed(folder):
    variants = [[*FEATURIZE, "--features", name] for name in ("dihedrals", "distances")]
    count = old_or_new(folder, variants, features_in, 6, Random(0), ".x.npy.mdgmvae/new/x.npy")
    assert count.old


@pytest.mark.parametrize(("words", "sign"), [(TRAIN, "labels.npz"), (RUN, "states.csv")])
def test_overwrite_is_killed(folder, words, sign):
    variants = [[*words, "--seed", seed] for seed in ("1", "2")]
    look = lambda cwd: digest(cwd / "out")  # noqa: E731
    count = old_or_new(folder, variants, look, 4, Random(0), f".out.mdgmvae/new/{sign}")
    assert count.old


def test_a_killed_training_ends_with_the_same_bits(folder):
    assert resumed(folder, 2, Random(0)) >= 2
