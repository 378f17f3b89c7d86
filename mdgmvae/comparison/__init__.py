"""Compare methods that find states; choose features, lag time and number of components."""

from .._lazy import lazy_names

_NAMES = {
    "compare": ".baselines",
    "held_out_score": ".baselines",
    "select_k": ".scan_of_k",
    "Selection": ".scan_of_k",
    "select_features": ".feature_sets",
    "FeatureSelection": ".feature_sets",
    "propose_lag": ".lag_proposal",
    "ProposedLag": ".lag_proposal",
    "Comparison": ".method_comparison",
    "MethodResult": ".method_comparison",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
