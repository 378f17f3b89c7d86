"""Contestant: the GMVAE of biobb-pytorch, with its own training step in a plain loop.

Its trainer is not used, because it would only add to the time.

Usage: python biobb.py SIZE
"""

import sys
from collections.abc import Callable

import torch
from biobb_pytorch.mdae.models.gmvae import GaussianMixtureVariationalAutoEncoder
from sizes import chosen, frames
from torch_rounds import adam_epoch, serve_torch


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
    # Neither logging to a trainer nor normalisation of the inputs is measured.
    model.log = lambda *_, **__: None
    model.norm_in = torch.nn.Identity()
    model.train()
    return adam_epoch(model, x, batch_size, lambda rows: model.training_step({"data": rows}, 0))


if __name__ == "__main__":
    serve_torch(make, sys.argv[1])
