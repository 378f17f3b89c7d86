"""Contestant: the engine of this package, with or without XLA, for one or more restarts.

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
from mdgmvae.presets import Hyperparameters
from mdgmvae.training.dataset import Dataset
from mdgmvae.training.distribution import OneDevice
from mdgmvae.training.engine import Engine
from mdgmvae.training.lagged_pairs import pairs_of_step
from mdgmvae.training.optimiser import Optimiser
from mdgmvae.training.preparation import random_weights
from mdgmvae.training.training_set import Block


def make(
    size: str, mode: str = "auto", n_restarts: int = 1, n_decoded: int | None = None
) -> Callable[[], int]:
    settings, batch_size, _ = chosen(size)
    x = frames(size)
    dataset = Dataset(x)
    weight, lag = KINETIC.get(size, (0.0, 0))
    hyperparameters = Hyperparameters(
        **{name: value for name, value in settings.items() if name != "n_x"},
        vamp_weight=weight,
        kl="analytic" if weight else "sampled",
        n_decoded=n_decoded,
    )
    architecture = Architecture.of(hyperparameters, settings["n_x"])
    lags = (0, lag) if weight else (0,)
    n_wanted = pairs_of_step(architecture.k) if weight else 0
    block_frames = dataset.block_frames(batch_size, n_wanted, 4 * architecture.k * architecture.n_z)
    many_epochs = 100_000
    engine = Engine.choose(
        OneDevice("CPU:0"),
        architecture,
        batch_size=batch_size,
        n_frames=len(x),
        block_frames=block_frames,
        n_epochs=many_epochs,
    )
    if mode != "auto":
        engine = replace(engine, xla=mode == "xla")
    objective = Objective.of(hyperparameters)
    initial = [random_weights(architecture, 0, restart) for restart in range(n_restarts)]
    optimisers = [
        Optimiser(architecture, objective, engine, flat, 0 * flat, 0 * flat, 0, ridge=1e-4)
        for flat in initial
    ]
    rng = np.random.default_rng(0)

    def block_of(shuffled: tuple[np.ndarray, list[np.ndarray]]) -> Block:
        numbers, parts = shuffled
        has_partner = (numbers + lag < len(x)).astype(np.float32)[:, np.newaxis]
        return Block(*parts, has_partner) if weight else Block(*parts)

    def epoch() -> int:
        shuffled = dataset.shuffled(rng, batch_size, None, lags, block_frames)
        for seed, optimiser in enumerate(optimisers):
            optimiser.start_epoch(LR, R_NENT, seed)
        for block in map(block_of, shuffled):
            for optimiser in optimisers:
                optimiser.run(block)
        return len(x) * n_restarts

    return epoch


if __name__ == "__main__":
    set_threads()
    serve(make(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])))
