"""The plots show the computed free energies."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mdgmvae import plot
from mdgmvae.errors import InputError
from mdgmvae.landscape import free_energy, free_energy_grid
from mdgmvae.plot.palette import UNASSIGNED, state_colors

matplotlib.use("Agg")

KB = 0.00831446261815324
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def two_wells(n_z: int, n_frames: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return frames of two states, at -2 and 2 on every axis; three of four are in state 0."""
    labels = (RNG.random(n_frames) > 0.75).astype(int)
    return RNG.normal(scale=0.5, size=(n_frames, n_z)) + 4.0 * labels[:, None] - 2.0, labels


def subplot(**options):
    return Figure().add_subplot(**options)


# --- the numbers -------------------------------------------------------------------------


def test_free_energy_is_minus_log_p_with_its_minimum_at_zero():
    counts = np.array([8, 0, 2, 1])
    energy, (edges,) = free_energy_grid(np.repeat([0.0, 1.0, 2.0, 3.0], counts), bins=4)
    np.testing.assert_allclose(energy[[0, 2, 3]], -np.log(counts[[0, 2, 3]] / 8))
    assert np.isnan(energy[1])
    assert edges[[0, -1]].tolist() == [0.0, 3.0]


def test_temperature_gives_kilojoules_per_mole():
    points, _ = two_wells(2)
    reduced, _ = free_energy_grid(points)
    molar, _ = free_energy_grid(points, temperature=300.0)
    np.testing.assert_allclose(molar, reduced * KB * 300.0)


def test_a_harmonic_well_has_its_own_free_energy():
    sigma = 0.7
    energy, (edges,) = free_energy_grid(RNG.normal(scale=sigma, size=400_000), bins=60)
    centers = 0.5 * (edges[1:] + edges[:-1])
    inner = np.abs(centers) < 2 * sigma
    np.testing.assert_allclose(energy[inner], 0.5 * (centers[inner] / sigma) ** 2, atol=0.08)


@pytest.mark.parametrize(
    ("latent", "options", "says"),
    [
        (np.zeros((5, 4)), {}, "choose up to three columns"),
        (np.zeros((0, 2)), {}, "at least one frame"),
        (np.array([[0.0], [np.nan]]), {}, "frame 1 is not finite"),
        (np.zeros((5, 1)), {"temperature": 0}, "temperature"),
        (np.zeros((5, 1)), {"labels": [0, 1]}, "2 for 5"),
    ],
)
def test_free_energy_refuses(latent, options, says):
    with pytest.raises(InputError, match=says):
        plot.free_energy(latent, **options)


# --- one, two, three dimensions ----------------------------------------------------------


def test_one_dimension_shares_the_area_under_the_curve_among_the_states():
    points, labels = two_wells(1)
    ax = plot.free_energy(points, labels, bins=40)
    *areas, curve = ax.patches
    energy, (edges,) = free_energy_grid(points, bins=40)
    np.testing.assert_allclose(curve.get_data().values, energy)
    assert [to_hex(area.get_facecolor()).upper() for area in areas] == state_colors(2)
    heights = [area.get_data().values - area.get_data().baseline for area in areas]
    for state, height in enumerate(heights):
        counts = np.histogram(points[labels == state, 0], edges)[0]
        np.testing.assert_array_equal(height > 1e-12, counts > 0)
    np.testing.assert_allclose(np.nanmax(areas[-1].get_data().values - energy), 0, atol=1e-12)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [f"state {s}, {100 * np.mean(labels == s):.1f} %" for s in (0, 1)]
    # For readers in grey, the numbers are below the areas.
    numbers = {text.get_text(): text.get_position() for text in ax.texts}
    for state in (0, 1):
        x, y = numbers[str(state)]
        assert x == pytest.approx(points[labels == state].mean()) and y < 0


