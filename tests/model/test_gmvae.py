"""The estimator: known pitfalls of the model, scikit-learn's rules, states, bad input."""

import inspect
import json
import pickle
import re

import numpy as np
import pytest
import restatement
from forked import run_script
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from mdgmvae import GMVAE
from mdgmvae.errors import InputError, TrainingError
from mdgmvae.presets import RULES
from mdgmvae.storage import FeatureSet

QUICK = {"n_epochs": 2, "seed": 0, "verbose": False}
#: For the robust preset. Like `QUICK`, with the same number of frames it is traced only once.
SHORT = {"k": 3, "n_epochs": 1, "refit": False, "seed": 0, "verbose": False}


@pytest.fixture(scope="module")
def far_wells(five_wells):
    """Return frames in other units, far from zero."""
    return 100.0 + 20.0 * five_wells[0][:4000]


@pytest.fixture(scope="module")
def with_lag(far_wells):
    """Return a model with a lag and with more components than wells."""
    settings = {"k": 6, "n_epochs": 15, "lr": 1e-2, "refit": False, "seed": 1, "verbose": False}
    return GMVAE.from_preset("robust", **settings).fit(far_wells)


# Known pitfalls in implementations of this model.


def test_logits_have_no_relu(fitted, five_wells):
    """With a ReLU on the logits, no probability could be lower than that of a zero logit."""
    x = five_wells[0][:300]
    scaled = fitted.scaling_.apply(x)
    own = np.array([restatement.q_of_y(fitted.weights_, row) for row in scaled])
    ordered = own[:, fitted.architecture_.order]
    np.testing.assert_allclose(fitted.predict_proba(x), ordered, atol=1e-5)
    relu = np.array([restatement.q_of_y(fitted.weights_, row, relu_logits=True) for row in scaled])
    assert np.abs(relu - own).max() > 0.01


def test_score_is_minus_the_loss_with_the_right_signs(fitted, five_wells):
    """Sign of the entropy, decoding from q(z|x,y), sqrt of the variance, log k."""
    x = five_wells[0][::400]
    scaled = fitted.scaling_.apply(x)
    rng = np.random.default_rng(5)
    n_draws = 400
    noise = rng.standard_normal((len(x), n_draws, 4, 2))
    loss = np.column_stack(
        [
            restatement.loss(fitted.weights_, row, own, fitted.r_nent)
            for row, own in zip(scaled, noise, strict=True)
        ]
    )
    log_jacobian = -np.log(fitted.scaling_.scale).sum()
    expected = log_jacobian - loss.mean()
    error = loss.mean(axis=1).std() / np.sqrt(n_draws)
    assert fitted.score(x) == pytest.approx(expected, abs=4 * error)
    assert error < 0.05


def test_embedding_is_the_same_at_every_call(fitted, five_wells):
    """The embedding uses means, not a draw."""
    x = five_wells[0][:500]
    np.testing.assert_array_equal(fitted.transform(x), fitted.transform(x))
    np.testing.assert_array_equal(fitted.reconstruct(x), fitted.reconstruct(x))
    mean = [
        sum(
            q * restatement.gaussian(
                fitted.weights_, "qz",
                np.concatenate([row, restatement.dense(fitted.weights_, "qz/one_hot", one_hot)]),
            )[0]
            for q, one_hot in zip(restatement.q_of_y(fitted.weights_, row), np.eye(4), strict=True)
        )
        for row in fitted.scaling_.apply(x[:20])
    ]  # fmt: skip
    np.testing.assert_allclose(fitted.transform(x[:20]), mean, atol=1e-4)


