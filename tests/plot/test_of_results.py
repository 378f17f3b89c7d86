"""gm.plot: each figure of an analysis by one call."""

import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from legibility import faults
from small_analyses import FAST, alanine

from mdgmvae import GMVAEAnalysis, plot
from mdgmvae.errors import InputError
from mdgmvae.plot.figures import FIGURES
from mdgmvae.plot.of_results import ResultPlots


@pytest.fixture(scope="module")
def analysed():
    return GMVAEAnalysis(alanine(), **FAST | {"lag": 2}).run(step=20)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_on_the_axes_that_it_is_given(analysed, name):
    figure, ax = plt.subplots()
    options = {"others": [1 - analysed.results.labels]} if name == "agreement" else {}
    assert getattr(analysed.plot, name)(ax=ax, **options) is ax
    drawn = [*ax.lines, *ax.collections, *ax.patches, *ax.images, *ax.child_axes]
    assert drawn or ax.texts
    plt.close(figure)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_made_for_a_column_of_a_journal(analysed, name):
    """Shrunk from 8 inches to a column of 3.4, the letters of a figure cannot be read."""
    options = {"others": [1 - analysed.results.labels]} if name == "agreement" else {}
    ax = getattr(analysed.plot, name)(**options)
    assert ax.figure.get_size_inches()[0] == 3.4
    assert not faults(ax)
    plt.close(ax.figure)


def test_populations_need_no_segment_longer_than_the_lag_time(analysed):
    """The bars are known, if not their equilibrium."""
    results = SimpleNamespace(labels=np.array([0, 1, 1]), lengths=(3,), populations=[1 / 3, 2 / 3])
    ax = ResultPlots(SimpleNamespace(lag=5), results).populations()
    assert len(ax.patches) == 2
    plt.close(ax.figure)


def test_the_names_are_offered(analysed):
    assert dir(analysed.plot) == sorted(FIGURES) and len(FIGURES) == 11
    with pytest.raises(InputError, match="there is no such figure; choose from free_energy"):
        analysed.plot.by_name("fit")
    with pytest.raises(AttributeError, match="nope: there is no such figure; choose from free_en"):
        analysed.plot.nope()
    with pytest.raises(AttributeError, match=r"histroy: .*; did you mean history\?"):
        analysed.plot.histroy()
    assert not hasattr(analysed.plot, "_repr_png_")


def test_the_number_of_features_comes_first(analysed):
    """5 was taken for the Axes."""
    axes = analysed.plot.effect_sizes(1)
    assert 1 <= len(axes.get_yticklabels()) <= 2
    plt.close(axes.figure)
    with pytest.raises(InputError, match=r"ax: pass matplotlib Axes, .*; this is the number 5"):
        analysed.plot.trace(5)


def test_free_energies_of_features_by_name(analysed):
    axes = analysed.plot.free_energy("phi ALA2", temperature=300)
    assert "kJ mol" in axes.get_ylabel()
    assert axes.get_xlabel().startswith("phi ALA2")
    plt.close(axes.figure)
    alone = ResultPlots(analysed.model, analysed.results)
    with pytest.raises(InputError, match="phi ALA2: the features of these frames are not known"):
        alone.free_energy("phi ALA2")
    with pytest.raises(InputError, match="effect_sizes: the features"):
        alone.effect_sizes()


@pytest.mark.slow
def test_kinetics_need_a_lag_time(analysed):
    u = alanine()
    gm = GMVAEAnalysis(u, preset="paper", k=2, n_epochs=1, seed=0, verbose=False).run(step=100)
    for name in ("transition_network", "implied_timescales", "chapman_kolmogorov"):
        with pytest.raises(InputError, match=f"{name}: the model has no lag time"):
            getattr(gm.plot, name)()
    axes = gm.plot.trace()
    assert np.isclose(axes.get_xlim()[1], 40, rtol=0.02)
    plt.close(axes.figure)


def test_axes_say_that_there_are_more_latent_coordinates(analysed):
    """As with n_z=5: the first two are drawn."""
    results = SimpleNamespace(**vars(analysed.results)["data"])
    results.latent = np.random.default_rng(0).normal(size=(len(results.labels), 5))
    plots = ResultPlots(analysed.model, results, analysed.features)
    for axes in (plots.free_energy(), plots.free_energy_error()):
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("$z_1$ of 5", "$z_2$ of 5")
        plt.close(axes.figure)
    axes = plots.free_energy(["phi ALA2", "psi ALA2"])
    assert axes.get_xlabel() == "phi ALA2 / °"
    plt.close(axes.figure)


def test_agreement_needs_other_runs(analysed):
    with pytest.raises(InputError, match="agreement: there is one run"):
        analysed.plot.agreement()
    with pytest.raises(InputError, match="of the same frames"):
        analysed.plot.agreement([[0, 1]])


def test_there_is_nothing_to_draw_before_a_run():
    with pytest.raises((InputError, AttributeError), match="call run"):
        GMVAEAnalysis(alanine(), **FAST).plot


def test_without_matplotlib_the_way_out_is_told(analysed, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for draw in (
        lambda: plot.populations([0.5, 0.5]),
        lambda: analysed.plot.trace(),
        lambda: analysed.report(tmp_path / "report.html"),
    ):
        with pytest.raises(ImportError, match="matplotlib; install it with: pip install"):
            draw()
    assert not list(tmp_path.iterdir())
    assert "free_energy" in dir(plot)


def test_a_long_trajectory_is_drawn_by_bars_that_can_be_seen():
    """There are 300,000 visits; the bars of a state hide none that lies alone."""
    labels = np.arange(900_000) // 3 % 3
    labels[400_000:401_000], labels[400_500] = 0, 2
    axes = plot.trace(labels, 2.0 * np.arange(900_000))
    spans = [[path.get_extents() for path in bars.get_paths()] for bars in axes.collections]
    assert all(len(of_state) < 4000 for of_state in spans)
    start, end = (2.0 * frame / 1000 for frame in (400_500, 400_501))
    alone = [span for span in spans[2] if span.x0 <= start + 1e-6 and span.x1 >= end - 1e-6]
    assert len(alone) == 1 and alone[0].width < 0.01
    # State 1 has a gap there.
    assert not [span for span in spans[1] if span.x0 < start < span.x1]
    plt.close(axes.figure)


def test_trajectories_whose_times_begin_again_keep_their_bars():
    labels = np.array([0, 0, 1, 1, 0, 0, 0, 1])
    axes = plot.trace(labels, np.array([0.0, 1, 2, 3, 0, 1, 2, 3]))
    first = [path.get_extents() for path in axes.collections[0].get_paths()]
    assert len(first) == 2
    plt.close(axes.figure)
