"""Import checkpoints of the paper's own TensorFlow 1 code (needs TensorFlow).

That code names its variables ``qy/layer1/weights``, ..., ``qy/logit/weights``,
``qz/layer0/weights`` (the transform of the one-hot y), ``qz/zm/weights``, ``px/xv/biases``.
All sizes follow from their shapes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..checks import as_path
from ..errors import InputError
from ..network.architecture import Architecture
from ..network.quiet_tensorflow import tf
from ..presets import Hyperparameters

#: Bytes of the file ``checkpoint`` that are read; its first line is what matters.
_LONGEST_NOTE = 2**16
_HEADS: dict[str, dict[str, str | None]] = {
    "qy": {"logit": None},
    "qz": {"zm": "mean", "zv": "variance"},
    "pz": {"zm": "mean", "zv": "variance"},
    "px": {"xm": "mean", "xv": "variance"},
}


def read_checkpoint(prefix: str | os.PathLike[str]) -> tuple[Architecture, dict[str, np.ndarray]]:
    """Read sizes and weights from a checkpoint of the paper's code.

    Parameters
    ----------
    prefix : path-like
        Path of the checkpoint without ``.index``, such as ``model.ckpt-20``; or a folder, of
        which the latest checkpoint is read.

    Returns
    -------
    architecture : Architecture
    weights : dict of str to ndarray of float32

    Raises
    ------
    InputError
        If there is no checkpoint, or it is not one of that code.
    """
    prefix = _prefix(as_path(prefix))
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        names = [name for name in reader.get_variable_to_shape_map() if "Adam" not in name]
        tensors = {name: reader.get_tensor(name) for name in names}
    except (tf.errors.OpError, ValueError, RuntimeError, LookupError, TypeError) as error:
        raise InputError(
            f"{prefix}: cannot be read as a TensorFlow checkpoint; copy it again"
        ) from error
    return rename(tensors, str(prefix))


def rename(
    tensors: Mapping[str, np.ndarray], source: str
) -> tuple[Architecture, dict[str, np.ndarray]]:
    """Turn the variables of the paper's code into sizes and weights.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        Variables by their names in that code.
    source : str
        Name of the file, for messages.

    Returns
    -------
    architecture : Architecture
    weights : dict of str to ndarray of float32

    Raises
    ------
    InputError
        If a variable is missing or has another shape.
    """
    weights: dict[str, np.ndarray] = {}
    dims: dict[str, tuple[int, ...]] = {}
    try:
        for network, heads in _HEADS.items():
            dims[network] = _hidden_widths(tensors, network)
            for layer in range(len(dims[network])):
                _copy(tensors, f"{network}/layer{layer + 1}", weights, f"{network}/{layer}")
            for old, new in heads.items():
                _copy(
                    tensors, f"{network}/{old}", weights, f"{network}/{new or len(dims[network])}"
                )
        _copy(tensors, "qz/layer0", weights, "qz/one_hot")
        architecture = _architecture(tensors, dims)
    except KeyError as error:
        raise InputError(
            f"{source}: not a model of the paper's code (it has no variable {error.args[0]})"
        ) from error
    except (ValueError, IndexError) as error:
        raise InputError(f"{source}: not a model of the paper's code ({error})") from error
    for name, shape in architecture.shapes.items():
        if weights[name].shape != shape:
            raise InputError(
                f"{source}: not a model of the paper's code ({name} has shape "
                f"{weights[name].shape} instead of {shape})"
            )
    return architecture, weights


def _architecture(
    tensors: Mapping[str, np.ndarray], dims: Mapping[str, tuple[int, ...]]
) -> Architecture:
    """Return the sizes that follow from the shapes of the variables."""
    hyperparameters = Hyperparameters(
        k=tensors["qz/layer0/weights"].shape[0],
        n_z=tensors["pz/zm/weights"].shape[1],
        qy_dims=dims["qy"],
        qz_dims=dims["qz"],
        pz_dims=dims["pz"],
        px_dims=dims["px"],
        relu_logits=True,
    )
    return Architecture.of(hyperparameters, n_x=tensors["px/xm/weights"].shape[1])


def _prefix(path: Path) -> Path:
    if path.is_dir():
        # The file names the latest checkpoint by the path that it had where it was written.
        path /= _latest(path)
    if path.suffix in (".index", ".meta") or ".data-" in path.name:
        path = path.with_name(path.name.removesuffix(".index").removesuffix(".meta"))
        path = path.with_name(path.name.split(".data-")[0])
    if not path.with_name(path.name + ".index").is_file():
        raise InputError(f"{path}: no such checkpoint ({path.name}.index is missing)")
    return path


def _latest(folder: Path) -> str:
    """Return the name of the latest checkpoint in a folder, from the file ``checkpoint``."""
    advice = "give the prefix of a checkpoint in it (model.ckpt-N)"
    try:
        with open(folder / "checkpoint", "rb") as file:
            text = file.read(_LONGEST_NOTE).decode()
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no checkpoint in this folder; {advice}") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{folder / 'checkpoint'}: cannot be read; {advice}") from error
    found = re.search(r'^model_checkpoint_path: "([^"\n]+)"', text, re.MULTILINE)
    name = re.split(r"[/\\]", found[1])[-1] if found else ""
    if name in ("", ".", "..") or "\0" in name:
        raise InputError(f"{folder / 'checkpoint'}: names no checkpoint; {advice}")
    return name


def _hidden_widths(tensors: Mapping[str, np.ndarray], network: str) -> tuple[int, ...]:
    widths: list[int] = []
    while f"{network}/layer{len(widths) + 1}/weights" in tensors:
        widths.append(tensors[f"{network}/layer{len(widths) + 1}/weights"].shape[1])
    if not widths:
        raise KeyError(f"{network}/layer1/weights")
    return tuple(widths)


def _copy(
    tensors: Mapping[str, np.ndarray], old: str, weights: dict[str, np.ndarray], new: str
) -> None:
    for part in ("weights", "biases"):
        given = np.asarray(tensors[f"{old}/{part}"])
        if given.dtype.kind != "f" or not np.isfinite(given).all():
            raise ValueError(f"{old}/{part} contains what is not a finite number")
        weights[f"{new}/{part}"] = given.astype(np.float32)