@pytest.mark.slow
def test_frames_held_out_do_not_train(five_wells):
    """Held-out frames change neither weights nor scaling."""
    from mdgmvae.training.held_out import hold_out

    x = five_wells[0][:2000]
    settings = QUICK | {"scale": "standard", "validation_fraction": 0.25}
    split = hold_out(len(x), 0.25, (len(x),), np.random.default_rng(0))
    assert split.held_out.mean() == pytest.approx(0.25, abs=0.02)
    np.testing.assert_array_equal(split.train, ~split.held_out)
    other = x.copy()
    other[split.held_out] += 7.0
    first, second = GMVAE(**settings).fit(x), GMVAE(**settings).fit(other)
    np.testing.assert_array_equal(first.scaling_.mean, second.scaling_.mean)
    assert first.history_["loss"] == second.history_["loss"]
    assert first.history_["val_loss"] != second.history_["val_loss"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* frames are few for:UserWarning")
def test_frames_held_out_do_not_decide_where_training_starts(five_wells):
    """Clusters, slow coordinates and principal components are those of the training frames."""
    from mdgmvae.training.held_out import hold_out

    narrow = five_wells[0][:2000]
    for x in (narrow, np.repeat(narrow, 110, axis=1) + np.arange(330, dtype=np.float32)):
        split = hold_out(len(x), 0.2, (len(x),), np.random.default_rng(0), lag=5)
        assert split.held_out.mean() == pytest.approx(0.2, abs=0.02)
        other = x.copy()
        other[~split.train] = np.random.default_rng(1).normal(size=other[~split.train].shape)
        first, second = (
            GMVAE.from_preset("robust", **SHORT, tica_dim=3, validation_fraction=0.2).fit(given)
            for given in (x, other)
        )
        np.testing.assert_array_equal(first.scaling_.projection, second.scaling_.projection)
        assert first.history_["loss"] == second.history_["loss"]
        assert first.history_["val_loss"] != second.history_["val_loss"]


def test_a_value_that_is_not_finite_is_located(five_wells):
    x = five_wells[0][:1200].copy()
    model = GMVAE(**QUICK).fit(x)
    x[17, 1] = np.nan
    for call in (GMVAE(**QUICK).fit, model.predict, model.score, model.reconstruct):
        with pytest.raises(InputError, match="frame 17, column 1 is NaN, not a finite number"):
            call(x)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* frames are few for:UserWarning")
def test_a_lag_with_hardly_any_pairs_gives_a_warning(five_wells):
    settings = SHORT | {"lag": 1190, "validation_fraction": 0.0}
    with pytest.warns(UserWarning, match=r"lag=1190 \(in frames\): 1,200 frames give only 10"):
        GMVAE.from_preset("robust", **settings).fit(five_wells[0][:1200])


@pytest.mark.parametrize(("n_rows", "lag"), [(600, 5), (999, 5), (3000, 20), (5000, 50)])
def test_frames_of_short_data_are_held_out_too(n_rows, lag):
    from mdgmvae.training.held_out import hold_out

    split = hold_out(n_rows, 0.1, (n_rows,), np.random.default_rng(0), lag)
    assert split.held_out.mean() == pytest.approx(0.1, abs=0.02)
    held_out = np.flatnonzero(split.held_out)
    assert np.abs(held_out[:, None] - np.flatnonzero(split.train)).min() > lag


@pytest.mark.slow
def test_data_too_short_to_hold_out_frames_give_a_warning(five_wells):
    with pytest.warns(UserWarning, match=r"validation_fraction=0\.1: 1,500 frames are too few"):
        model = GMVAE.from_preset("robust", lag=100, **SHORT).fit(five_wells[0][:1500])
    assert "val_loss" not in model.history_


@pytest.mark.parametrize("n_rows", [1200, 1552, 2067, 2068])
def test_every_frame_trains_and_is_labelled_and_epochs_differ(five_wells, n_rows, monkeypatch):
    """The last, partial batch of 517 is not dropped, and each epoch has a new order."""
    from mdgmvae.training.dataset import Dataset

    x = five_wells[0][:n_rows]
    seen = []
    original = Dataset.shuffled

    def spy(self, *arguments):
        blocks = list(original(self, *arguments))
        seen.append(np.concatenate([rows for _, (rows,) in blocks]))
        return iter(blocks)

    monkeypatch.setattr(Dataset, "shuffled", spy)
    model = GMVAE(**QUICK).fit(x)
    assert model.predict(x).shape == (n_rows,)
    assert len(seen) == 2
    for rows in seen:
        np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(x, axis=0))
    assert not np.array_equal(seen[0], seen[1])


def test_saved_model_keeps_its_scaling(fitted, five_wells, tmp_path):
    """The scaling is stored with the weights and never fitted again."""
    fitted.save(tmp_path / "model")
    loaded = GMVAE.load(tmp_path / "model")
    shifted = five_wells[0][:100] + 5.0
    np.testing.assert_array_equal(loaded.transform(shifted), fitted.transform(shifted))
    assert not np.allclose(loaded.transform(shifted), loaded.transform(shifted - 5.0))


# Guarantees of the estimator.


