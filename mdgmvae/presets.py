"""The hyperparameters: what each one is and may be, and the named sets of them.

One table serves the constructor's checks, the command line and the documentation. Nothing
heavy is imported here.
"""

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .checks import check_number, is_bool
from .errors import InputError


@dataclass(frozen=True)
class Hyperparameter:
    """Kind ("int", "float", "dims", "choice", "bool"), bounds and meaning of a hyperparameter."""

    kind: str
    help: str
    low: float = -math.inf
    high: float = math.inf
    optional: bool = False
    choices: tuple[str | None, ...] = ()


HYPERPARAMETERS: dict[str, Hyperparameter] = {
    "k": Hyperparameter("int", "mixture components; 1 is a plain VAE", 1, 10_000),
    "n_x": Hyperparameter(
        "int", "observable dimensions; by default those of the data", 1, optional=True
    ),
    "n_z": Hyperparameter("int", "latent dimensions", 1, 10_000),
    "n_epochs": Hyperparameter("int", "epochs", 1),
    "qy_dims": Hyperparameter("dims", "widths of the hidden layers of q(y|x)", 1, 100_000),
    "qz_dims": Hyperparameter("dims", "widths of the hidden layers of q(z|x,y)", 1, 100_000),
    "pz_dims": Hyperparameter("dims", "widths of the hidden layers of p(z|y)", 1, 100_000),
    "px_dims": Hyperparameter("dims", "widths of the hidden layers of p(x|z)", 1, 100_000),
    "r_nent": Hyperparameter("float", "weight of the negative entropy of q(y|x)", 0),
    "batch_size": Hyperparameter("int", "frames in a batch", 1),
    "lr": Hyperparameter("float", "learning rate of Adam", 1e-12),
    "scale": Hyperparameter("choice", "how inputs are scaled", choices=(None, "standard", "tica")),
    "tica_dim": Hyperparameter(
        "int", "components of scale='tica'; by default all", 1, optional=True
    ),
    "r_nent_start": Hyperparameter(
        "float", "weight of the negative entropy at the start of annealing", 0, optional=True
    ),
    "anneal": Hyperparameter("float", "share of the epochs that anneal r_nent", 0, 1),
    "lr_schedule": Hyperparameter(
        "choice", "course of the learning rate", choices=("constant", "cosine")
    ),
    "validation_fraction": Hyperparameter("float", "share of frames held out", 0, 0.9),
    "patience": Hyperparameter(
        "int", "epochs without a better validation loss before training stops", 1, optional=True
    ),
    "n_init": Hyperparameter("int", "restarts; the one with the lowest loss is kept", 1),
    "init": Hyperparameter(
        "choice",
        "start at random or from k-means of slow coordinates",
        choices=("random", "kmeans"),
    ),
    "refit": Hyperparameter(
        "bool", "train again on all frames, as long as was best with some held out"
    ),
    "vamp_weight": Hyperparameter("float", "weight of the kinetic term; 0 is the paper", 0),
    "lag": Hyperparameter("int", "rows between the frames of a pair", 1, optional=True),
    "decoder_target": Hyperparameter(
        "choice", "decode the same frame or the one a lag later", choices=("same", "lagged")
    ),
    "kl": Hyperparameter(
        "choice", "latent term at the z drawn or in closed form", choices=("sampled", "analytic")
    ),
    "px_floor": Hyperparameter("float", "floor of the variance of p(x|z), in scaled units", 1e-12),
    "n_decoded": Hyperparameter(
        "int", "most probable components that a step decodes; by default all", 1, optional=True
    ),
    "precision": Hyperparameter(
        "choice", "of the wide matrix products in training", choices=("float32", "bfloat16")
    ),
    "n_macrostates": Hyperparameter(
        "int", "metastable states; by default as many as are slower than the lag", 1, optional=True
    ),
    "relu_logits": Hyperparameter("bool", "ReLU on the logits, for models of the paper's code"),
}

