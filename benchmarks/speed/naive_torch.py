"""Contestant: the same model in plain PyTorch, with all components in one batch of k x n rows.

Usage: python naive_torch.py SIZE
"""

import math
import sys
from collections.abc import Callable

import torch
from sizes import R_NENT, chosen, frames
from torch import nn
from torch.nn import functional
from torch_rounds import adam_epoch, serve_torch


class Perceptron(nn.Module):
    def __init__(self, n_in: int, widths: tuple[int, ...], heads: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in widths:
            layers += [nn.Linear(n_in, width), nn.ReLU()]
            n_in = width
        self.hidden = nn.Sequential(*layers)
        self.heads = nn.ModuleList(nn.Linear(n_in, n) for n in heads)

    def forward(self, h: torch.Tensor) -> list[torch.Tensor]:
        h = self.hidden(h)
        return [head(h) for head in self.heads]


def log_normal(x: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
    terms = math.log(2 * math.pi) + variance.log() + (x - mean).square() / variance
    return -0.5 * terms.sum(-1)


class GaussianMixtureVAE(nn.Module):
    def __init__(self, k, n_x, n_z, qy_dims, qz_dims, pz_dims, px_dims) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.k = k
        self.transform = nn.Linear(k, k)
        self.qy = Perceptron(n_x, qy_dims, (k,))
        self.qz = Perceptron(n_x + k, qz_dims, (n_z, n_z))
        self.pz = Perceptron(k, pz_dims, (n_z, n_z))
        self.px = Perceptron(n_z, px_dims, (n_x, n_x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of the frames."""
        one_hot = torch.eye(self.k).repeat_interleave(len(x), 0)
        tiled = x.repeat(self.k, 1)
        (logits,) = self.qy(x)
        mean, raw = self.qz(torch.cat([tiled, self.transform(one_hot)], 1))
        variance = functional.softplus(raw) + 1e-5
        z = mean + variance.sqrt() * torch.randn_like(mean)
        prior_mean, prior_raw = self.pz(one_hot)
        x_mean, x_raw = self.px(z)
        of_component = (
            -log_normal(tiled, x_mean, functional.softplus(x_raw) + 1e-5)
            + log_normal(z, mean, variance)
            - log_normal(z, prior_mean, functional.softplus(prior_raw) + 1e-5)
            + math.log(self.k)
        )
        of_component = of_component.view(self.k, len(x)).T
        q, log_q = logits.softmax(1), logits.log_softmax(1)
        return (R_NENT * q * log_q + q * of_component).sum(1).mean()


def make(size: str) -> Callable[[], int]:
    settings, batch_size, _ = chosen(size)
    x = torch.from_numpy(frames(size))
    model = GaussianMixtureVAE(**settings)
    return adam_epoch(model, x, batch_size, model)


if __name__ == "__main__":
    serve_torch(make, sys.argv[1])