def test_components_are_numbered_by_decreasing_population(fitted, five_wells):
    counts = np.bincount(fitted.predict(five_wells[0]), minlength=4)
    assert (np.diff(counts) <= 0).all()
    np.testing.assert_allclose(fitted.populations_, counts / counts.sum())
    # The numbering belongs to the model and does not depend on the frames to be labelled.
    rare = five_wells[0][fitted.predict(five_wells[0]) == counts.argmin()][:50]
    assert set(fitted.predict(rare)) == {counts.argmin()}


def test_shapes_and_types(fitted, five_wells):
    x = five_wells[0][:70].astype(np.float64)
    found = fitted.assign(x)
    labels, probabilities, latent = found.components, found.component_probabilities, found.latent
    assert (labels.dtype, labels.shape) == (np.int64, (70,))
    assert (probabilities.dtype, probabilities.shape) == (np.float32, (70, 4))
    assert (latent.dtype, latent.shape) == (np.float32, (70, 2))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), labels)
    for values in (fitted.reconstruct(x), fitted.decode(latent), fitted.sample(70)[0]):
        assert (values.dtype, values.shape) == (np.float32, (70, 3))
    assert fitted.score_samples(x).dtype == np.float32
    assert list(fitted.get_feature_names_out()) == ["gmvae0", "gmvae1"]


@pytest.mark.slow
def test_reconstruction_is_near_the_frames_and_in_their_units(with_lag, far_wells):
    error = ((with_lag.reconstruct(far_wells) - far_wells) ** 2).mean(axis=0)
    assert (error < 0.5 * far_wells.var(axis=0)).all()
    drawn, _ = with_lag.sample(5000)
    np.testing.assert_allclose(drawn.mean(axis=0), far_wells.mean(axis=0), atol=20.0)


def test_score_is_in_the_units_of_the_data(five_wells):
    x = five_wells[0][:2000]
    settings = QUICK | {"scale": "standard"}
    one, ten = GMVAE(**settings).fit(x), GMVAE(**settings).fit(10.0 * x)
    # The same model of the scaled features: the density is 10 times lower in each dimension.
    assert one.score(x) - ten.score(10.0 * x) == pytest.approx(3 * np.log(10.0), abs=1e-3)


def test_score_of_a_frame_does_not_depend_on_the_others(fitted, five_wells):
    x = five_wells[0][:64]
    whole = fitted.score_samples(x)
    alone = np.concatenate([fitted.score_samples(x[i : i + 1]) for i in range(len(x))])
    np.testing.assert_array_equal(whole, alone)
    np.testing.assert_array_equal(fitted.score_samples(x[::-1]), whole[::-1])


def test_sampled_embedding_is_seeded_and_spreads_around_the_mean(fitted, five_wells):
    x = five_wells[0][:2000]
    drawn = fitted.transform(x, sample=True)
    np.testing.assert_array_equal(drawn, fitted.transform(x, sample=True))
    difference = drawn - fitted.transform(x)
    assert difference.std() > 1e-3
    assert np.abs(difference.mean()) < 5 * difference.std() / np.sqrt(len(x))
    assert not np.allclose(fitted.reconstruct(x, sample=True), fitted.reconstruct(x))
    for method in (fitted.transform, fitted.reconstruct):
        with pytest.raises(InputError, match="sample='no'"):
            method(x, sample="no")


@pytest.mark.slow
def test_k_1_is_a_plain_vae(five_wells):
    x = five_wells[0][:2000]
    model = GMVAE(k=1, **QUICK).fit(x)
    found = model.assign(x)
    assert not found.components.any()
    # Some processors divide by an approximate reciprocal: the last bit may differ.
    np.testing.assert_allclose(found.component_probabilities, 1.0, rtol=2e-7)
    assert found.latent.std() > 0
    assert set(model.history_["negative_entropy"]) == {0.0}


def test_same_seed_same_bits_in_another_process(five_wells, tmp_path):
    np.save(tmp_path / "x.npy", five_wells[0][:2000])
    script = """
        import numpy as np
        from mdgmvae import GMVAE
        np.random.seed(1)
        m = GMVAE(n_epochs=3, n_init=2, validation_fraction=0.1, seed=11).fit("x.npy")
        np.savez("weights.npz", **m.weights_)
    """
    run_script(script, tmp_path)
    here, other = (
        GMVAE(n_epochs=3, n_init=2, validation_fraction=0.1, seed=seed).fit(tmp_path / "x.npy")
        for seed in (11, 12)
    )
    with np.load(tmp_path / "weights.npz") as there:
        assert set(there) == set(here.weights_)
        for name in there:
            np.testing.assert_array_equal(there[name], here.weights_[name])
        assert not np.array_equal(other.weights_["px/0/weights"], there["px/0/weights"])


