"""Rounds of a contestant that is a PyTorch module: Adam in a plain loop over shuffled frames."""

from collections.abc import Callable

import torch
from sizes import LR
from worker import n_threads, serve


def adam_epoch(
    model: torch.nn.Module,
    x: torch.Tensor,
    batch_size: int,
    loss: Callable[[torch.Tensor], torch.Tensor],
) -> Callable[[], int]:
    """What trains on all frames once, and says how many they are."""
    adam = torch.optim.Adam(model.parameters(), lr=LR)

    def epoch() -> int:
        for rows in torch.randperm(len(x)).split(batch_size):
            adam.zero_grad()
            loss(x[rows]).backward()
            adam.step()
        return len(x)

    return epoch


def serve_torch(make: Callable[[str], Callable[[], int]], size: str) -> None:
    """`worker.serve`, with the threads that a contestant may use."""
    torch.set_num_threads(n_threads())
    serve(make(size))
