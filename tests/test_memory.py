"""Memory stays bounded however long a trajectory is."""

import tracemalloc

import numpy as np

from mdgmvae.rows import BLOCK_BYTES, Rows


def test_shuffling_a_file_holds_one_buffer_of_its_rows(tmp_path):
    buffer, columns = 2**24, 64
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((4 * buffer // (4 * columns), columns), np.float32))
    rows = Rows(path, buffer_bytes=buffer)
    tracemalloc.start()
    try:
        n_seen = sum(len(block) for block in rows.shuffled(np.random.default_rng(0), 64))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert n_seen == len(rows)
    # Beside the buffer: the block that was handed on and the next one.
    assert peak < buffer + 3 * BLOCK_BYTES, f"{peak / buffer:.1f} buffers"