@pytest.mark.slow
def test_global_random_state_is_left_alone(five_wells):
    import random

    import tensorflow as tf

    def global_draws():
        return random.random(), np.random.rand(), float(tf.random.uniform([]))  # noqa: NPY002

    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    tf.random.set_seed(3)
    expected = global_draws()
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    tf.random.set_seed(3)
    GMVAE(**QUICK).fit(five_wells[0][:1200])
    assert global_draws() == expected


def test_seed_none_draws_one_and_keeps_it(five_wells):
    x = five_wells[0][:1200]
    first = GMVAE(n_epochs=1).fit(x)
    again = GMVAE(n_epochs=1, seed=first.seed_).fit(x)
    np.testing.assert_array_equal(first.predict_proba(x), again.predict_proba(x))


def test_presets_are_visible_and_survive_clone():
    model = GMVAE.from_preset("robust", k=7, seed=1)
    assert model.get_params()["scale"] == "tica"
    assert model.get_params()["vamp_weight"] > 0
    assert clone(model).get_params() == model.get_params()
    paper = GMVAE.from_preset("paper").get_params()
    assert paper == GMVAE().get_params()
    assert (paper["k"], paper["n_z"], paper["n_epochs"], paper["batch_size"]) == (5, 1, 50, 517)
    assert (paper["r_nent"], paper["lr"], paper["scale"]) == (0.05, 1e-4, None)
    assert (paper["validation_fraction"], paper["n_init"], paper["r_nent_start"]) == (0, 1, None)


def test_file_memory_map_and_array_give_the_same_model(five_wells, tmp_path):
    frames = five_wells[0][:2000]
    np.save(tmp_path / "x.npy", frames)
    models = [
        GMVAE(**QUICK).fit(x)
        for x in (frames, np.load(tmp_path / "x.npy", mmap_mode="r"), tmp_path / "x.npy")
    ]
    labels = [model.predict_proba(frames) for model in models]
    np.testing.assert_array_equal(labels[0], labels[1])
    np.testing.assert_array_equal(labels[0], labels[2])
    np.testing.assert_array_equal(models[0].predict(tmp_path / "x.npy"), labels[0].argmax(axis=1))


def test_pickled_estimator_predicts_the_same(fitted, five_wells):
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(
        again.predict_proba(five_wells[0][:99]), fitted.predict_proba(five_wells[0][:99])
    )


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("n_rows", [300, 2000])
@pytest.mark.parametrize("n_epochs", [1, 5])
def test_a_loss_that_is_not_finite_keeps_the_last_good_weights(five_wells, n_rows, n_epochs):
    x = five_wells[0][:n_rows]
    model = GMVAE(n_epochs=n_epochs, lr=1e30, seed=0, verbose=False)
    with pytest.raises(TrainingError, match=r"lower lr=1e\+30 or scale"):
        model.fit(x)
    found = [*model.weights_.values(), *vars(model.assign(x)).values(), model.score_samples(x)]
    for values in found:
        assert np.isfinite(values).all()


def test_early_stop_ends_before_the_last_epoch(five_wells):
    model = GMVAE(
        n_epochs=200, lr=0.02, validation_fraction=0.2, patience=3, seed=0, verbose=False
    ).fit(five_wells[0][:2000])
    assert model.n_epochs_ < 200
    assert len(model.history_["val_loss"]) == model.n_epochs_
    best = int(np.argmin(model.history_["val_loss"]))
    assert model.n_epochs_ - 1 - best == 3


@pytest.mark.slow
def test_a_batch_larger_than_the_data_is_all_of_them(five_wells):
    x = five_wells[0][:600]
    histories = [
        GMVAE(k=2, **QUICK, batch_size=size).fit(x).history_ for size in (600, 2**31 - 1, 3 * 10**9)
    ]
    assert histories[0] == histories[1] == histories[2]
    assert histories[0]["loss"][0] > 0


def test_lengths_may_be_an_array(five_wells):
    GMVAE(**QUICK).fit(five_wells[0][:1200], lengths=np.array([200, 1000]))


