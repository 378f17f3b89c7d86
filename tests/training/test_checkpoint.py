"""An interrupted training ends with the same results as an uninterrupted one."""

import json

import numpy as np
import pytest

from mdgmvae import GMVAE
from mdgmvae.errors import InputError
from mdgmvae.training import checkpoint
from mdgmvae.training.state import Restart, State

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


@pytest.mark.parametrize("epochs_done", [5, 8])
def test_a_refit_is_resumed_with_the_same_bits(five_wells, tmp_path, monkeypatch, epochs_done):
    x = five_wells[0][:2000]
    settings = SETTINGS | {"n_epochs": 6, "refit": True, "patience": None}
    path, seen = tmp_path / "state.npz", []
    whole = GMVAE(**settings).fit(x)

    def stop_then(self, state):
        seen.append(state)
        if len(seen) == epochs_done:
            raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.Checkpoint, "save_if_due", stop_then)
        with pytest.raises(Interrupted):
            GMVAE(**settings, checkpoint=path).fit(x)
    taken = []
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.Checkpoint, "save_if_due", lambda self, state: taken.append(1))
        resumed = GMVAE(**settings, checkpoint=path).fit(x)
    n_epochs = 6 + resumed.n_epochs_
    assert len(taken) == n_epochs - epochs_done
    for name, array in whole.weights_.items():
        np.testing.assert_array_equal(resumed.weights_[name], array, err_msg=name)
    assert resumed.history_ == whole.history_
    assert resumed.validation_history_ == whole.validation_history_
    # Whole numbers stay whole, so that history.csv has the same bytes.
    assert repr(resumed.history_["epoch"]) == repr(whole.history_["epoch"])


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
    with pytest.raises(InputError, match=r"state.npz: .*not a checkpoint"):
        GMVAE(**SETTINGS, checkpoint=path).fit(five_wells[0][:2000])
    np.savez(path, a=np.zeros(3))
    with pytest.raises(InputError, match=r"state.npz: .*not a checkpoint"):
        GMVAE(**SETTINGS, checkpoint=path).fit(five_wells[0][:2000])


@pytest.fixture(scope="module")
def state():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(2, 7)).astype(np.float32) for _ in range(3)]
    history = {"epoch": [1, 2], "loss": [0.1, float("nan")]}
    restarts = [Restart(history, arrays[0][1], 0.25, 2), Restart(diverged=True)]
    return State(2, 10, *arrays, restarts)


def test_a_state_survives(state, tmp_path):
    """Also numbers that JSON does not know."""
    path = tmp_path / "state.npz"
    checkpoint.Checkpoint(path, {"seed": 3}).save(state)
    found = checkpoint.Checkpoint(path, {"seed": 3}).load((2, 7))
    for name in ("weights", "first_moment", "second_moment"):
        np.testing.assert_array_equal(getattr(found, name), getattr(state, name))
    assert repr(found.restarts) == repr(state.restarts)
    assert (found.epoch, found.step) == (2, 10)
    assert checkpoint.stored_seed(path) == 3


def test_a_refit_may_have_another_number_of_weights(state, tmp_path):
    """The inputs chosen on all frames need not be those chosen on the training frames."""
    path = tmp_path / "state.npz"
    saver = checkpoint.Checkpoint(path, {"seed": 3})
    saver.save(state)
    arrays = [np.full((1, 9), number, np.float32) for number in range(3)]
    saver.refit().save(State(1, 5, *arrays, [Restart()]))
    reader = checkpoint.Checkpoint(path, {"seed": 3})
    assert reader.load((2, 7)).epoch == 2
    np.testing.assert_array_equal(reader.refit().load((1, 9)).second_moment, arrays[2])
    with pytest.raises(InputError, match=r"refit/weights has shape \(1, 9\) instead of \(1, 7\)"):
        checkpoint.Checkpoint(path, {"seed": 3}).refit().load((1, 7))


def test_damaged_checkpoints_are_refused(state, tmp_path):
    """A moment of another type ended the process."""
    path = tmp_path / "state.npz"
    saver = checkpoint.Checkpoint(path, {"seed": 3})
    saver.save(state)
    with np.load(path, allow_pickle=False) as file:
        whole = {name: file[name] for name in file.files}
    nan = whole["restarts/weights"] * np.float32(np.nan)
    content = json.loads(str(whole["json"]))
    content["states"]["restarts"]["epoch"] = -1
    for changes, says in (
        ({"restarts/first_moment": whole["restarts/first_moment"].astype(float)}, "type float64"),
        ({"restarts/second_moment": whole["restarts/weights"][:1]}, "has shape"),
        ({"restarts/weights": nan}, "not finite"),
        ({"restarts/best_weights_0": np.zeros(6, np.float32)}, "has shape"),
        ({"json": np.array("{")}, "is not JSON"),
        ({"json": np.array("[" * 100_000)}, "nested too deep"),
        ({"json": np.array([1])}, "instead of text"),
        ({"json": np.array(json.dumps(content))}, "epoch: must be a whole number"),
    ):
        np.savez(path, **{**whole, **changes})
        with pytest.raises(InputError, match=rf"state\.npz: .*{says}.*not a checkpoint") as caught:
            saver.load((2, 7))
        assert "\n" not in str(caught.value)
    np.savez(path, **whole)
    with pytest.raises(InputError, match=r"has 2 restarts|has shape"):
        saver.load((3, 7))
    saver.load((2, 7))
