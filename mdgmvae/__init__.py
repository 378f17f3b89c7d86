"""States and free-energy landscapes from molecular-dynamics trajectories.

``import mdgmvae`` is cheap: TensorFlow, MDAnalysis, matplotlib and nglview are imported
when something that needs them is first used (PEP 562).

Examples
--------
>>> import mdgmvae
>>> mdgmvae.__version__.count(".")
2
"""

from ._lazy import lazy_names
from ._version import __version__

_NAMES = {
    "GMVAE": ".model.gmvae",
    "GMVAEAnalysis": ".analysis",
    "annotate": ".annotation.attach",
    "explore": ".viewer.explorer",
    "FeatureSet": ".storage.features",
    "featurize": ".trajectory.streaming",
    "frames_from": ".trajectory.start_time",
}
_PACKAGES = (
    *("annotation", "comparison", "data", "errors", "featurizers", "kinetics", "landscape"),
    *("plot", "presets", "states", "storage", "viewer"),
)

__all__ = [*_NAMES, "__version__"]
__getattr__, __dir__ = lazy_names(__name__, {**_NAMES, **dict.fromkeys(_PACKAGES, "")})