#: The values of the paper's code, and nothing that it does not do.
PAPER: Mapping[str, Any] = {
    "k": 5,
    "n_x": None,
    "n_z": 1,
    "n_epochs": 50,
    "qy_dims": (32,),
    "qz_dims": (16,),
    "pz_dims": (16,),
    "px_dims": (128,),
    "r_nent": 0.05,
    "batch_size": 517,
    "lr": 1e-4,
    "scale": None,
    "tica_dim": None,
    "r_nent_start": None,
    "anneal": 0.7,
    "lr_schedule": "constant",
    "validation_fraction": 0.0,
    "patience": None,
    "n_init": 1,
    "init": "random",
    "refit": False,
    "vamp_weight": 0.0,
    "lag": None,
    "decoder_target": "same",
    "kl": "sampled",
    "px_floor": 1e-5,
    "n_decoded": None,
    "precision": "float32",
    "n_macrostates": None,
    "relu_logits": False,
}

#: Kinetics in the training, slow coordinates as inputs, a start from k-means, and as many epochs
#: as frames that are held out ask for; measured part by part in benchmarks/ablation.py.
ROBUST: Mapping[str, Any] = {
    **PAPER,
    "n_z": 2,
    "n_epochs": 30,
    "lr": 2e-3,
    "scale": "tica",
    "tica_dim": 10,
    "r_nent_start": 1.0,
    "anneal": 0.5,
    "lr_schedule": "cosine",
    "validation_fraction": 0.1,
    "patience": 8,
    "n_init": 1,
    "init": "kmeans",
    "refit": True,
    "vamp_weight": 1.5,
    "lag": 5,
    "kl": "analytic",
    "px_floor": 1e-3,
}

PRESETS: Mapping[str, Mapping[str, Any]] = {"paper": PAPER, "robust": ROBUST}


def preset(name: str) -> dict[str, Any]:
    """The hyperparameters of a preset.

    Parameters
    ----------
    name : {"paper", "robust"}

    Raises
    ------
    InputError
        For another name.

    Examples
    --------
    >>> preset("paper")["batch_size"]
    517
    """
    if name not in PRESETS:
        raise InputError(f"preset={name!r}: choose one of {', '.join(PRESETS)}")
    return dict(PRESETS[name])


def check(values: Mapping[str, Any]) -> dict[str, Any]:
    """The hyperparameters in their plain types, each checked on its own.

    Raises
    ------
    InputError
        Naming the hyperparameter, its value and what it may be.

    Examples
    --------
    >>> check({"k": 3, "qy_dims": 64})
    {'k': 3, 'qy_dims': (64,)}
    """
    return {name: _check_one(name, HYPERPARAMETERS[name], value) for name, value in values.items()}


def _check_one(name: str, what: Hyperparameter, value: Any) -> Any:
    if value is None and (what.optional or None in what.choices):
        return None
    if what.kind == "choice":
        if value not in what.choices:
            raise InputError(f"{name}={value!r}: choose one of {', '.join(map(str, what.choices))}")
        return value
    if what.kind == "bool":
        if not is_bool(value):
            raise InputError(f"{name}={value!r}: must be True or False")
        return bool(value)
    if what.kind == "dims":
        return _check_dims(name, what, value)
    return check_number(name, value, whole=what.kind == "int", low=what.low, high=what.high)


def _check_dims(name: str, what: Hyperparameter, value: Any) -> tuple[int, ...]:
    if not isinstance(value, str):
        widths = list(value) if hasattr(value, "__iter__") else [value]
        if widths:
            return tuple(
                int(check_number(name, width, whole=True, low=what.low, high=what.high))
                for width in widths
            )
    raise InputError(f"{name}={value!r}: give the width of each hidden layer, such as (64, 32)")


def check_names(hyperparameters: Iterable[str]) -> None:
    """Raise `InputError` where one of the names is no hyperparameter, with one that is near."""
    known = HYPERPARAMETERS
    for name in hyperparameters:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise InputError(f"{name}: no such hyperparameter; {hint}")
