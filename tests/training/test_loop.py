"""The loop: losses fall, budgets share a trunk, runs end in states, resuming changes nothing."""

import math
import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest
from small_runs import SETTINGS, corpus, dense, own, sparse

from autotune.errors import InputError
from autotune.training.result import RunState, from_json

pytest.importorskip("torch")
pytest.importorskip("transformers")

from autotune.training.checkpoint import Folder
from autotune.training.checkpoint_files import LATEST, RESULTS, TRUNK
from autotune.training.loop import train
from autotune.training.run import Limits
from autotune.training.watch import Watch

TEXT = corpus()
RUNS = [
    pytest.param(dense, id="dense"),
    pytest.param(sparse, id="loss balances"),
    pytest.param(lambda **changes: sparse(bias=True, **changes), id="bias balances"),
    pytest.param(
        lambda **changes: dense(settings=replace(SETTINGS, optimizer="adamw"), **changes),
        id="adamw",
    ),
]


def stopping_after(steps):
    """Stop at the step after so many."""
    left = iter(range(steps))
    return Watch(stop=lambda: next(left, None) is None)


def losses(results):
    return [result.loss for result in results]


@pytest.mark.parametrize("make", RUNS)
def test_loss_falls_with_tokens_from_that_of_a_uniform_guess(make):
    first, second = losses(train(make(), TEXT))
    assert second < first < 0.7 * math.log(TEXT.vocabulary)


@pytest.mark.parametrize("make", RUNS)
def test_a_run_stopped_at_random_steps_ends_with_the_same_losses_bit_by_bit(make, tmp_path):
    straight = losses(train(make(), TEXT))
    draw, found = np.random.default_rng(0), [None]
    while None in found:
        watch = stopping_after(int(draw.integers(5, 50)))
        found = losses(train(make(out=tmp_path / "run"), TEXT, watch))
    assert found == straight


def test_a_run_killed_at_random_moments_ends_with_the_same_losses(tmp_path):
    run = own(tmp_path, tokens=(8000.0, 16000.0))
    straight = losses(train(run, TEXT))
    kept = replace(run, out=tmp_path / "run", limits=Limits(save_every=0.0))
    draw = np.random.default_rng(1)
    for _ in range(4):
        child = os.fork()
        if child == 0:
            list(train(kept, TEXT))
            os._exit(0)
        time.sleep(float(draw.uniform(0.05, 0.2)))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert losses(train(kept, TEXT)) == straight


def test_a_budget_has_the_same_loss_alone_as_beside_a_larger_one():
    settings = replace(SETTINGS, warmup=3)
    together = losses(train(dense(settings=settings), TEXT))
    alone = [losses(train(dense(tokens=(t,), settings=settings), TEXT))[0] for t in dense().tokens]
    assert together == alone


def test_a_finished_run_goes_on_to_a_larger_budget_without_training_again(tmp_path):
    settings = replace(SETTINGS, warmup=3)
    whole = losses(train(dense(settings=settings), TEXT))
    small = dense(tokens=dense().tokens[:1], settings=settings, out=tmp_path / "run")
    list(train(small, TEXT))
    steps = []
    watch = Watch(see=lambda step, _steps, _loss: steps.append(step))
    assert losses(train(replace(small, tokens=dense().tokens), TEXT, watch)) == whole
    assert steps[0] > 20


def test_a_result_reads_back_as_it_was_written():
    for result in train(sparse(), TEXT):
        assert from_json(result.to_json()) == result


def test_a_result_says_what_it_cost_and_how_even_the_experts_were():
    result = list(train(sparse(), TEXT))[-1]
    assert result.flops == result.size.flops_per_token * result.tokens
    assert result.flops_6nd == 6 * result.size.n_active * result.tokens
    assert result.size.n_active < result.size.n_total < result.size.n_params
    assert result.bits_per_byte == pytest.approx(result.loss / math.log(2))
    assert sum(result.expert_load[0]) == pytest.approx(4)
    assert result.cost.cpu_seconds > 0
    assert [point.tokens for point in result.curve] == sorted(p.tokens for p in result.curve)