def test_without_a_lag_every_component_is_a_state(fitted, five_wells):
    x = five_wells[0][:300]
    np.testing.assert_array_equal(fitted.state_of_component_, range(4))
    assert fitted.state_of_component_.dtype == np.int64
    assert fitted.n_states_ == 4
    labels, probabilities = fitted.states_of(fitted.predict_proba(x))
    np.testing.assert_array_equal(labels, fitted.predict(x))
    np.testing.assert_array_equal(fitted.predict_states(x), labels)
    np.testing.assert_array_equal(probabilities, fitted.predict_proba(x))


def test_states_are_numbered_by_decreasing_count_of_frames(with_lag, far_wells):
    states = with_lag.state_of_component_[with_lag.predict(far_wells)]
    counts = np.bincount(states, minlength=with_lag.n_states_)
    assert 1 < with_lag.n_states_ < 6
    assert (counts > 0).all() and (np.diff(counts) <= 0).all()


def test_probabilities_of_states_are_sums_over_their_components(with_lag, far_wells):
    q = with_lag.predict_proba(far_wells[:500])
    labels, probabilities = with_lag.states_of(q)
    of_component = with_lag.state_of_component_
    assert (labels.dtype, probabilities.dtype) == (np.int64, np.float32)
    for state in range(with_lag.n_states_):
        expected = q[:, of_component == state].sum(axis=1)
        np.testing.assert_allclose(probabilities[:, state], expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(labels, of_component[q.argmax(axis=1)])


def test_a_frame_of_a_component_without_a_state_gets_the_next_probable_one(with_lag):
    model = clone(with_lag)
    model.__dict__.update(vars(with_lag))
    model.state_of_component_ = np.array([1, 0, -1, 1, 0, -1])
    q = np.array([[0.0, 0.1, 0.5, 0.3, 0.0, 0.1], [0, 0, 0, 0, 0, 1]])
    labels, probabilities = model.states_of(q)
    # In the second frame all components with a state have probability 0: the first one decides.
    np.testing.assert_array_equal(labels, [1, 1])
    np.testing.assert_allclose(probabilities, [[0.1, 0.3], [0.0, 0.0]], rtol=1e-6)


def test_probabilities_of_another_model_are_refused(with_lag):
    with pytest.raises(InputError, match=r"component_probabilities of shape \(3, 5\).*\(n, 6\)"):
        with_lag.states_of(np.zeros((3, 5)))


def test_a_number_of_states_needs_a_lag(five_wells):
    with pytest.raises(InputError, match=r"lag: n_macrostates=2 needs pairs of frames"):
        GMVAE(**QUICK, n_macrostates=2).fit(five_wells[0][:600])


@pytest.mark.slow
def test_a_feature_set_brings_its_segments(five_wells, tmp_path):
    x = five_wells[0][:1200]
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "x.json").write_text(json.dumps({"lengths": [700, 500]}))
    features = FeatureSet.load(tmp_path / "x.npy")
    by_set = GMVAE.from_preset("robust", **SHORT).fit(features)
    by_hand = GMVAE.from_preset("robust", **SHORT).fit(x, lengths=[700, 500])
    as_one = GMVAE.from_preset("robust", **SHORT).fit(x)
    assert by_set.history_ == by_hand.history_ != as_one.history_
    np.testing.assert_array_equal(by_set.predict(features), by_hand.predict(x))


def test_every_parameter_is_documented():
    documented = inspect.getdoc(GMVAE).partition("Attributes\n")[0]
    names = re.findall(r"^(\w[\w, ]*) : ", documented, re.MULTILINE)
    names = [name for line in names for name in line.split(", ")]
    assert names == list(inspect.signature(GMVAE).parameters)
    assert set(RULES) <= set(names)


def test_after_a_refused_fit_it_is_still_not_fitted(five_wells):
    model = GMVAE(**QUICK, n_x=7)
    with pytest.raises(InputError):
        model.fit(five_wells[0][:600])
    with pytest.raises(NotFittedError):
        model.predict(five_wells[0][:600])


@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
def test_memory_maps_of_another_kind_are_refused(tmp_path, dtype):
    values = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", dtype, (600, 3))
    wrong = values if dtype is np.complex64 else values[:, 0]
    with pytest.raises(InputError, match="memory map of shape"):
        GMVAE(**QUICK).fit(wrong)


