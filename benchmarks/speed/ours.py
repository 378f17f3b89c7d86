"""Contestant: this package's engine, without and with XLA, on some number of restarts.

Usage: python ours.py SIZE plain|xla|auto [N_RESTARTS [N_DECODED]]
"""

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sizes import KINETIC, LR, R_NENT, chosen, frames
from tensorflow_threads import set_threads
from worker import serve

from mdgmvae.network.architecture import Architecture
from mdgmvae.network.objective import Objective
from mdgmvae.training.covariances import pairs_of_step
from mdgmvae.training.dataset import Rows
from mdgmvae.training.engine import Engine
from mdgmvae.training.loop import Batches, Options, random_start
from mdgmvae.training.replicas import OneDevice
from mdgmvae.training.steps import Optimiser


def make(
    size: str,
    mode: str = "auto",
    n_restarts: int = 1,
    n_decoded: int | None = None,
    device: str = "CPU:0",
) -> Callable[[], int]:
    settings, batch_size, _ = chosen(size)
    architecture = Architecture(**settings)
    x = frames(size)
    rows = Rows(x)
    weight, lag = KINETIC.get(size, (0.0, 0))
    lags = (0, lag) if weight else (0,)
    n_wanted = pairs_of_step(architecture.k) if weight else 0
    block_rows = rows.block_rows(batch_size, n_wanted, 4 * architecture.k * architecture.n_z)
    many_epochs = 100_000
    engine = Engine.choose(
        OneDevice(device), batch_size, architecture.n_x, len(x), block_rows, many_epochs
    )
    if mode != "auto":
        engine = replace(engine, xla=mode == "xla")
    options = Options(1, batch_size, LR, R_NENT, seed=0, n_init=n_restarts)
    objective = Objective(weight, analytic_kl=weight > 0, n_decoded=n_decoded)
    optimisers = [
        Optimiser(architecture, objective, engine, flat, 0 * flat, 0 * flat, 0, ridge=1e-4)
        for flat in random_start(architecture, options)
    ]
    rng = np.random.default_rng(0)

    def batches(block: tuple[np.ndarray, list[np.ndarray]]) -> Batches:
        numbers, parts = block
        has_partner = (numbers + lag < len(x)).astype(np.float32)[:, np.newaxis]
        return Batches(*parts, has_partner) if weight else Batches(*parts)

    def epoch() -> int:
        shuffled = rows.shuffled(rng, batch_size, None, lags, block_rows)
        for seed, optimiser in enumerate(optimisers):
            optimiser.start_epoch(LR, R_NENT, seed)
        for block in map(batches, shuffled):
            for optimiser in optimisers:
                optimiser.run(block)
        return len(x) * n_restarts

    return epoch


if __name__ == "__main__":
    set_threads()
    serve(make(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])))
