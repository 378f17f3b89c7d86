"""Functions that compute the kinetics of states from labels.

Times are in ps if ``dt`` (the time between frames) is given, and in frames otherwise. Errors
are 95 % credible intervals from the posterior of reversible Markov models.
"""

from .._lazy import lazy_names

_NAMES = {
    "Agreement": ".agreement_of_runs",
    "compare_runs": ".agreement_of_runs",
    "match": ".agreement_of_runs",
    "pairwise_agreement": ".agreement_of_runs",
    "AssignmentQuality": ".certainty",
    "assignment_quality": ".certainty",
    "Visits": ".dwell_times",
    "visits": ".dwell_times",
    "Transitions": ".exchange",
    "transitions": ".exchange",
    "Lumping": ".lumping",
    "lump": ".lumping",
    "ChapmanKolmogorov": ".markov_test",
    "chapman_kolmogorov": ".markov_test",
    "Estimate": ".posterior",
    "Lifetimes": ".rates",
    "lifetimes": ".rates",
    "mean_first_passage_times": ".rates",
    "stationary_populations": ".rates",
    "DetailedBalance": ".reversibility",
    "detailed_balance": ".reversibility",
    "ImpliedTimescales": ".timescales",
    "default_lags": ".timescales",
    "implied_timescales": ".timescales",
    "CrossValidatedScore": ".vamp",
    "vamp2": ".vamp",
    "vamp2_cross_validated": ".vamp",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
