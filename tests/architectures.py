"""Architectures for tests: the paper's, with some values replaced."""

from dataclasses import replace

from mdgmvae.network.architecture import Architecture
from mdgmvae.presets import Hyperparameters


def sizes(k, n_x, n_z, *dims, order=(), **given):
    """Return an architecture; `dims` are the hidden layers of q(y|x), q(z|x,y), p(z|y), p(x|z)."""
    names = ("qy_dims", "qz_dims", "pz_dims", "px_dims")
    given |= dict(zip(names, dims, strict=False))
    found = Architecture.of(Hyperparameters(k=k, n_z=n_z, **given), n_x)
    return replace(found, order=order)
