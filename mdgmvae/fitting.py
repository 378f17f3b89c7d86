"""Between the estimator and the training loop: which rows train, which are held out, resuming."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import noise
from .architecture import Architecture
from .checkpoint import Checkpoint
from .errors import InputError
from .progress import progress_bar
from .rows import Rows
from .scaling import Scaling

if TYPE_CHECKING:
    from .training import Fit, Options, State

#: Held-out rows come in this many pieces of neighbouring frames, spread over the data:
#: neighbours in time are nearly copies, so single rows drawn at random would not be held out.
N_HELD_OUT_PIECES = 20
#: Rows by which the weights are checked after each epoch.
N_PROBES = 64


def check_lengths(lengths: Sequence[int] | None, n_rows: int) -> tuple[int, ...]:
    """The rows of each continuous piece; everything is one piece where `lengths` is None.

    Raises
    ------
    InputError
        When they do not add up to the rows.
    """
    if lengths is None:
        return (n_rows,)
    pieces = tuple(int(n) for n in lengths)
    if any(n < 1 for n in pieces) or sum(pieces) != n_rows:
        raise InputError(
            f"lengths={list(pieces)[:8]}: must be positive and add up to the {n_rows} rows of X, "
            f"not to {sum(pieces)}"
        )
    return pieces


def hold_out(
    n_rows: int, fraction: float, lengths: Sequence[int], rng: np.random.Generator
) -> np.ndarray | None:
    """Which rows train: pieces of neighbouring rows, `fraction` of them all, are left out.

    Returns
    -------
    ndarray of bool of shape (n_rows,), or None where all rows train
    """
    if fraction == 0:
        return None
    n_blocks = max(2, round(N_HELD_OUT_PIECES / fraction))
    edges = {*np.linspace(0, n_rows, n_blocks + 1).astype(int), *np.cumsum([0, *lengths])}
    blocks = list(zip(sorted(edges)[:-1], sorted(edges)[1:], strict=True))
    train = np.ones(n_rows, bool)
    n_left = round(fraction * n_rows)
    for block in rng.permutation(len(blocks)):
        start, stop = blocks[block]
        if stop - start <= n_left:
            train[start:stop] = False
            n_left -= stop - start
    return None if train.all() else train


class ScaledRows:
    """The rows as the training loop wants them (`training.Data`)."""

    def __init__(
        self,
        rows: Rows,
        scaling: Scaling,
        train: np.ndarray | None,
        architecture: Architecture,
        options: Options,
        device: str,
    ) -> None:
        self._rows = rows
        self._scaling = scaling
        self._train = train
        self._architecture = architecture
        self._options = options
        self._device = device
        self._probe: np.ndarray | None = None

    def epoch(self, rng: np.random.Generator) -> Iterable[np.ndarray]:
        """The training rows in a new random order, in blocks of whole batches."""
        for block in self._rows.shuffled(rng, self._options.batch_size, self._train):
            yield self._scaling.apply(block)

    def is_sound(self, flat: np.ndarray) -> bool:
        """Whether the loss of rows spread over the data is finite with these weights."""
        from .inference import Inference

        if self._probe is None:
            starts = np.unique(np.linspace(0, len(self._rows) - 1, N_PROBES).astype(int))
            raw = np.concatenate([self._rows.read(s, s + 1) for s in starts.tolist()])
            self._probe = self._scaling.apply(raw)
        a = self._architecture
        noise_z = np.zeros((a.k, len(self._probe), a.n_z), np.float32)
        inference = Inference(a, flat, self._device)
        loss = inference.loss(self._probe, noise_z, self._options.r_nent)
        return bool(np.isfinite(loss).all())

    def validation_loss(self, flat: np.ndarray) -> float | None:
        """Mean loss of the rows held out; the noise is the same at every epoch."""
        if self._train is None:
            return None
        from .inference import Inference

        inference = Inference(self._architecture, flat, self._device)
        a, total, n = self._architecture, 0.0, 0
        for raw in chosen_chunks(self._rows, ~self._train):
            draws = noise.component_noise(raw, self._options.seed, a.k, a.n_z)
            loss = inference.loss(self._scaling.apply(raw), draws, self._options.r_nent)
            total, n = total + float(loss.sum(dtype=np.float64)), n + len(raw)
        return total / n


def chosen_chunks(rows: Rows, keep: np.ndarray | None) -> Iterator[np.ndarray]:
    """All rows in order in bounded chunks, or those that `keep` marks."""
    done = 0
    for chunk in rows.chunks():
        chosen = chunk if keep is None else chunk[keep[done : done + len(chunk)]]
        done += len(chunk)
        if len(chosen):
            yield chosen


def fit(
    data: ScaledRows,
    architecture: Architecture,
    options: Options,
    device: str,
    checkpoint: Checkpoint | None,
    verbose: bool | None,
) -> Fit:
    """Run the training loop with a progress bar, from the checkpoint where there is one."""
    from .training import train

    state = checkpoint.load() if checkpoint else None
    latest: list[State] = []
    total = options.n_epochs * options.n_init
    with progress_bar(total, "training", "epochs", verbose=verbose) as progress:

        def on_epoch(state: State) -> None:
            latest[:] = [state]
            done = state.restart * options.n_epochs + state.epoch
            progress.update(done - progress.n)
            progress.set_postfix_str(f"loss {state.history['loss'][-1]:.3f}", refresh=False)
            if checkpoint:
                checkpoint.save_now_and_then(state)

        try:
            return train(data, architecture, options, device, on_epoch=on_epoch, resume=state)
        finally:
            # An interrupt loses nothing, and a training that has ended is not done again.
            if checkpoint and latest:
                checkpoint.save(latest[0])


def digest(rows: Rows) -> dict[str, Any]:
    """What tells these data from others: shape and a checksum of all rows."""
    checksum = 0
    for chunk in rows.chunks():
        checksum = zlib.crc32(np.ascontiguousarray(chunk).data, checksum)
    return {"shape": [len(rows), rows.n_columns], "checksum": checksum}
