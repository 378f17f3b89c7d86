"""Sizes of networks for tests: the paper's, with something else where it is given."""

from dataclasses import replace

from mdgmvae.network.architecture import Architecture
from mdgmvae.presets import Hyperparameters


def sizes(k, n_x, n_z, *dims, order=(), **given):
    """Sizes with the hidden layers `dims` of q(y|x), q(z|x,y), p(z|y) and p(x|z)."""
    names = ("qy_dims", "qz_dims", "pz_dims", "px_dims")
    given |= dict(zip(names, dims, strict=False))
    found = Architecture.of(Hyperparameters(k=k, n_z=n_z, **given), n_x)
    return replace(found, order=order)
