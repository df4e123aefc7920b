"""Load of experts: an auxiliary loss or a bias per expert evens it out, and it is reported."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from autotune.training.roles import is_router

BIAS = "e_score_correction_bias"


class Balance:
    """Watches every router of a model.

    Attributes:
        n_routers: How many there are; 0 for a dense model.
    """

    def __init__(self, model: nn.Module, *, weight: float) -> None:
        self._weight = weight
        self._routers = [module for module in model.modules() if is_router(module)]
        self._seen: list[tuple[Tensor, Tensor]] = []
        self.n_routers = len(self._routers)
        for router in self._routers:
            router.register_forward_hook(self._keep)
        self.biases = [b for r in self._routers if isinstance(b := getattr(r, BIAS, None), Tensor)]

    def _keep(self, module: nn.Module, inputs: object, outputs: Sequence[Tensor]) -> None:  # noqa: ARG002
        self._seen.append((outputs[0], outputs[2]))

    def clear(self) -> None:
        """Forget what the last forward pass did."""
        self._seen.clear()

    def loss(self) -> Tensor | None:
        """The auxiliary loss of the last forward pass, None where nothing is to be added.

        It is the mean over layers of E sum_i f_i P_i with f_i the share of assignments and P_i the
        mean probability of expert i (Fedus et al. 2021, arXiv:2101.03961, eq. 4); 1 if even.
        """
        if not self._seen or self.biases or not self._weight:
            return None
        terms = []
        for logits, chosen in self._seen:
            shares = _counts(chosen, logits.shape[-1]) / chosen.numel()
            terms.append((shares * logits.float().softmax(-1).mean(0)).sum() * logits.shape[-1])
        return self._weight * torch.stack(terms).mean()

    def adjust(self) -> None:
        """Move each bias against its load (DeepSeek-V3, arXiv:2412.19437, section 2.1.2)."""
        with torch.no_grad():
            for bias, (logits, chosen) in zip(self.biases, self._seen, strict=False):
                counts = _counts(chosen, logits.shape[-1])
                bias.add_(torch.sign(counts.mean() - counts), alpha=self._weight)

    def counts(self) -> Tensor | None:
        """Assignments of the last forward pass, shape (layers, experts); None if dense."""
        if not self._seen:
            return None
        return torch.stack([_counts(chosen, logits.shape[-1]) for logits, chosen in self._seen])


def _counts(chosen: Tensor, n_experts: int) -> Tensor:
    if chosen.is_cuda:  # bincount on CUDA synchronises
        return torch.histc(chosen.int(), n_experts, 0, n_experts - 1).float()
    return torch.bincount(chosen.reshape(-1), minlength=n_experts).float()
