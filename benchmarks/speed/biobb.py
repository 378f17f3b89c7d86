"""Contestant: the GMVAE of biobb-pytorch, its own training step in a plain loop.

Without the trainer around it, whose share would only add to it.

Usage: python biobb.py SIZE
"""

import sys
from collections.abc import Callable

import torch
from biobb_pytorch.mdae.models.gmvae import GaussianMixtureVariationalAutoEncoder
from sizes import LR, chosen, frames
from worker import n_threads, serve


def make(size: str) -> Callable[[], int]:
    settings, batch_size, _ = chosen(size)
    x = torch.from_numpy(frames(size))
    relu = {"activation": "relu"}
    model = GaussianMixtureVariationalAutoEncoder(
        n_features=settings["n_x"],
        n_cvs=settings["n_z"],
        encoder_layers={name: list(settings[name]) for name in ("qy_dims", "qz_dims")},
        decoder_layers={name: list(settings[name]) for name in ("pz_dims", "px_dims")},
        options={
            "k": settings["k"],
            "norm_in": None,
            "encoder": {"qy_nn": relu, "qz_nn": relu},
            "decoder": {"pz_nn": relu, "px_nn": relu},
        },
    )
    # What it writes to a trainer's log is left out, and so is a normalisation of the inputs.
    model.log = lambda *_, **__: None
    model.norm_in = torch.nn.Identity()
    model.train()
    adam = torch.optim.Adam(model.parameters(), lr=LR)

    def epoch() -> int:
        for rows in torch.randperm(len(x)).split(batch_size):
            adam.zero_grad()
            model.training_step({"data": x[rows]}, 0).backward()
            adam.step()
        return len(x)

    return epoch


if __name__ == "__main__":
    torch.set_num_threads(n_threads())
    serve(make(sys.argv[1]))