def test_two_dimensions_number_the_states_at_their_means():
    points, labels = two_wells(2)
    labels[:10] = -1
    ax = plot.free_energy(points, labels, temperature=310.0)
    assert [text.get_text() for text in ax.texts] == ["0", "1"]
    for state, text in enumerate(ax.texts):
        mean = points[labels == state].mean(axis=0)
        np.testing.assert_allclose(text.get_position(), mean, atol=0.02)
    energy, _ = free_energy_grid(points, temperature=310.0)
    filled = ax.collections[0]
    assert filled.levels[0] == 0 and filled.levels[-1] >= np.nanmax(energy)
    assert np.isnan(energy).any()
    assert [a.get_ylabel() for a in ax.figure.axes] == ["$z_2$", "free energy / kJ mol$^{-1}$"]


def test_two_dimensions_outline_each_state_in_its_colour():
    points, labels = two_wells(2)
    far_away = np.array([[9.0, -9.0]])
    ax = plot.free_energy(np.vstack([points, far_away]), np.append(labels, 0))
    outlines = [lines for lines in ax.collections if lines.get_linewidth().tolist() == [1.5]]
    assert [to_hex(o.get_edgecolor()[0]).upper() for o in outlines] == state_colors(2)
    for state, outline in enumerate(outlines):
        (path,) = outline.get_paths()
        around = [path.contains_points(points[labels == s]).mean() for s in (0, 1)]
        assert around[state] > 0.95 and around[1 - state] < 0.01
        assert not path.contains_points(far_away).any()


def test_a_basin_at_the_border_is_drawn_whole():
    points = np.repeat([[0.0, 0.0], [1.0, 1.0], [3.0, 2.0]], [50, 5, 5], axis=0)
    ax = plot.free_energy(points, bins=4)
    (low, high), bin_width = ax.get_xlim(), 0.75
    assert low < -0.25 * bin_width and high > 3.0 + 0.25 * bin_width


def test_three_dimensions_colour_frames_by_the_free_energy_of_their_bin():
    points, labels = two_wells(3)
    ax = plot.free_energy(points, labels, bins=10)
    energy, edges = free_energy_grid(points, bins=10)
    (scatter,) = ax.collections
    colored = np.asarray(scatter.get_array())
    inside = [np.clip(np.digitize(c, e) - 1, 0, 9) for c, e in zip(points.T, edges, strict=True)]
    np.testing.assert_allclose(np.sort(colored), np.sort(energy[tuple(inside)]))
    assert [text.get_text() for text in ax.texts] == ["0", "1"]


def test_states_are_optional_and_empty_ones_have_no_mark():
    points, labels = two_wells(2)
    assert not plot.free_energy(points).texts
    assert [t.get_text() for t in plot.free_energy(points, 3 * labels).texts] == ["0", "3"]


@pytest.mark.parametrize("n_z", [1, 2, 3])
def test_a_trajectory_that_never_moves_can_be_drawn(n_z):
    ax = plot.free_energy(np.ones((20, n_z)), np.zeros(20, dtype=int))
    ax.figure.canvas.draw()
    assert ax.get_xlim()[0] < 1.0 < ax.get_xlim()[1]


def test_plots_stay_on_the_axes_given_and_touch_no_global_figure():
    points, labels = two_wells(2)
    before = plt.get_fignums()
    for draw in (
        lambda ax: plot.free_energy(points, labels, ax=ax),
        lambda ax: plot.free_energy(points[:, 0], labels, ax=ax),
        lambda ax: plot.populations(labels, ax=ax),
        lambda ax: plot.trace(labels, ax=ax),
        lambda ax: plot.history({"epoch": [1, 2], "loss": [3.0, 2.0]}, ax=ax),
    ):
        ax = subplot()
        assert draw(ax) is ax
        ax.figure.canvas.draw()
    assert plt.get_fignums() == before


