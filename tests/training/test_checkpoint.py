"""An interrupted training ends with the same results as an uninterrupted one."""

import numpy as np
import pytest

from mdgmvae import GMVAE
from mdgmvae.errors import InputError
from mdgmvae.training import checkpoint

SETTINGS = {
    "k": 3, "n_epochs": 6, "n_init": 2, "seed": 5, "validation_fraction": 0.2, "patience": 4,
    "r_nent_start": 1.0, "lr_schedule": "cosine", "lr": 3e-3, "scale": "standard",
    "verbose": False,
}  # fmt: skip


class Interrupted(Exception):
    pass


@pytest.fixture(scope="module")
def whole(five_wells):
    """Return a training without interruption; tests must not change it."""
    return GMVAE(**SETTINGS).fit(five_wells[0][:2000])


@pytest.mark.parametrize("epochs_done", [1, 3, 5, 6])
def test_resumed_training_has_the_same_bits(five_wells, tmp_path, monkeypatch, epochs_done, whole):
    x = five_wells[0][:2000]
    path = tmp_path / "state.npz"
    seen = []

    def stop_then(self, state):
        seen.append(state)
        if len(seen) == epochs_done:
            raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.Checkpoint, "save_if_due", stop_then)
        with pytest.raises(Interrupted):
            GMVAE(**SETTINGS, checkpoint=path).fit(x)
    resumed = GMVAE(**SETTINGS, checkpoint=path).fit(x)
    for name, array in whole.weights_.items():
        np.testing.assert_array_equal(resumed.weights_[name], array, err_msg=name)
    assert resumed.history_ == whole.history_
    assert len(seen) == epochs_done


def test_an_interrupt_while_validating_keeps_the_history_whole(
    five_wells, tmp_path, monkeypatch, whole
):
    from mdgmvae.training.validation import Validator

    x = five_wells[0][:2000]
    path = tmp_path / "state.npz"
    original, calls = Validator.validate, []

    def interrupted(self, flat):
        calls.append(1)
        if len(calls) == 3:
            raise Interrupted
        return original(self, flat)

    with monkeypatch.context() as patch:
        patch.setattr(Validator, "validate", interrupted)
        with pytest.raises(Interrupted):
            GMVAE(**SETTINGS, checkpoint=path).fit(x)
    assert GMVAE(**SETTINGS, checkpoint=path).fit(x).history_ == whole.history_


def test_a_seed_that_nobody_gave_is_taken_from_the_checkpoint(five_wells, tmp_path):
    x = five_wells[0][:2000]
    path = tmp_path / "state.npz"
    settings = SETTINGS | {"seed": None, "n_epochs": 1, "n_init": 1}
    first = GMVAE(**settings, checkpoint=path).fit(x)
    assert GMVAE(**settings, checkpoint=path).fit(x).seed_ == first.seed_


def test_a_checkpoint_that_cannot_be_written_costs_nothing(five_wells, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.np, "savez", full)
    with pytest.warns(UserWarning, match=r"checkpoint was not written.*No space left"):
        model = GMVAE(**SETTINGS, checkpoint=tmp_path / "state.npz").fit(five_wells[0][:2000])
    assert model.n_epochs_ > 0
    with pytest.raises(InputError, match="nowhere does not exist"):
        GMVAE(**SETTINGS, checkpoint=tmp_path / "nowhere" / "state.npz").fit(five_wells[0])


def test_a_finished_training_is_not_done_again(five_wells, tmp_path, monkeypatch):
    from mdgmvae.training.optimiser import Optimiser

    x = five_wells[0][:2000]
    path = tmp_path / "state.npz"
    first = GMVAE(**SETTINGS, checkpoint=path).fit(x)

    def no_more(*_, **__):
        raise AssertionError("an epoch was run")

    monkeypatch.setattr(Optimiser, "run", no_more)
    again = GMVAE(**SETTINGS, checkpoint=path).fit(x)
    np.testing.assert_array_equal(again.predict_proba(x), first.predict_proba(x))


def test_a_checkpoint_of_another_training_is_refused(five_wells, tmp_path):
    x = five_wells[0][:2000]
    path = tmp_path / "state.npz"
    GMVAE(**SETTINGS, checkpoint=path).fit(x)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"state.npz.*another training \(data differ\)"):
        GMVAE(**SETTINGS, checkpoint=path).fit(x + 1)
    with pytest.raises(InputError, match="data differ"):
        GMVAE(**SETTINGS, checkpoint=path).fit(x, lengths=[1500, 500])
    with pytest.raises(InputError, match="params differ"):
        GMVAE(**SETTINGS | {"k": 2}, checkpoint=path).fit(x)
    with pytest.raises(InputError, match="seed differ"):
        GMVAE(**SETTINGS | {"seed": 1}, checkpoint=path).fit(x)
    assert path.read_bytes() == before


def test_a_file_that_is_no_checkpoint_is_refused(five_wells, tmp_path):
    path = tmp_path / "state.npz"
    path.write_bytes(b"something else")
    with pytest.raises(InputError, match=r"state.npz: not a checkpoint"):
        GMVAE(**SETTINGS, checkpoint=path).fit(five_wells[0][:2000])
    np.savez(path, a=np.zeros(3))
    with pytest.raises(InputError, match=r"state.npz: not a checkpoint"):
        GMVAE(**SETTINGS, checkpoint=path).fit(five_wells[0][:2000])