def test_latent_coordinates_of_another_shape_are_refused(fitted):
    with pytest.raises(InputError, match=r"z of shape \(4, 3\).*\(n, 2\)"):
        fitted.decode(np.zeros((4, 3)))


def test_an_estimator_that_is_not_fitted_says_so():
    with pytest.raises(NotFittedError):
        GMVAE().predict(np.zeros((3, 2)))
    with pytest.raises(NotFittedError):
        GMVAE().save("nowhere")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k": 0}, "k=0: must be at least 1"),
        ({"k": 2.5}, "k=2.5: must be a whole number"),
        ({"k": 10_001}, "at most 10000"),
        ({"k": 601}, "k=601: more components than frames"),
        ({"n_z": -1}, "n_z=-1"),
        ({"n_x": 2}, "n_x=2: the data have 3 columns"),
        ({"lr": 0}, "lr=0"),
        ({"lr": float("nan")}, "lr=nan"),
        ({"lr": "fast"}, "lr='fast': must be a number"),
        ({"qy_dims": ()}, "qy_dims=()"),
        ({"px_dims": (32, 0)}, "px_dims=0"),
        ({"px_dims": "64"}, "px_dims='64'"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"r_nent": -0.1}, "r_nent=-0.1"),
        ({"scale": "minmax"}, "scale='minmax': choose one of None, standard"),
        ({"lr_schedule": None}, "lr_schedule=None"),
        ({"validation_fraction": 1.0}, "validation_fraction=1.0"),
        ({"patience": 0}, "patience=0"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": "x"}, "seed='x'"),
        ({"device": "gpu:7"}, "device='gpu:7': TensorFlow sees cpu"),
        ({"device": "cuda"}, "device='cuda': choose auto, cpu, gpu, or a GPU by its number, gpu:0"),
        ({"strategy": "all"}, "strategy='all': choose mirrored or multiworker"),
        ({"max_memory": "lots"}, "max_memory='lots': pass a number of bytes"),
        ({"verbose": "no"}, "verbose='no': must be True or False"),
        ({"checkpoint": "state.txt"}, r"checkpoint='state.txt'.*npz"),
        ({"relu_logits": "yes"}, "relu_logits='yes'"),
    ],
)
def test_invalid_parameters_are_named(parameters, message, five_wells):
    model = GMVAE(**QUICK | parameters)
    with pytest.raises(InputError, match=message.replace("(", r"\(").replace(")", r"\)")):
        model.fit(five_wells[0][:600])


def test_unknown_parameters_of_a_preset_are_named():
    with pytest.raises(InputError, match="learning_rate: no such hyperparameter; did you mean lr"):
        GMVAE.from_preset("robust", learning_rate=0.1)
    with pytest.raises(InputError, match=r"random_state: .*; did you mean seed"):
        GMVAE.from_preset("robust", random_state=0)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [([500], "600 frames"), ([600, 0], "lengths=0"), ([-1, 601], "lengths=-1")],
)
def test_lengths_must_fit(lengths, message, five_wells):
    with pytest.raises(InputError, match=message):
        GMVAE(**QUICK).fit(five_wells[0][:600], lengths=lengths)


def test_bad_values_are_located_in_arrays_and_files(five_wells, tmp_path):
    x = five_wells[0][:600].copy()
    x[123, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        GMVAE(**QUICK).fit(x)
    np.save(tmp_path / "x.npy", x)
    with pytest.raises(InputError, match=r"x.npy: frame 123, column 2 is NaN"):
        GMVAE(**QUICK).fit(tmp_path / "x.npy")


def test_other_number_of_columns_is_refused(fitted, five_wells, tmp_path):
    np.save(tmp_path / "x.npy", five_wells[0][:, :2])
    with pytest.raises(InputError, match=r"x.npy: has 2 columns.*trained on 3"):
        fitted.predict(tmp_path / "x.npy")
    with pytest.raises(ValueError, match="expecting 3 features"):
        fitted.predict(five_wells[0][:, :2])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Skipping check check_array_api_input")
def test_scikit_learn_finds_nothing_wrong():
    from sklearn.utils.estimator_checks import check_estimator

    outcomes = check_estimator(GMVAE(seed=0, n_epochs=2), on_fail=None)
    failed = [outcome for outcome in outcomes if outcome["status"] == "failed"]
    assert not failed
    assert sum(outcome["status"] == "passed" for outcome in outcomes) >= 40
