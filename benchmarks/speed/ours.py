"""Contestant: this package's engine, without and with XLA, on some number of restarts.

Usage: python ours.py SIZE plain|xla|auto [N_RESTARTS]
"""

import sys

import numpy as np
from sizes import LR, R_NENT, SIZES, frames
from worker import serve

from mdgmvae.architecture import Architecture
from mdgmvae.objective import Objective
from mdgmvae.rows import Rows
from mdgmvae.steps import Engine, Optimiser
from mdgmvae.training import Batches, Options, _start, random_start


def main(size: str, mode: str, n_restarts: int = 1) -> None:
    settings, batch_size = SIZES[size]
    architecture = Architecture(**settings)
    x = frames(size)
    rows = Rows(x)
    noise_bytes = 4 * n_restarts * architecture.k * architecture.n_z
    block_rows = rows.block_rows(batch_size, 0, noise_bytes)
    many_epochs = 100_000
    engine = Engine.choose(architecture, "CPU:0", batch_size, len(x), block_rows, many_epochs)
    if mode != "auto":
        engine = Engine("CPU:0", engine.batch_size, engine.block_rows, mode == "xla")
    options = Options(1, batch_size, LR, R_NENT, seed=0, n_init=n_restarts)
    state = _start(architecture, random_start(architecture, options))
    optimiser = Optimiser(architecture, Objective(n_restarts), engine, state, ridge=0.0)
    groups = np.zeros((n_restarts, architecture.k, architecture.k), np.float32)
    rng = np.random.default_rng(0)

    def epoch() -> int:
        shuffled = rows.shuffled(rng, batch_size, beside=noise_bytes)
        blocks = (Batches(block[0]) for _, block in shuffled)
        optimiser.epoch(blocks, LR, R_NENT, rng, groups)
        return len(x) * n_restarts

    serve(epoch)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
