"""Arguments of another kind are refused by a sentence, not by an error of NumPy or matplotlib."""

from functools import cache
from types import SimpleNamespace

import matplotlib.pyplot as plt
import MDAnalysis as mda
import numpy as np
import pytest

from mdgmvae import GMVAE, annotate, comparison, kinetics, landscape, plot, states
from mdgmvae.annotation import write_h5md, write_states
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Custom, Dihedrals
from mdgmvae.states.state_features import Description

LABELS = np.repeat([0, 1, 0, 1, 0, 1], 50)
X = np.random.default_rng(0).normal(size=(300, 2)) + 5 * LABELS[:, None]
#: What a user has after run(): the object with `results`, and these with `labels`.
RESULTS = SimpleNamespace(labels=LABELS, frames=np.arange(300))
ANALYSIS = SimpleNamespace(results=RESULTS)


@cache
def u():
    return mda.Universe(*alanine_dipeptide())


@cache
def transitions():
    return kinetics.transitions(LABELS, lag=2)


@cache
def timescales():
    return kinetics.implied_timescales(LABELS, lags=[1, 2])


@cache
def markov_test():
    return kinetics.chapman_kolmogorov(LABELS, lag=2)


def described():
    ones = np.ones((2, 1))
    frames = (np.array([0]),) * 2
    return Description("states", ("x",), ("1",), np.array([150, 150]), *[ones] * 4, frames)


