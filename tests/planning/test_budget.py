"""Budgets from FLOPs, from devices and time, and from a target; and the devices' peaks."""

import pytest

from autotune.errors import InputError
from autotune.planning import accelerators
from autotune.planning.budget import Budget


def test_devices_times_dense_peak_times_time_times_utilisation():
    device = accelerators.find("h100")
    found = Budget.from_devices(device, count=2048, days=30, mfu=0.4)
    assert found.flops == pytest.approx(2048 * 989.4e12 * 30 * 86400 * 0.4, rel=1e-12)
    assert "h100-sxm (dense bf16 peak 989.4 TFLOP/s)" in str(found)
    assert "MFU 0.4" in str(found)


def test_deepseek_v3s_hours_need_a_plausible_utilisation():
    """2.788M H800-hours for 3.2856e24 FLOPs: 33 % of the dense bf16 peak."""
    peak = accelerators.find("h800").dense_flops
    assert 3.2856e24 / (2.788e6 * 3600 * peak) == pytest.approx(0.331, abs=0.002)


@pytest.mark.parametrize(
    ("name", "means", "dense"),
    [
        ("h100", "h100-sxm", 989.4e12),
        ("H100_PCIe", "h100-pcie", 756e12),
        ("h100-nvl", "h100-nvl", 835.5e12),
        ("a100", "a100-sxm", 312e12),
        ("MI300X", "mi300x-oam", 1307.4e12),
        ("mi250x", "mi250x-oam", 383e12),
        ("tpuv5p", "tpuv5p", 459e12),
    ],
)
def test_a_bare_name_means_the_default_form_factor(name, means, dense):
    found = accelerators.find(name)
    assert found.name == means
    assert found.dense_flops == dense


def test_a_sparse_peak_is_about_twice_the_dense_one_and_never_used():
    for item in accelerators.CATALOGUE:
        if item.sparse_flops is not None:
            assert item.sparse_flops == pytest.approx(2 * item.dense_flops, rel=2e-3)
        assert item.source


def test_each_device_has_one_peak_for_each_type():
    keys = [(item.name, item.dtype) for item in accelerators.CATALOGUE]
    assert len(set(keys)) == len(keys)


def test_an_unknown_device_names_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'h100"):
        accelerators.find("h1000")


def test_a_device_without_the_type_says_which_it_has():
    with pytest.raises(InputError, match=r"no published bf16 peak here\. It has: fp16"):
        accelerators.find("v100")
    assert accelerators.find("h100", dtype="FP8").dense_flops == 1978.9e12


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "exactly one"),
        ({"flops": 1e21, "target_loss": 2.0}, "exactly one"),
        ({"flops": 0.0}, "flops"),
        ({"flops": -1e21}, "flops"),
        ({"flops": float("nan")}, "flops"),
        ({"target_loss": 0.0}, "target_loss"),
        ({"flops": 1e21, "inference_tokens": -1.0}, "inference_tokens"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(arguments, says):
    with pytest.raises(InputError, match=says):
        Budget(**arguments)


def test_a_utilisation_above_one_is_refused():
    with pytest.raises(InputError, match=r"Write 40 % as 0\.4"):
        Budget.from_devices(accelerators.find("h100"), count=1, days=1, mfu=40)
