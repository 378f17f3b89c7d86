"""The training loop: restarts, epochs, annealing, validation, early stopping, refit.

`train` is the method from beginning to end. An epoch is a pass over all frames in a new random
order, with one step of Adam (Kingma & Ba 2015) for each batch. All restarts use the same batches.
The order and the noise depend only on the seed, the restart and the epoch, so that a resumed
training ends with the same weights as one that was never interrupted.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..network.architecture import Architecture, kinetic_weight
from ..network.devices import computes_bfloat16
from ..network.objective import TERMS
from ..presets import Hyperparameters
from ..progress import progress_bar
from ..tables import counted
from .checkpoint import Checkpoint
from .dataset import Dataset
from .distribution import Devices
from .held_out import Split, hold_out
from .lagged_pairs import LaggedPairs
from .preparation import Preparation, generator, prepare
from .restarts import Restarts
from .schedules import anneal_epochs, entropy_weight, learning_rate
from .state import Restart, RestartResult, State, TrainingResult
from .training_set import TrainingSet
from .validation import Validator

#: Share of the epochs after which the kinetic term also scores the states.
SCORE_STATES_AFTER = 0.5
#: Smallest number of pairs, in lags, from which kinetics can be estimated.
FEWEST_LAGS = 10


def train(
    dataset: Dataset,
    lengths: Sequence[int],
    hyperparameters: Hyperparameters,
    seed: int,
    devices: Devices,
    *,
    checkpoint: Checkpoint | None = None,
    verbose: bool | None = None,
) -> TrainingResult:
    """Train all restarts, keep the best, and optionally train it again on all frames.

    Parameters
    ----------
    dataset : Dataset
        Features of all frames.
    lengths : sequence of int
        Number of frames in each segment.
    hyperparameters : Hyperparameters
        Hyperparameters that passed `Hyperparameters.check_data`.
    seed : int
        Seed of all random numbers.
    devices : OneDevice or Replicas
        The devices to train on.
    checkpoint : Checkpoint, optional
        Checkpoint to which the state is saved and from which training resumes.
    verbose : bool, optional
        Whether to show a progress bar (see `progress_bar`).

    Returns
    -------
    TrainingResult

    Raises
    ------
    InputError
        If no frames are one lag apart, or the checkpoint cannot be used.

    Warns
    -----
    UserWarning
        Before the training, if the data have a problem, such as too few frames.
    """
    given, n_frames = hyperparameters, len(dataset)
    if given.lag is not None:
        _warn(_check_n_pairs(LaggedPairs.within(lengths, given.lag)))
    rng = np.random.default_rng(seed)
    split = hold_out(n_frames, given.validation_fraction, lengths, rng, given.lag or 0)
    _warn([*_check_held_out(split, given), *_check_precision(given.precision, devices)])

    preparation = prepare(dataset, lengths, split, given, seed, range(given.n_init))
    _warn(preparation.problems)
    context = _Context.of(dataset, lengths, given, seed, devices, preparation)
    restarts = _train_restarts(context, preparation.initial, given.n_epochs, checkpoint, verbose)
    kept = best(restarts)

    validation_history: dict[str, list[float]] = {}
    if given.refit and split.held_out.any() and not kept.diverged:
        # A state that was visited only once may be among the held-out frames.
        validation_history = kept.history
        everything = Split.train_on_all(n_frames)
        earlier = preparation.problems
        preparation = prepare(dataset, lengths, everything, given, seed, [kept.restart])
        _warn([problem for problem in preparation.problems if problem not in earlier])
        context = _Context.of(dataset, lengths, given, seed, devices, preparation)
        refit = checkpoint.refit() if checkpoint else None
        (kept,) = _train_restarts(context, preparation.initial, kept.epochs, refit, verbose)
    return TrainingResult(
        kept=kept,
        architecture=preparation.architecture,
        scaling=preparation.scaling,
        validation_history=validation_history,
    )


@dataclass(frozen=True, eq=False)
class _Context:
    """All that stays the same from epoch to epoch."""

    hyperparameters: Hyperparameters
    seed: int
    devices: Devices
    architecture: Architecture
    training_set: TrainingSet
    validator: Validator

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        lengths: Sequence[int],
        hyperparameters: Hyperparameters,
        seed: int,
        devices: Devices,
        preparation: Preparation,
    ) -> _Context:
        architecture = preparation.architecture
        training_set = TrainingSet.of(
            dataset, lengths, preparation.split, preparation.scaling, architecture, hyperparameters
        )
        validator = Validator(training_set, architecture, hyperparameters, seed, devices.device)
        return cls(hyperparameters, seed, devices, architecture, training_set, validator)


def _train_restarts(
    context: _Context,
    initial: np.ndarray,
    n_epochs: int,
    checkpoint: Checkpoint | None,
    verbose: bool | None,
) -> list[RestartResult]:
    """Train restarts from their initial weights or a checkpoint, all on the same batches."""
    given = context.hyperparameters
    state = _load_state(
        checkpoint, context.devices, (len(initial), initial.shape[1])
    ) or State.start(initial)
    restarts = Restarts.of(
        context.architecture, given, context.devices, context.training_set, state
    )
    with _recording(n_epochs, checkpoint, verbose) as record:
        while state.epoch < n_epochs and (active := _active(state, given)):
            state = _train_epoch(context, restarts, state, active)
            record(state)
    weight = kinetic_weight(given.vamp_weight, context.architecture.n_x)
    return [state.result(number, weight) for number in range(len(state.restarts))]


def _train_epoch(context: _Context, restarts: Restarts, state: State, active: list[int]) -> State:
    """Train the active restarts for one epoch, and return the new state."""
    given, data = context.hyperparameters, context.training_set
    lr, r_nent = learning_rate(given, state.epoch), entropy_weight(given, state.epoch)
    generators = [generator(context.seed, n, state.epoch) for n in range(len(state.restarts))]
    # Each restart has its own noise, but all share the order of the frames.
    seeds = [int(rng.integers(0, 2**31 - 1, dtype=np.int32)) for rng in generators]
    groups = {n: _groups(context, state, n) for n in active}
    restarts.start_epoch(lr, r_nent, seeds, groups)
    for block in data.epoch(
        generators[0], numbers_only=restarts.takes_numbers, n_blocks=restarts.n_blocks
    ):
        restarts.run(block)

    after = copy.deepcopy(state)
    after.epoch, after.step = state.epoch + 1, restarts.step
    for n, ((weights, *moments), terms) in restarts.results().items():
        restart = after.restarts[n]
        # The loss of a step is computed before the weights change, so it cannot show that the last
        # step diverged.
        is_finite = context.devices.agree(float(context.validator.has_finite_loss(weights))) == 1.0
        if not math.isfinite(terms["loss"]) or not is_finite:
            restart.diverged = True
            continue
        after.weights[n] = weights
        after.first_moment[n], after.second_moment[n] = moments
        values = {"epoch": after.epoch, **{t: terms[t] for t in TERMS}, "r_nent": r_nent, "lr": lr}
        if context.architecture.k > 1:
            values["changed"] = context.validator.changed(state.weights[n], weights, groups[n])
        _record(restart, values)
        _validate(context, restart, weights, after.epoch)
    return after


def _validate(context: _Context, restart: Restart, weights: np.ndarray, epoch: int) -> None:
    """Validate the weights, and keep them if they are the best since annealing ended."""
    found = context.validator.validate(weights)
    _record(restart, found.values)
    if found.loss is None or epoch < anneal_epochs(context.hyperparameters):
        return
    loss = context.devices.agree(found.loss)
    if loss < restart.best_loss:
        restart.best_loss, restart.best_weights = loss, weights.copy()
        restart.best_epoch, restart.stale_epochs = epoch, 0
    else:
        restart.stale_epochs += 1


def _active(state: State, hyperparameters: Hyperparameters) -> list[int]:
    """Return the numbers of the restarts that have neither diverged nor stopped early."""
    patience = math.inf if hyperparameters.patience is None else hyperparameters.patience
    return [
        n
        for n, restart in enumerate(state.restarts)
        if not restart.diverged and restart.stale_epochs < patience
    ]


def best(restarts: Sequence[RestartResult]) -> RestartResult:
    """Return the restart with the lowest loss; one that diverged only if all did."""
    return min(restarts, key=lambda result: (result.diverged, result.loss))


def _groups(context: _Context, state: State, number: int) -> np.ndarray | None:
    """Return the states of the components as a matrix, or None while they are not scored."""
    given = context.hyperparameters
    if given.vamp_weight == 0 or state.epoch < SCORE_STATES_AFTER * given.n_epochs:
        return None
    return context.validator.groups(state.weights[number])


def _record(restart: Restart, values: dict[str, float]) -> None:
    """Append the values of an epoch to the history of a restart."""
    for name, value in values.items():
        restart.history.setdefault(name, []).append(value)


def _load_state(
    checkpoint: Checkpoint | None, devices: Devices, shape: tuple[int, int]
) -> State | None:
    """Return the state stored in the checkpoint, or None if there is none."""
    if checkpoint is None:
        return None
    state = checkpoint.load(shape)
    reached = 0 if state is None else state.epoch
    differs = devices.agree(float(reached)) != reached
    try:
        # The second exchange keeps all processes until each of them knows the result of the first.
        differs = devices.agree(float(differs)) > 0.0
    except InputError:
        if not differs:
            raise
    if differs:
        raise InputError(
            f"{checkpoint.path}: not all processes of this training see this checkpoint; put "
            "it on a file system that all of them share"
        )
    return state


@contextmanager
def _recording(
    n_epochs: int, checkpoint: Checkpoint | None, verbose: bool | None
) -> Iterator[Callable[[State], None]]:
    """Yield a function to call after each epoch, which shows progress and saves checkpoints."""
    latest: State | None = None
    with progress_bar(n_epochs, "training", "epochs", verbose=verbose) as progress:

        def record(state: State) -> None:
            nonlocal latest
            latest = state
            progress.update(state.epoch - progress.n)
            losses = [r.history["loss"][-1] for r in state.restarts if r.history]
            progress.set_postfix_str(f"loss {min(losses, default=np.nan):.3f}", refresh=False)
            if checkpoint:
                checkpoint.save_if_due(state)

        try:
            yield record
        finally:
            # So nothing is lost after an interrupt, and a finished training is not repeated.
            if checkpoint and latest:
                checkpoint.save(latest)


def _warn(problems: Sequence[str]) -> None:
    for problem in dict.fromkeys(problems):
        # This function, train, GMVAE._train and GMVAE.fit lie between here and the user's code.
        warnings.warn(problem, UserWarning, stacklevel=5)


def _check_n_pairs(pairs: LaggedPairs) -> list[str]:
    """Return a warning if there are too few pairs of frames to estimate kinetics."""
    if pairs.n_pairs >= FEWEST_LAGS * pairs.lag:
        return []
    return [
        f"lag={pairs.lag} (in frames): {counted(len(pairs.has_partner), 'frame')} give only "
        f"{counted(pairs.n_pairs, 'pair')} at this lag, too few to distinguish states. Shorten the "
        "lag time"
    ]


def _check_held_out(split: Split, hyperparameters: Hyperparameters) -> list[str]:
    """Return a warning if the data are too short to hold out frames as requested."""
    fraction = hyperparameters.validation_fraction
    if fraction == 0 or split.held_out.any():
        return []
    return [
        f"validation_fraction={fraction:g}: {len(split.train):,} frames are too few to hold out "
        f"blocks of time at a lag of {counted(hyperparameters.lag or 0, 'frame')}; all of them are "
        "used for training, which does not stop early. Shorten the lag, or set "
        "validation_fraction=0"
    ]


def _check_precision(precision: str, devices: Devices) -> list[str]:
    """Return a warning if the device has to emulate the precision."""
    if precision != "bfloat16" or computes_bfloat16(devices.device):
        return []
    return [
        f"precision='bfloat16': {devices} has no instructions for it and converts each factor, "
        "which saves no time; leave precision out, or train on a GPU that has them"
    ]
