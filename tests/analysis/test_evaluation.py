"""The methods of an analysis that evaluate its states and components."""

import numpy as np
import pytest

from mdgmvae.errors import InputError
from mdgmvae.kinetics import stationary_populations, transitions


def test_the_judgement_is_about_states_and_components(analysed):
    found = analysed.judge(n_samples=5)
    assert found.lag == 5
    assert found.dt == 40.0
    assert len(found.text()) > 0


def test_descriptions_are_of_states_or_of_components(analysed):
    r = analysed.results
    assert analysed.describe().n_frames.tolist() == np.bincount(r.labels).tolist()
    components = analysed.describe(of="components", n_representatives=2)
    assert components.n_frames.tolist() == np.bincount(r.components, minlength=3).tolist()
    assert len(components.representatives[0]) == 2
    with pytest.raises(InputError, match="of='macrostates'"):
        analysed.describe(of="macrostates")


def test_free_energies_are_of_states_or_of_components(analysed):
    r = analysed.results
    states = analysed.state_free_energies()
    at_lag = stationary_populations(r.labels, lag=5).value
    np.testing.assert_allclose(states.populations, at_lag)
    assert (states.lag, states.n_blocks) == (5, 0)
    np.testing.assert_allclose(states.energy, np.log(at_lag[0] / at_lag))
    assert len(analysed.state_free_energies(of="components").energy) == 3
    shares = r.populations
    for blocks in (
        analysed.state_free_energies(block_length=5),
        analysed.state_free_energies(lag=None),
    ):
        np.testing.assert_allclose(blocks.energy, np.log(shares[0] / shares))
        assert blocks.lag is None and blocks.n_blocks > 1
    assert analysed.state_free_energies(lag=2).lag == 2
    with pytest.raises(InputError, match="of='basins'"):
        analysed.state_free_energies(of="basins")
    assert analysed.free_energy("phi ALA2").names == ("phi ALA2",)


def test_transitions_are_those_between_states_at_the_lag_of_the_model(analysed):
    r = analysed.results
    found = analysed.transitions(n_samples=5)
    assert (found.lag, found.dt, found.unit) == (5, 40.0, "ps")
    expected = transitions(r.labels, lag=5, dt=40.0, n_samples=5)
    np.testing.assert_array_equal(found.counts, expected.counts)
    np.testing.assert_array_equal(found.rates.value, expected.rates.value)
    assert found.counts.shape == (2, 2)
    assert found.counts[0, 1] > 0
    assert analysed.transitions(lag=2, n_samples=5).lag == 2


def test_a_lag_is_given_in_frames_or_in_ps(analysed):
    """The frames are 40 ps apart."""
    assert analysed.judge(lag_time=80, n_samples=2).lag == 2
    assert analysed.transitions(lag_time=80, n_samples=2).lag == 2
    assert analysed.state_free_energies(lag_time=80).lag == 2
    for evaluate in (analysed.judge, analysed.transitions, analysed.state_free_energies):
        with pytest.raises(InputError, match="lag=2 and lag_time=80: lag is in frames"):
            evaluate(lag=2, lag_time=80)
        with pytest.raises(InputError, match=r"lag_time=1 ps: shorter than the time between fr"):
            evaluate(lag_time=1)


def test_the_view_is_coloured_by_states_or_components(analysed):
    pytest.importorskip("nglview")
    frame = analysed.results.frames[1]
    for of, word, labels in (
        ("states", "state", analysed.results.labels),
        ("components", "component", analysed.results.components),
    ):
        widget = analysed.view(of=of)
        widget.frame = int(frame)
        assert f"{word} {labels[1]}" in widget.legend.value
    with pytest.raises(InputError, match="of='frames'"):
        analysed.view(of="frames")


def test_representatives_of_states_are_shown(analysed):
    pytest.importorskip("nglview")
    for of in ("states", "components"):
        found = analysed.describe(of, 1).representatives
        box = analysed.view_states(of=of, side_by_side=True)
        captions = [cell.children[0].value for cell in box.children[0].children]
        assert len(box.views) == len(found) == len(captions)
        for caption, (frame,) in zip(captions, found, strict=True):
            assert caption.endswith(f"frame {frame}</span>")
    with pytest.raises(InputError, match="of='frames'"):
        analysed.view_states(of="frames")
    with pytest.raises(InputError, match="n_representatives=9999: more than 20"):
        analysed.view_states(n_representatives=9999)
