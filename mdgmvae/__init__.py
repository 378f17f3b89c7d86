"""States and free-energy landscapes from molecular-dynamics trajectories.

``import mdgmvae`` is cheap: TensorFlow, MDAnalysis, matplotlib and nglview are imported
when something that needs them is first used (PEP 562).

Examples
--------
>>> import mdgmvae
>>> mdgmvae.__version__.count(".")
2
"""

from importlib import import_module
from typing import Any

from ._version import __version__

_PUBLIC = {
    "GMVAE": "model",
    "GMVAEAnalysis": "analysis",
    "annotate": "annotation",
    "FeatureSet": "storage",
    "featurize": "featurizers",
}
_SUBMODULES = (
    *("agreement", "annotation", "baselines", "comparison_plots", "data", "description"),
    *("description_plots", "errors", "featurizers", "judgement", "kinetic_plots", "kinetics"),
    *("landscape", "lumping", "number_of_states", "plot", "presets", "viewer"),
)

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    if name in _SUBMODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC, *_SUBMODULES])
