"""What model.json has to contain (see `json_files`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._version import __version__
from ..errors import InputError
from ..json_files import (
    LARGEST,
    Kind,
    Unfit,
    anything,
    choice,
    flag,
    listed,
    mapping,
    number,
    optional,
    record,
    text,
    whole,
)
from ..presets import PRESETS, RULES, check_values

FORMAT = "mdgmvae-model"
FORMAT_VERSION = 4


def model_kind(value: Any) -> dict[str, Any]:
    """Return the content of model.json, checked.

    Raises
    ------
    Unfit
        If it is not the description of a model, or of another format.
    """
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise Unfit("not a model of mdgmvae")
    version = value.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        raise Unfit(
            f"format {str(version)[:20]}, but mdgmvae {__version__} reads format "
            f"{FORMAT_VERSION}; install the version of mdgmvae that wrote the model"
        )
    content: dict[str, Any] = _MODEL(value)
    k, fitted = content["architecture"]["k"], content["fitted"]
    order, states = content["architecture"]["order"], fitted["state_of_component"]
    if sorted(order) not in ([], list(range(k))):
        raise Unfit("architecture: order must contain each component once")
    if len(states) != k or len(fitted["populations"]) != k or max(states) >= k:
        raise Unfit(f"fitted: there must be {k:,} components")
    if any(len(values) != len(fitted["history"]["epoch"]) for values in _columns(fitted)):
        raise Unfit("fitted: the terms of the history differ in length")
    return content


def _columns(fitted: Mapping[str, Any]) -> list[list[float]]:
    return list(fitted["history"].values()) if "epoch" in fitted["history"] else []


def _params(value: Any) -> dict[str, Any]:
    """Return parameters of the constructor of `GMVAE`."""
    given: dict[str, Any] = mapping(anything)(value)
    unknown = sorted(set(given) - {*RULES, "seed"})
    if unknown:
        raise Unfit(f"unknown parameters {', '.join(unknown)[:80]}")
    seed = optional(whole(0))(given.pop("seed", None))
    try:
        check_values(given)
    except InputError as error:
        raise Unfit(str(error)) from error
    plain = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    return {**plain, **({"seed": seed} if "seed" in value else {})}


def _fingerprint(value: Any) -> dict[str, Any]:
    """Return the fingerprint of the atoms as plain values."""
    from ..featurizers.topology.fingerprint import Fingerprint

    try:
        Fingerprint.from_dict(value)
    except InputError as error:
        raise Unfit(str(error)) from error
    found: dict[str, Any] = value
    return found


def _featurizer(value: Any) -> dict[str, Any]:
    """Return a featurizer as plain values."""
    found: dict[str, Any] = mapping(lambda option: option)(anything(value))
    return found


def _widths(value: Any) -> tuple[int, ...]:
    """Return the widths of the hidden layers of a network."""
    return tuple(listed(whole(1, 100_000))(value))


def _order(value: Any) -> tuple[int, ...]:
    """Return the order of the components."""
    return tuple(listed(whole(0))(value))


_HISTORY: Kind = mapping(listed(number()))
_MODEL: Kind = record(
    {
        "versions": mapping(text),
        "params": _params,
        "architecture": record(
            {
                "k": whole(1, 10_000),
                "n_x": whole(1, LARGEST),
                "n_z": whole(1, 10_000),
                "qy_dims": _widths,
                "qz_dims": _widths,
                "pz_dims": _widths,
                "px_dims": _widths,
                "relu_logits": flag,
                "px_floor": number(0),
                "order": _order,
            }
        ),
        "fitted": record(
            {
                "seed": whole(0),
                "device": text,
                "populations": listed(optional(number(0, 1))),
                "state_of_component": listed(whole(-1)),
                "score_threshold": optional(number()),
                "history": _HISTORY,
                "validation_history": _HISTORY,
                "feature_names_in": listed(text),
            }
        ),
        "trajectory": optional(
            record(
                {
                    "featurizer": optional(_featurizer),
                    "selection": optional(text),
                    "fingerprint": optional(_fingerprint),
                    "names": listed(text),
                    "units": listed(text),
                    "preset": choice(*PRESETS),
                }
            )
        ),
        "sha256": record({"weights.npz": text}),
    }
)