AX = "ax: pass matplotlib Axes, as from plt.subplots(), or leave it out; this is "
PLOTS = [
    (lambda: plot.populations(LABELS, ax=5), AX + "the number 5"),
    (lambda: plot.trace(LABELS, ax="x"), AX + "the text 'x'"),
    (lambda: plot.free_energy(X, ax=plt.figure()), AX + "a Figure"),
    (lambda: plot.ramachandran(LABELS, LABELS, LABELS, ax=[]), AX + "a list"),
    (lambda: plot.effect_sizes(described(), ax=3), AX + "the number 3"),
    (lambda: plot.transition_network(transitions(), [0.5, 0.5], ax=np.empty(2)), "an array of"),
    (lambda: plot.implied_timescales(timescales(), ax=4), AX + "the number 4"),
    (lambda: plot.chapman_kolmogorov(markov_test(), ax=4), AX + "the number 4"),
    (lambda: plot.history({"loss": [1.0]}, ax=True), AX + "True"),
    (lambda: plot.vamp2_scores([1], [1.0], [1.0], ax=5), AX + "the number 5"),
    (lambda: plot.populations(RESULTS), "its attribute labels"),
    (lambda: plot.trace(ANALYSIS), "its attribute results.labels"),
    (lambda: plot.trace(LABELS, "x"), "times: pass an array of numbers; this is the text 'x'"),
    (lambda: plot.free_energy(ANALYSIS), "latent: pass an array of numbers; this is a Simple"),
    (lambda: plot.free_energy_error(X), "pass what mdgmvae.landscape.free_energy returns; this is"),
    (lambda: plot.ramachandran("a", "b", [0]), "phi: pass an array of numbers"),
    (lambda: plot.effect_sizes(LABELS), "description: pass what GMVAEAnalysis.describe returns"),
    (lambda: plot.effect_sizes(described(), n="3"), "n='3': must be a whole number"),
    (lambda: plot.transition_network(LABELS, [1.0]), "pass what mdgmvae.kinetics.transitions"),
    (lambda: plot.transition_network(transitions(), "x"), "populations: pass an array of numbers"),
    (lambda: plot.implied_timescales(LABELS), "pass what mdgmvae.kinetics.implied_timescales"),
    (lambda: plot.implied_timescales(timescales(), lag="x"), "lag='x': must be a whole number"),
    (lambda: plot.implied_timescales(timescales(), lag=0), "lag=0: must be at least 1"),
    (lambda: plot.chapman_kolmogorov(LABELS), "pass what mdgmvae.kinetics.chapman_kolmogorov"),
    (lambda: plot.chapman_kolmogorov(markov_test(), states=5), "states=5: pass several whole"),
    (lambda: plot.vamp2_scores(5, 1, 1), "ks=5: pass several whole numbers"),
    (lambda: plot.vamp2_scores([1], ["x"], [1]), "mean: pass an array of numbers; could not"),
    (lambda: plot.vamp2_scores([1, 2], [1.0], [1.0]), "ks: 2 values, but mean of shape (1,)"),
    (lambda: plot.history(ANALYSIS), "history: pass the history of a training, such as gm.results"),
    (lambda: plot.history({"loss": ["a"]}), "loss: pass an array of numbers"),
    (lambda: plot.agreement([LABELS]), "pass what mdgmvae.kinetics.compare_runs returns"),
    (lambda: plot.methods(5), "pass what mdgmvae.comparison.compare returns"),
    (lambda: plot.feature_sets(5), "pass what mdgmvae.comparison.select_features returns"),
    (lambda: plot.number_of_components(5), "pass what mdgmvae.comparison.select_k returns"),
]
FUNCTIONS = [
    (lambda: kinetics.vamp2(LABELS, lag=1, epsilon="x"), "epsilon='x': must be a number"),
    (lambda: kinetics.implied_timescales(LABELS, lags=[1], k="x"), "k='x': must be a whole number"),
    (
        lambda: kinetics.chapman_kolmogorov(LABELS, lag=1, multiples=[]),
        "multiples=[]: pass at least",
    ),
    (
        lambda: kinetics.lump(LABELS, lag=1, finer="x"),
        "finer: pass one whole number for each frame",
    ),
    (lambda: kinetics.lump(LABELS, lag=1, finer=[0]), "finer: 1 labels for 300 frames"),
    (
        lambda: kinetics.assignment_quality([[1.0]], min_share="x"),
        "min_share='x': must be a number",
    ),
    (lambda: kinetics.default_lags(5, 100, "x"), "n_lags='x': must be a whole number"),
    (lambda: kinetics.compare_runs(LABELS), "[gm.results.labels]; these are those of one run"),
    (lambda: kinetics.match(LABELS, 5), "labels_b: pass one whole number for each frame"),
    (lambda: states.judge(LABELS, lag=1, states=5), "states: pass one whole number"),
    (lambda: states.summarize(LABELS), "results: pass the results of an analysis"),
    (lambda: landscape.free_energy(RESULTS), "points: pass an array of numbers; this is a Simple"),
    (lambda: landscape.free_energy(X, names=5), "names=5: pass a list with one for each of 2"),
    (lambda: landscape.free_energy(X, periods=[360, "x"]), "periods='x': must be a number"),
    (lambda: landscape.free_energy(X, periods=[-1, None]), "periods=-1: must be positive, or None"),
    (lambda: landscape.free_energy(X, reference="x"), "reference: pass an array of numbers"),
    (lambda: landscape.state_free_energies(LABELS, k="x"), "k='x': must be a whole number"),
    (
        lambda: comparison.compare(X, lag=1, methods=5),
        "methods: pass names such as ['robust', 'k-means']",
    ),
    (
        lambda: comparison.compare(X, lag=1, methods=[["k-means"]]),
        "methods: ['k-means'] is not one",
    ),
    (lambda: comparison.compare(X, lag=1, methods={"a": 5}), "methods: a is not a function; it is"),
    (lambda: comparison.compare(X, lag=1, verbose="x"), "verbose='x': must be True or False"),
    (lambda: comparison.compare(X, lag=1, dt="x"), "dt='x': the time between frames, in ps,"),
    (lambda: comparison.compare(X, lag=1, reference=5), "reference: pass one whole number for"),
    (lambda: comparison.propose_lag(X, seed="x"), "seed='x': must be a whole number"),
    (
        lambda: annotate(u(), RESULTS),
        "labels: pass the labels of this SimpleNamespace, its attribute",
    ),
    (lambda: annotate(u(), [0], [0], name=5), "name: 5 cannot be an attribute of ts.aux"),
    (lambda: Dihedrals(angles=5).bind(u()), "angles=(5,): choose from phi, psi"),
    (lambda: Custom(len, 3, names=5), "Custom: names=5: pass a list, with one for each column"),
    (lambda: described().top(0, "x"), "n='x': must be a whole number"),
    (lambda: described().order("x"), "state='x': choose one of the states with frames, [0, 1]"),
    (
        lambda: GMVAE().fit(u().atoms),
        "X: pass features of shape (n_frames, n_x), which mdgmvae.featurize",
    ),
]


@pytest.mark.parametrize(("call", "message"), PLOTS + FUNCTIONS)
def test_the_message_names_the_argument(call, message):
    with pytest.raises(InputError) as caught:
        call()
    plt.close("all")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("write", "arguments", "message"),
    [
        (write_states, {"n_representatives": "x"}, "n_representatives='x': must be a whole number"),
        (write_states, {"n_representatives": 0}, "n_representatives=0: must be at least 1"),
        (write_states, {"overwrite": "no"}, "overwrite='no': must be True or False"),
        (write_states, {"verbose": "no"}, "verbose='no': must be True or False"),
        (write_states, {"representatives": 5}, "representatives: pass the frame numbers of each"),
        (write_states, {"representatives": [5]}, "frames: pass a list of frame numbers"),
        (write_states, {"representatives": {"a": [1]}}, "representatives='a': must be a whole"),
        (write_h5md, {"observables": 5}, "observables: pass the values of each frame by name"),
        (write_h5md, {"name": "macrostate"}, "name: 'macrostate' is not one of state, component"),
    ],
)
def test_nothing_is_written_with_wrong_arguments(write, arguments, message, tmp_path):
    with pytest.raises(InputError) as caught:
        write(u(), [0, 1], tmp_path / "out", [0, 1], **arguments)
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())
