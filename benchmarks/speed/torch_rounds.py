"""Rounds of contestants that are PyTorch modules: Adam in a plain loop over shuffled frames."""

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
    """Return a function that trains on all frames once and returns their number."""
    adam = torch.optim.Adam(model.parameters(), lr=LR)

    def epoch() -> int:
        for rows in torch.randperm(len(x)).split(batch_size):
            adam.zero_grad()
            loss(x[rows]).backward()
            adam.step()
        return len(x)

    return epoch


def serve_torch(make: Callable[[str], Callable[[], int]], size: str) -> None:
    """Call `worker.serve`, with the number of threads set for PyTorch."""
    torch.set_num_threads(n_threads())
    serve(make(size))
