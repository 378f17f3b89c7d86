"""The hyperparameters: their meaning, their allowed values and the presets.

The constructor of `GMVAE`, the checks, the command line, the saved model and the documentation
all follow from `Hyperparameters`. This module imports nothing heavy.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from .checks import check_number, is_bool
from .errors import InputError


@dataclass(frozen=True)
class Rule:
    """Meaning and allowed values of a hyperparameter.

    Parameters
    ----------
    kind : {"int", "float", "dims", "choice", "bool"}
        "dims" is the widths of the hidden layers of a network, one or more.
    help : str
        Meaning, for the command line and the documentation.
    low, high : float
        Smallest and largest allowed number.
    optional : bool
        Whether None is allowed.
    choices : tuple of str or None
        Allowed values of a "choice".
    """

    kind: str
    help: str
    low: float = -math.inf
    high: float = math.inf
    optional: bool = False
    choices: tuple[str | None, ...] = ()


def _checked(name: str, rule: Rule, value: Any) -> Any:
    if value is None and (rule.optional or None in rule.choices):
        return None
    if rule.kind == "choice":
        if value not in rule.choices:
            raise InputError(f"{name}={value!r}: choose one of {', '.join(map(str, rule.choices))}")
        return value
    if rule.kind == "bool":
        if not is_bool(value):
            raise InputError(f"{name}={value!r}: must be True or False")
        return bool(value)
    if rule.kind == "dims":
        return _checked_dims(name, rule, value)
    return check_number(name, value, whole=rule.kind == "int", low=rule.low, high=rule.high)


def _checked_dims(name: str, rule: Rule, value: Any) -> tuple[int, ...]:
    if not isinstance(value, str):
        widths = list(value) if hasattr(value, "__iter__") else [value]
        if widths:
            return tuple(
                int(check_number(name, width, whole=True, low=rule.low, high=rule.high))
                for width in widths
            )
    raise InputError(f"{name}={value!r}: pass the width of each hidden layer, such as (64, 32)")


def _field(
    default: Any,
    kind: str,
    meaning: str,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    optional: bool = False,
    choices: tuple[str | None, ...] = (),
) -> Any:
    rule = Rule(kind, meaning, low, high, optional, choices)
    return field(default=default, metadata={"rule": rule})


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """A checked set of hyperparameters. The defaults are those of the paper.

    The parameters are documented in `GMVAE`.

    Raises
    ------
    InputError
        If a value is not allowed. The message names the hyperparameter and its allowed values.

    Examples
    --------
    >>> Hyperparameters(k=3, qy_dims=64).qy_dims
    (64,)
    """

    k: int = _field(5, "int", "number of components; 1 is a plain VAE", 1, 10_000)
    n_x: int | None = _field(
        None, "int", "number of features; by default that of the data", 1, optional=True
    )
    n_z: int = _field(1, "int", "number of latent dimensions", 1, 10_000)
    n_epochs: int = _field(50, "int", "number of epochs", 1)
    qy_dims: tuple[int, ...] = _field(
        (32,), "dims", "widths of the hidden layers of q(y|x)", 1, 100_000
    )
    qz_dims: tuple[int, ...] = _field(
        (16,), "dims", "widths of the hidden layers of q(z|x,y)", 1, 100_000
    )
    pz_dims: tuple[int, ...] = _field(
        (16,), "dims", "widths of the hidden layers of p(z|y)", 1, 100_000
    )
    px_dims: tuple[int, ...] = _field(
        (128,), "dims", "widths of the hidden layers of p(x|z)", 1, 100_000
    )
    r_nent: float = _field(0.05, "float", "weight of the negative entropy of q(y|x)", 0)
    batch_size: int = _field(517, "int", "number of frames in a batch", 1)
    lr: float = _field(1e-4, "float", "learning rate of Adam", 1e-12)
    scale: str | None = _field(
        None, "choice", "scaling of the features", choices=(None, "standard", "tica")
    )
    tica_dim: int | None = _field(
        None,
        "int",
        "number of slowest independent components that scale='tica' keeps; by default those that "
        "carry 95 % of the kinetic variance",
        1,
        optional=True,
    )
    r_nent_start: float | None = _field(
        None, "float", "weight of the negative entropy at the start of annealing", 0, optional=True
    )
    anneal: float = _field(0.7, "float", "share of the epochs in which r_nent is annealed", 0, 1)
    lr_schedule: str = _field(
        "constant",
        "choice",
        "how the learning rate changes over the epochs",
        choices=("constant", "cosine"),
    )
    validation_fraction: float = _field(
        0.0, "float", "share of the frames held out for validation", 0, 0.9
    )
    patience: int | None = _field(
        None,
        "int",
        "number of epochs without a lower validation loss after which training stops",
        1,
        optional=True,
    )
    n_init: int = _field(1, "int", "number of restarts; the one with the lowest loss is kept", 1)
    init: str = _field(
        "random",
        "choice",
        "initialise at random, or from clusters of frames that exchange slowly",
        choices=("random", "kmeans"),
    )
    refit: bool = _field(
        False, "bool", "train again on all frames, for the number of epochs that was best"
    )
    vamp_weight: float = _field(
        0.0, "float", "weight of the kinetic term; 0 is the paper's model", 0
    )
    lag: int | None = _field(None, "int", "lag time in frames", 1, optional=True)
    decoder_target: str = _field(
        "same",
        "choice",
        "frame that is decoded: the same one, or the one a lag time later",
        choices=("same", "lagged"),
    )
    kl: str = _field(
        "sampled",
        "choice",
        "latent term, evaluated at a sampled z or in closed form",
        choices=("sampled", "analytic"),
    )
    px_floor: float = _field(1e-5, "float", "smallest variance of p(x|z), in scaled units", 1e-12)
    n_decoded: int | None = _field(
        None,
        "int",
        "number of most probable components decoded for each frame; by default all",
        1,
        optional=True,
    )
    precision: str = _field(
        "float32",
        "choice",
        "precision of large matrix products in training",
        choices=("float32", "bfloat16"),
    )
    n_macrostates: int | None = _field(
        None,
        "int",
        "number of states; by default found from slow processes and the barriers between states",
        1,
        optional=True,
    )
    relu_logits: bool = _field(
        False,
        "bool",
        "apply ReLU to the logits, as in models trained with the paper's code",
    )

    def __post_init__(self) -> None:
        """Check each value and convert it to its plain type."""
        for name, rule in RULES.items():
            object.__setattr__(self, name, _checked(name, rule, getattr(self, name)))

    @classmethod
    def of(cls, preset: str = "paper", **given: Any) -> Hyperparameters:
        """Return the values of a preset, with some of them replaced.

        Parameters
        ----------
        preset : {"paper", "robust"}
        **given
            Values that replace those of the preset.

        Returns
        -------
        Hyperparameters

        Raises
        ------
        InputError
            If the preset or a name is unknown, or a value is not allowed.

        Examples
        --------
        >>> Hyperparameters.of("robust", k=3).scale
        'tica'
        """
        if preset not in [*PRESETS]:
            raise InputError(f"preset={preset!r}: choose one of {', '.join(PRESETS)}")
        check_names(given)
        return replace(PRESETS[preset], **given)

    def to_dict(self) -> dict[str, Any]:
        """Return the values by name, as keyword arguments of `GMVAE`.

        Returns
        -------
        dict
        """
        return dataclasses.asdict(self)

    def check_data(self, n_frames: int, n_columns: int) -> None:
        """Check the hyperparameters against each other and against the size of the data.

        Parameters
        ----------
        n_frames, n_columns : int
            Number of frames and of feature columns.

        Raises
        ------
        InputError
            If they contradict each other or the data. The message names the hyperparameter.
        """
        if n_frames < self.k:
            raise InputError(
                f"k={self.k}: more components than frames (n_samples={n_frames}); lower k"
            )
        if self.n_macrostates is not None and self.n_macrostates > self.k:
            raise InputError(
                f"n_macrostates={self.n_macrostates}: there cannot be more states than components "
                f"(k={self.k}); raise k or lower n_macrostates"
            )
        needs_lag = [
            *([f"vamp_weight={self.vamp_weight!r}"] if self.vamp_weight > 0 else []),
            *(["decoder_target='lagged'"] if self.decoder_target == "lagged" else []),
            *(["scale='tica'"] if self.scale == "tica" else []),
            *([f"n_macrostates={self.n_macrostates}"] if self.n_macrostates else []),
        ]
        if needs_lag and self.lag is None:
            raise InputError(
                f"lag: {' and '.join(needs_lag)} need{'s' if len(needs_lag) == 1 else ''} pairs of "
                "frames one lag apart; set the lag in frames (or lag_time in ps, for a "
                "trajectory)"
            )
        if self.relu_logits and self.init != "random":
            raise InputError(
                f"init={self.init!r}: relu_logits is for models of the paper's code, which start "
                "at random; leave relu_logits out or set init='random'"
            )
        if self.n_x not in (None, n_columns):
            raise InputError(f"n_x={self.n_x}: the data have {n_columns} columns; leave n_x out")


#: Meaning and allowed values of each hyperparameter, by name.
RULES: Mapping[str, Rule] = {f.name: f.metadata["rule"] for f in fields(Hyperparameters)}

#: The settings of the paper's code, without any extension.
PAPER = Hyperparameters()

#: Adds a kinetic term, slow coordinates as inputs, clusters to start from, and a number of epochs
#: chosen on held-out frames. There are more components than states, which are joined by their
#: kinetics. benchmarks/ablation.py measures what these contribute.
ROBUST = Hyperparameters(
    k=10,
    n_z=2,
    n_epochs=30,
    lr=2e-3,
    scale="tica",
    r_nent_start=1.0,
    anneal=0.5,
    lr_schedule="cosine",
    validation_fraction=0.1,
    patience=8,
    init="kmeans",
    vamp_weight=1.5,
    lag=5,
    kl="analytic",
    px_floor=1e-3,
)

PRESETS: Mapping[str, Hyperparameters] = {"paper": PAPER, "robust": ROBUST}

#: What other programs call some parameters, without underscores.
_ELSEWHERE = {
    "learningrate": "lr",
    "ncomponents": "k",
    "nclusters": "k",
    "nstates": "n_macrostates",
    "latentdim": "n_z",
    "randomstate": "seed",
    "selection": "select",
}


def check_values(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check some hyperparameters and convert them to plain types.

    Parameters
    ----------
    given : mapping of str to object
        Values by name.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If a value is not allowed. The message names the hyperparameter and its allowed values.

    Examples
    --------
    >>> check_values({"k": 3, "qy_dims": 64})
    {'k': 3, 'qy_dims': (64,)}
    """
    return {name: _checked(name, RULES[name], value) for name, value in given.items()}


def check_names(names: Iterable[str], others: Iterable[str] = ()) -> None:
    """Check that all names are names of hyperparameters.

    Parameters
    ----------
    names : iterable of str
    others : iterable of str
        Names of other arguments, which may have been meant.

    Raises
    ------
    InputError
        If a name is unknown. The message suggests a similar one.
    """
    for name in names:
        if name not in RULES:
            close = _similar(name, [*others, *RULES])
            hint = f"did you mean {close}?" if close else f"choose one of {', '.join(RULES)}"
            raise InputError(f"{name}: no such hyperparameter; {hint}")


def _similar(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that is meant, or None. Underscores and capitals do not matter."""
    bare = name.replace("_", "").lower()
    names = {other.replace("_", "").lower(): other for other in known}
    names |= {other: right for other, right in _ELSEWHERE.items() if right in known}
    close = difflib.get_close_matches(bare, names, n=1)
    return names[close[0]] if close else None
