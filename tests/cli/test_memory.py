"""The memory of the commands does not depend on the length of the trajectory."""

import json
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from paths import ROOT

from mdgmvae import FeatureSet
from mdgmvae.storage.npy import write_rows
from mdgmvae.training.dataset import BLOCK_BYTES, BUFFER_SHARE, Dataset
from mdgmvae.trajectory.feature_writer import FeatureWriter

BENCHMARK = ROOT / "benchmarks" / "memory.py"


def test_shuffling_a_file_holds_two_buffers_of_its_frames(tmp_path):
    buffer, columns = 2**24, 64
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((8 * buffer // (4 * columns), columns), np.float32))
    dataset = Dataset(path, max_memory=int(buffer / BUFFER_SHARE))
    tracemalloc.start()
    try:
        n_seen = sum(len(numbers) for numbers, _ in dataset.shuffled(np.random.default_rng(0), 64))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert n_seen == len(dataset)
    # In addition to the buffers: the block in use and the next one.
    assert peak < 2 * buffer + 3 * BLOCK_BYTES, f"{peak / buffer:.1f} buffers"


@pytest.mark.slow
def test_committing_features_takes_few_bytes_a_frame():
    n_frames = 400_000
    frames, times = np.arange(n_frames), 2.0 * np.arange(n_frames)
    index = np.zeros(n_frames, np.int64)
    with FeatureWriter(None, 1) as writer:
        write_rows(writer.rows_path, 0, np.ones((n_frames, 1), np.float32))
        tracemalloc.start()
        try:
            features = writer.commit(
                names=("a",),
                units=("1",),
                frames=frames,
                times=times,
                trajectory_index=index,
                lengths=(n_frames,),
            )
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8 * n_frames, f"{peak / n_frames:.0f} bytes a frame"
    np.testing.assert_array_equal(FeatureSet.load(features.path).times, times)


@pytest.mark.slow
def test_peak_of_the_commands_does_not_grow_with_the_trajectory(tmp_path):
    path = tmp_path / "measured.json"
    # Both feature files are larger than all buffers and samples of frames, and the second is three
    # times as long. Networks are small, since their size has no part in how the data are read.
    sizes = ["--megabytes", "100", "300", "--max_memory", "40MB", "--copies", "20"]
    sizes += ["--epochs", "1", "--small"]
    subprocess.run([sys.executable, BENCHMARK, *sizes, "--json", path], check=True)
    measured = json.loads(path.read_text())
    steps = {one["step"] for one in measured}
    assert len(steps) == 5
    for step in steps:
        short, long = (one for one in measured if one["step"] == step)
        n_added = long["frames"] - short["frames"]
        assert n_added == pytest.approx(2 * short["frames"], rel=1e-3)
        grown = long["peak"] - short["peak"]
        # A frame has 5,280 bytes of coordinates and about as many bytes of distances. The peak of
        # the same command varies by about 20 MB from run to run.
        assert grown < 5280 / 5 * n_added, f"{step}: {grown / n_added:.0f} bytes a frame"