def test_three_dimensions_need_three_dimensional_axes():
    points, labels = two_wells(3)
    with pytest.raises(InputError, match="projection"):
        plot.free_energy(points, labels, ax=subplot())
    ax = subplot(projection="3d")
    assert plot.free_energy(points, labels, ax=ax) is ax


# --- free energies with errors -----------------------------------------------------------


def angles(n_frames: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return two angles around (180, 0) or (0, 0) degrees, and the labels."""
    labels = (RNG.random(n_frames) > 0.75).astype(int)
    return RNG.normal(scale=20.0, size=(n_frames, 2)) + np.array([[180, 0], [0, 0]])[labels], labels


def of_angles(points, **options):
    names = ("phi ALA2", "psi ALA2")[: points.shape[1]]
    units = {"axis_units": ["degree"] * len(names), "periods": [360.0] * len(names)}
    return free_energy(points, names=names, **units, **options)


def test_a_free_energy_with_errors_is_drawn_as_one_without():
    points, labels = two_wells(2)
    found = free_energy(points, bins=20, temperature=300.0)
    with_errors, without = subplot(), subplot()
    plot.free_energy(found, labels, ax=with_errors)
    plot.free_energy(points, labels, ax=without, bins=20, temperature=300.0)
    for name in ("get_xlabel", "get_ylabel", "get_xlim", "get_ylim"):
        assert getattr(with_errors, name)() == getattr(without, name)()
    for own, other in zip(with_errors.collections, without.collections, strict=True):
        for path, its in zip(own.get_paths(), other.get_paths(), strict=True):
            np.testing.assert_allclose(path.vertices, its.vertices)


def test_one_dimension_has_a_band_of_the_interval():
    points, labels = two_wells(1)
    found = free_energy(points, bins=30)
    ax = plot.free_energy(found, labels)
    *areas, band, curve = ax.patches
    assert len(areas) == 2
    np.testing.assert_allclose(curve.get_data().values, found.energy)
    known = np.isfinite(found.upper)
    assert 10 < known.sum() < np.isfinite(found.energy).sum()
    inside = known & (found.upper < ax.get_ylim()[1])
    np.testing.assert_allclose(band.get_data().values[inside], found.upper[inside])
    np.testing.assert_allclose(band.get_data().baseline[inside], found.lower[inside])
    # Without an upper bound, the band extends to the top.
    np.testing.assert_allclose(band.get_data().values[np.isinf(found.upper)], ax.get_ylim()[1])
    assert ax.get_legend().get_texts()[-1].get_text() == "95 % interval"
    alone = plot.free_energy(found)
    assert [text.get_text() for text in alone.get_legend().get_texts()] == ["95 % interval"]
    assert alone.get_xlabel() == "$z$" and alone.get_ylabel() == "free energy / kT"


def test_axes_of_angles_show_one_period_in_degrees():
    points, labels = angles()
    ax = plot.free_energy(of_angles(points), labels, ax=plt.subplots(figsize=(5.6, 4.6))[1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("phi ALA2 / °", "psi ALA2 / °")
    assert ax.get_xlim() == ax.get_ylim() == (-180, 180)
    assert set(ax.get_xticks()) >= {-180, -60, 0, 60, 180}
    ax = plot.free_energy(of_angles(points[:, :1]))
    assert ax.get_xlabel() == "phi ALA2 / °" and ax.get_xlim() == (-180, 180)


def test_a_state_on_both_sides_of_180_degrees_has_its_number_there():
    points, labels = angles()
    ax = plot.free_energy(of_angles(points), labels)
    (x, y), (x1, _) = (text.get_position() for text in ax.texts)
    assert abs(x) > 155 and abs(y) < 5 and abs(x1) < 5


def along_the_border(ax) -> bool:
    """Return whether the outline of state 0 has a part at +-180 degrees of the first angle."""
    outlines = [lines for lines in ax.collections if lines.get_linewidth().tolist() == [1.5]]
    vertices = np.vstack([path.vertices for path in outlines[0].get_paths()])
    return bool(((np.abs(np.abs(vertices[:, 0]) - 180) < 2) & (np.abs(vertices[:, 1]) < 15)).any())


def test_outlines_and_contours_go_on_at_180_degrees():
    points, labels = angles()
    ax = plot.free_energy(of_angles(points, bins=40), labels)
    assert not along_the_border(ax)
    low = ax.collections[0].get_paths()[0].vertices[:, 0]
    assert low.min() < -180 and low.max() > 180
    # The outline of a state that ends there is closed, because the other side is empty.
    points = RNG.uniform((140, -25), (180, 25), size=(4_000, 2))
    ax = plot.free_energy(of_angles(points, bins=40), np.zeros(4_000, dtype=int))
    assert along_the_border(ax)


def test_error_maps_are_the_errors_and_grey_where_none_is_known():
    points, labels = two_wells(2)
    found = free_energy(points, bins=20, temperature=300.0)
    ax = plot.free_energy_error(found, labels)
    tiles = ax.collections[0]
    drawn = np.ma.filled(tiles.get_array(), np.nan).T
    known = np.isfinite(found.error)
    np.testing.assert_allclose(drawn[known], found.error[known])
    unknown = np.isinf(found.error)
    assert unknown.any()
    colors = {to_hex(tiles.cmap(tiles.norm(value))) for value in drawn[unknown]}
    assert colors == {UNASSIGNED.lower()}
    assert UNASSIGNED.lower() not in {to_hex(tiles.cmap(tiles.norm(v))) for v in drawn[known]}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["too few visits"]
    assert [text.get_text() for text in ax.texts] == ["0", "1"]
    bar = ax.figure.axes[-1]
    assert bar.get_ylabel() == "standard error / kJ mol$^{-1}$"


def test_error_maps_in_three_dimensions_colour_frames():
    points, _ = two_wells(3)
    found = free_energy(points, bins=8)
    ax = plot.free_energy_error(found)
    (scatter,) = ax.collections
    _, error = found.at(points)
    colored = np.sort(np.asarray(scatter.get_array()))
    known = np.isfinite(error)
    np.testing.assert_allclose(colored[: known.sum()], np.sort(error[known]))
    assert (colored[known.sum() :] > error[known].max()).all()
    ax.figure.canvas.draw()


def test_free_energies_with_errors_refuse_what_is_theirs_already():
    points, labels = two_wells(1)
    found = free_energy(points)
    for options in ({"bins": 5}, {"temperature": 300.0}):
        with pytest.raises(InputError, match="has its own"):
            plot.free_energy(found, **options)
    with pytest.raises(InputError, match=r"use plot\.free_energy"):
        plot.free_energy_error(found)
    with pytest.raises(InputError, match="labels"):
        plot.free_energy(found, labels[:-1])


@pytest.mark.parametrize("d", [1, 2, 3])
def test_free_energies_with_no_known_error_can_be_drawn(d):
    found = free_energy(np.repeat(np.arange(4.0), 25)[:, None].repeat(d, 1), block_length=25)
    assert np.isinf(found.error[np.isfinite(found.energy)]).all()
    plot.free_energy(found).figure.canvas.draw()
    if d > 1:
        plot.free_energy_error(found).figure.canvas.draw()


# --- populations, history, trace ---------------------------------------------------------


def test_populations_from_labels_and_from_shares():
    labels = np.array([0, 0, 0, 2, -1])
    for given in (labels, np.array([0.75, 0.0, 0.25], dtype=np.float32)):
        ax = plot.populations(given)
        assert [bar.get_height() for bar in ax.patches] == [75.0, 0.0, 25.0]
        assert [to_hex(bar.get_facecolor()).upper() for bar in ax.patches] == state_colors(3)
        assert [text.get_text() for text in ax.texts] == ["75.0", "0", "25.0"]


@pytest.mark.parametrize("given", [[0.5, 0.2], [-1, -1], [1.5, -0.5]])
def test_populations_refuse(given):
    with pytest.raises(InputError):
        plot.populations(given)


def test_history_draws_the_terms_there_are():
    history = {
        "epoch": [1, 2, 3],
        "loss": [3.0, 2.0, 1.0],
        "val_loss": [3.1, 2.1, 1.1],
        "latent": [0.0, 0.5, 0.6],
        "lr": [0.1, 0.1, 0.1],
    }
    ax = plot.history(history)
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert drawn == {
        "loss": history["loss"],
        "loss, held-out frames": history["val_loss"],
        "latent": history["latent"],
    }
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(drawn)
    with pytest.raises(InputError, match="fitted"):
        plot.history({})


def test_the_objective_with_the_kinetic_term_has_an_axis_of_its_own():
    history = {"epoch": [1, 2], "loss": [4.0, 3.0], "val_loss": [-5.0, -6.7], "val_vamp2": [2, 2.4]}
    ax = plot.history(history)
    assert [line.get_label() for line in ax.lines] == ["loss"]
    assert ax.get_ylim()[0] > 2
    (right,) = set(ax.figure.axes) - {ax}
    assert right.get_ylabel() == "held-out objective\n(with kinetic term) / nats"
    assert right.lines[0].get_ydata().tolist() == [-5.0, -6.7]
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["loss", "held-out objective (right)"]


def test_trace_draws_each_visit_for_as_long_as_it_lasted():
    labels = np.array([0, 0, 2, 2, 2, -1, 0, 0])
    times = np.array([0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 40.0])
    ax = plot.trace(labels, times)
    spans = {
        state: [(path.get_extents().x0, path.get_extents().x1) for path in collection.get_paths()]
        for state, collection in enumerate(ax.collections)
    }
    in_ps = {0: [(0, 4), (12, 14), (40, 42)], 1: [], 2: [(4, 10)]}
    for state, expected in in_ps.items():
        np.testing.assert_allclose(spans[state], np.array(expected) / 1000)


def test_a_part_of_a_trace_has_the_unit_of_the_whole():
    times = np.arange(0.0, 40_000.0, 100.0)
    labels = np.zeros(len(times), dtype=int)
    whole, part = plot.trace(labels, times), plot.trace(labels[126:145], times[126:145])
    assert whole.get_xlabel() == part.get_xlabel() == "time / ns"
    np.testing.assert_allclose(whole.get_xlim(), (0, 40))
    np.testing.assert_allclose(part.get_xlim(), (12.6, 14.5))
    assert plot.trace(labels).get_xlabel() == "frame"


def test_trace_draws_trajectories_one_after_another():
    """Four runs of 5 ns that begin at 0 are not drawn over each other."""
    labels = np.repeat([0, 1, 0, 1], 50)
    axes = plot.trace(labels, np.tile(np.arange(50) * 100.0, 4))
    assert axes.get_xlabel() == "time / ns, one trajectory after another"
    spans = [
        [extents.get_extents().intervalx.tolist() for extents in bars.get_paths()]
        for bars in axes.collections
    ]
    np.testing.assert_allclose(spans, [[[0, 5], [10, 15]], [[5, 10], [15, 20]]])
    np.testing.assert_allclose([line.get_xdata()[0] for line in axes.lines], [5, 10, 15])


def test_trace_counts_frames_if_a_time_is_not_known():
    axes = plot.trace([0, 1, 1], [0.0, np.nan, 4.0])
    assert axes.get_xlabel() == "frame" and axes.get_xlim() == (0, 3)


@pytest.mark.parametrize("times", [[0.0, np.inf], [0.0]])
def test_trace_refuses_times_that_do_not_fit(times):
    with pytest.raises(InputError, match="times"):
        plot.trace([0, 1], times)


def test_colours_belong_to_state_numbers_and_differ():
    assert state_colors(5) == state_colors(30)[:5]
    assert len(set(state_colors(30))) == 30
