"""The loss of docs/reference/model.md in plain float64 NumPy, frame by frame.

It loops over the components, shares no code with the package, and follows the equations literally.
"""

import numpy as np


def dense(weights, name, h):
    return h @ weights[f"{name}/weights"].astype(np.float64) + weights[f"{name}/biases"]


def hidden(weights, network, h):
    layer = 0
    while f"{network}/{layer}/weights" in weights and f"{network}/{layer}" != final(
        weights, network
    ):
        h = np.maximum(dense(weights, f"{network}/{layer}", h), 0.0)
        layer += 1
    return h


def final(weights, network):
    """Return the name of the last layer of q(y|x), the logits; other networks end in two heads."""
    if network != "qy":
        return None
    layer = 0
    while f"qy/{layer + 1}/weights" in weights:
        layer += 1
    return f"qy/{layer}"


def gaussian(weights, network, h):
    h = hidden(weights, network, h)
    raw = dense(weights, f"{network}/variance", h)
    return dense(weights, f"{network}/mean", h), np.log1p(np.exp(raw)) + 1e-5


def log_normal(x, mean, variance):
    return (-0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance)).sum(axis=-1)


def q_of_y(weights, x, relu_logits=False):
    logits = dense(weights, final(weights, "qy"), hidden(weights, "qy", x))
    if relu_logits:
        logits = np.maximum(logits, 0.0)
    e = np.exp(logits - logits.max())
    return e / e.sum()


def loss(weights, x, noise, r_nent, relu_logits=False):
    """Return the loss of one frame x (n_x,) for each draw of the noise (..., k, n_z)."""
    k = noise.shape[-2]
    x = x.astype(np.float64)
    q = q_of_y(weights, x, relu_logits)
    total = 0.0
    for y in range(k):
        one_hot = np.eye(k)[y]
        qz_mean, qz_variance = gaussian(
            weights, "qz", np.concatenate([x, dense(weights, "qz/one_hot", one_hot)])
        )
        pz_mean, pz_variance = gaussian(weights, "pz", one_hot)
        z = qz_mean + np.sqrt(qz_variance) * noise[..., y, :]
        x_mean, x_variance = gaussian(weights, "px", z)
        bracket = (
            -log_normal(x, x_mean, x_variance)
            + log_normal(z, qz_mean, qz_variance)
            - log_normal(z, pz_mean, pz_variance)
            + np.log(k)
        )
        total += q[y] * bracket
        if q[y] > 0:
            total += r_nent * q[y] * np.log(q[y])
    return total