def test_a_learning_rate_far_too_large_ends_as_diverged_with_its_curve(tmp_path):
    run = own(tmp_path, settings=replace(SETTINGS, lr_multiplier=1e5), out=tmp_path / "run")
    first, second = train(run, TEXT)
    assert first.state is second.state is RunState.DIVERGED
    assert first.loss is None
    assert first.curve
    assert [each.state for each in train(run, TEXT)] == [RunState.DIVERGED] * 2  # and is kept


def test_a_budget_that_would_not_fit_the_time_is_not_finished_but_what_fits_is(tmp_path):
    ticks = iter(range(10**9))
    run = own(tmp_path, out=tmp_path / "run", limits=Limits(seconds=150.0))
    watch = Watch(clock=lambda: float(next(ticks)))  # a second for each look at the clock
    first, second = train(run, TEXT, watch)
    assert (first.state, second.state) == (RunState.COMPLETED, RunState.TIMEOUT)
    assert "are left" in second.detail
    assert losses(train(replace(run, limits=Limits()), TEXT)) == losses(train(own(tmp_path), TEXT))


def test_a_run_that_is_stopped_says_so_and_keeps_its_state(tmp_path):
    first, second = train(own(tmp_path, out=tmp_path / "run"), TEXT, stopping_after(9))
    assert first.state is second.state is RunState.INTERRUPTED
    assert first.steps == 9
    assert (tmp_path / "run" / LATEST).exists()


def test_a_batch_beyond_memory_is_computed_in_two_parts_with_the_same_loss(tmp_path):
    tight = "if len(ids) > 2: raise torch.OutOfMemoryError('CUDA out of memory. Tried more')"
    plain, parts = (next(train(own(tmp_path, first), TEXT)) for first in ("pass", tight))
    assert parts.facts["micro_batches"] == 2
    assert parts.loss == pytest.approx(plain.loss, rel=1e-4)


def test_a_model_that_never_fits_ends_as_out_of_memory(tmp_path):
    never = "raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 1 GiB')"
    result = next(train(own(tmp_path, never), TEXT))
    assert result.state is RunState.OUT_OF_MEMORY
    assert "Tried to allocate" in result.detail


def test_a_loss_no_better_than_counting_tokens_is_flagged(tmp_path):
    settings = replace(SETTINGS, lr_multiplier=1e-4)
    result = next(train(own(tmp_path, settings=settings), TEXT))
    assert any("undertrained" in warning for warning in result.warnings)


def test_another_run_in_the_folder_is_refused_with_what_differs(tmp_path):
    list(train(own(tmp_path, out=tmp_path / "run"), TEXT))
    with pytest.raises(InputError, match=r"holds another run; 1 .*first: seed is 0 there and 1"):
        train(own(tmp_path, out=tmp_path / "run", seed=1), TEXT)


def test_no_space_for_checkpoints_is_refused_before_the_first_step(tmp_path):
    with pytest.raises(InputError, match=r"bytes free, checkpoints need 3,000,000,000,000,000,000"):
        Folder(tmp_path, {"model": "m"}).claim(10**18)


def test_a_disk_that_fills_up_costs_the_checkpoint_and_not_the_run(tmp_path):
    run = own(tmp_path, out=tmp_path / "run")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / f"{TRUNK}.tmp").mkdir()  # no file can be written there
    result = list(train(run, TEXT))[-1]
    assert result.state is RunState.COMPLETED
    assert any("no checkpoint at step" in warning for warning in result.warnings)


def test_a_torn_last_result_is_trained_again(tmp_path):
    run = own(tmp_path, out=tmp_path / "run")
    straight = losses(train(run, TEXT))
    path = tmp_path / "run" / RESULTS
    path.write_text(path.read_text()[:-40])
    assert losses(train(run, TEXT)) == straight
    assert losses(train(run, TEXT)) == straight  # now that it is written behind the torn line


def test_a_corpus_shorter_than_a_batch_is_refused(tmp_path):
    with pytest.raises(InputError, match="fewer than one batch of 4 x 16"):
        train(own(tmp_path), corpus(100))
