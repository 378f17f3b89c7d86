"""Schedules: hyperparameters that change from epoch to epoch."""

from __future__ import annotations

import math

from ..presets import Hyperparameters


def anneal_epochs(hyperparameters: Hyperparameters) -> int:
    """Return the number of epochs during which the weight of the negative entropy changes."""
    if hyperparameters.r_nent_start is None:
        return 0
    return math.ceil(hyperparameters.anneal * hyperparameters.n_epochs)


def entropy_weight(hyperparameters: Hyperparameters, epoch: int) -> float:
    """Return the weight of the negative entropy, annealed linearly to `r_nent`.

    Examples
    --------
    >>> given = Hyperparameters(r_nent=0.0, r_nent_start=1.0, anneal=0.5, n_epochs=8)
    >>> [entropy_weight(given, epoch) for epoch in (0, 1, 4)]
    [1.0, 0.75, 0.0]
    """
    last, first = hyperparameters.r_nent, hyperparameters.r_nent_start
    if first is None or epoch >= anneal_epochs(hyperparameters):
        return last
    share = epoch / anneal_epochs(hyperparameters)
    return first + share * (last - first)


def learning_rate(hyperparameters: Hyperparameters, epoch: int) -> float:
    """Return the learning rate: constant, or with cosine decay towards zero.

    Loshchilov & Hutter, ICLR 2017, equation 5.

    Examples
    --------
    >>> given = Hyperparameters(lr=1.0, lr_schedule="cosine", n_epochs=8)
    >>> [round(learning_rate(given, epoch), 3) for epoch in (0, 4, 7)]
    [1.0, 0.5, 0.038]
    """
    if hyperparameters.lr_schedule == "constant":
        return hyperparameters.lr
    phase = math.pi * epoch / hyperparameters.n_epochs
    return hyperparameters.lr * 0.5 * (1.0 + math.cos(phase))
