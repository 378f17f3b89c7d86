"""Architecture of the four networks: names, shapes and initial values of their weights.

Weights are a plain mapping from a name ("network/layer/weights", "network/layer/biases") to a
float32 array, so they can be stored, compared and saved without TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from ..presets import Hyperparameters

Weights: TypeAlias = Mapping[str, np.ndarray]

#: The hyperparameters that define the networks.
_FROM_HYPERPARAMETERS = (
    *("k", "n_z", "qy_dims", "qz_dims", "pz_dims", "px_dims", "relu_logits", "px_floor"),
)


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes of q(y|x), q(z|x,y), p(z|y) and p(x|z).

    Parameters
    ----------
    k : int
        Number of mixture components.
    n_x, n_z : int
        Dimensions of the network input and of the latent space.
    qy_dims, qz_dims, pz_dims, px_dims : tuple of int
        Widths of the hidden layers of each network, one entry per layer.
    relu_logits : bool
        Apply a ReLU to the logits of q(y|x), as the paper's code does. This can leave
        components without a gradient; use it only for models trained with that code.
    px_floor : float
        Lower bound of the variance of p(x|z), in scaled units.
    order : tuple of int
        ``order[i]`` is the trained component that becomes component i. An empty tuple keeps
        the order of the training.

    Examples
    --------
    >>> sizes = Architecture.of(Hyperparameters(k=2, n_z=1, qy_dims=(8,)), n_x=3)
    >>> sizes.shapes["qy/1/weights"]
    (8, 2)
    """

    k: int
    n_x: int
    n_z: int
    qy_dims: tuple[int, ...]
    qz_dims: tuple[int, ...]
    pz_dims: tuple[int, ...]
    px_dims: tuple[int, ...]
    relu_logits: bool
    px_floor: float
    order: tuple[int, ...] = ()

    # Derived from the sizes, and stored because every training step needs it.
    shapes: dict[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the shapes."""
        object.__setattr__(self, "shapes", dict(self._named_shapes()))

    @classmethod
    def of(cls, hyperparameters: Hyperparameters, n_x: int) -> Architecture:
        """Return the architecture of these hyperparameters for inputs of `n_x` dimensions."""
        sizes = {name: getattr(hyperparameters, name) for name in _FROM_HYPERPARAMETERS}
        return cls(n_x=n_x, **sizes)

    def _named_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        heads_z = {"mean": self.n_z, "variance": self.n_z}
        heads_x = {"mean": self.n_x, "variance": self.n_x}
        logits = {str(len(self.qy_dims)): self.k}
        return [
            *_dense("qz/one_hot", self.k, self.k),
            *_perceptron("qy", self.n_x, self.qy_dims, logits),
            *_perceptron("qz", self.n_x + self.k, self.qz_dims, heads_z),
            *_perceptron("pz", self.k, self.pz_dims, heads_z),
            *_perceptron("px", self.n_z, self.px_dims, heads_x),
        ]

    @property
    def n_weights(self) -> int:
        """Number of trainable values."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    @property
    def component_order(self) -> tuple[int, ...]:
        """`order`, with the default order written out."""
        return self.order or tuple(range(self.k))


def kinetic_weight(vamp_weight: float, n_x: int) -> float:
    """Return the factor of VAMP-2 in the loss, ``vamp_weight * sqrt(n_x)``.

    The reconstruction term grows with n_x. Features are correlated, however, so the part of it
    that distinguishes two components grows more slowly.
    """
    return vamp_weight * float(np.sqrt(n_x))


def _dense(name: str, n_in: int, n_out: int) -> list[tuple[str, tuple[int, ...]]]:
    return [(f"{name}/weights", (n_in, n_out)), (f"{name}/biases", (n_out,))]


def _perceptron(
    network: str, n_in: int, hidden: tuple[int, ...], heads: Mapping[str, int]
) -> list[tuple[str, tuple[int, ...]]]:
    """Return the shapes of the hidden layers, and of the heads on top of the last one."""
    shapes = []
    for layer, n_out in enumerate(hidden):
        shapes += _dense(f"{network}/{layer}", n_in, n_out)
        n_in = n_out
    for head, n_out in heads.items():
        shapes += _dense(f"{network}/{head}", n_in, n_out)
    return shapes


def initial_weights(architecture: Architecture, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw Glorot-uniform weights and zero biases, the initialisation of the paper's code.

    Glorot & Bengio, AISTATS 2010, equation 16.

    Parameters
    ----------
    architecture : Architecture
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray of float32

    Examples
    --------
    >>> small = Architecture.of(Hyperparameters(k=2), n_x=3)
    >>> w = initial_weights(small, np.random.default_rng(0))
    >>> w["px/mean/weights"].shape, float(abs(w["px/mean/biases"]).max())
    ((128, 3), 0.0)
    """
    weights = {}
    for name, shape in architecture.shapes.items():
        if name.endswith("biases"):
            weights[name] = np.zeros(shape, np.float32)
        else:
            limit = np.sqrt(6.0 / sum(shape))
            weights[name] = rng.uniform(-limit, limit, shape).astype(np.float32)
    return weights


def flatten(architecture: Architecture, weights: Weights) -> np.ndarray:
    """Return all weights as one float32 vector, in the order of ``architecture.shapes``."""
    return np.concatenate(
        [np.asarray(weights[name], np.float32).ravel() for name in architecture.shapes]
    )


def unflatten(architecture: Architecture, flat: np.ndarray) -> dict[str, np.ndarray]:
    """Return a vector of weights as named arrays; the inverse of `flatten`."""
    sizes = [int(np.prod(shape)) for shape in architecture.shapes.values()]
    parts = np.split(np.asarray(flat, np.float32), np.cumsum(sizes)[:-1])
    return {
        name: part.reshape(shape)
        for (name, shape), part in zip(architecture.shapes.items(), parts, strict=True)
    }
