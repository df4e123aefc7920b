"""Muon's update: nearly orthogonal, with the singular vectors of the gradient."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from small_runs import sparse  # noqa: E402

from autotune.training.build import build  # noqa: E402
from autotune.training.muon import COEFFICIENTS, orthogonal  # noqa: E402
from autotune.training.optimizers import Optimizers  # noqa: E402

sides = st.integers(2, 24)


def matrices(rows, columns, seed, n=2):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, rows, columns, generator=generator)


def test_the_three_steps_bring_singular_values_from_two_hundredths_up_within_a_tenth_of_one():
    value = np.linspace(0.02, 1, 10_000)
    for a, b, c in COEFFICIENTS:
        value = a * value + b * value**3 + c * value**5
    assert np.abs(value - 1).max() < 0.1


@settings(max_examples=30)
@given(rows=sides, columns=sides, seed=st.integers(0, 99))
def test_singular_values_that_are_not_tiny_come_near_one(rows, columns, seed):
    given_ = matrices(rows, columns, seed)
    u, s, v = torch.linalg.svd(given_, full_matrices=False)
    s = s.clamp(min=0.05 * float(s.max()))
    found = torch.linalg.svdvals(orthogonal(u @ torch.diag_embed(s) @ v))
    assert 0.85 < float(found.min()) <= float(found.max()) < 1.15


@settings(max_examples=30)
@given(rows=sides, columns=sides, seed=st.integers(0, 99))
def test_singular_vectors_stay(rows, columns, seed):
    given_ = matrices(rows, columns, seed)
    u, _, v = torch.linalg.svd(given_, full_matrices=False)
    inner = u.mT @ orthogonal(given_) @ v.mT
    off = inner - torch.diag_embed(torch.diagonal(inner, dim1=-2, dim2=-1))
    assert float(off.abs().max()) < 1e-3


@given(scale=st.floats(1e-6, 1e6), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_the_size_of_the_gradient_does_not_matter(scale, seed):
    given_ = matrices(6, 4, seed)
    assert torch.allclose(orthogonal(given_ * scale), orthogonal(given_), atol=1e-4)


def test_matrices_of_a_stack_do_not_mix():
    given_ = matrices(5, 7, 0, n=3)
    alone = torch.stack([orthogonal(each) for each in given_])
    assert torch.allclose(orthogonal(given_), alone, atol=1e-5)


def test_a_matrix_without_a_gradient_stays_where_it_is():
    assert not orthogonal(torch.zeros(2, 3, 4)).any()


def test_the_gate_and_the_up_of_every_expert_have_an_orthogonal_step_of_their_own():
    model = build(sparse().model, vocabulary=16, context=8)
    optimizers = Optimizers(model, sparse().settings.resolved((1e5,), 1000))
    experts = model.get_submodule("inner.model.layers.0.mlp.experts")
    weight, before = experts.gate_up_proj, experts.gate_up_proj.detach().clone()
    weight.grad.copy_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(0)))
    optimizers.step(1.0)
    rows = weight.shape[1] // 2
    moved = (before - weight.detach()).view(-1, rows, weight.shape[2])
    scale = sparse().settings.resolved((1e5,), 1000).muon_lr * max(1, rows / weight.shape[2]) ** 0.5
    values = torch.linalg.svdvals(moved / scale)
    assert 0.5 < float(values.min()) <= float(values.max()) < 1.15
