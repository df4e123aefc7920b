"""Where a run computes, and what is known about that place."""

import os
import platform
import resource
import sys
from contextlib import AbstractContextManager, nullcontext
from importlib import metadata
from typing import Any

import torch

from autotune.errors import InputError

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def prepare(device: str) -> torch.device:
    """Make a device ready: one thread on CPU, fast matrix products on CUDA.

    Raises:
        InputError: If CUDA is asked for where there is none.
    """
    if device == "cuda":
        if not torch.cuda.is_available():
            raise InputError(
                f"--device cuda: torch {torch.__version__} finds no CUDA device here. "
                "Use --device cpu, or install a torch built for CUDA."
            )
        torch.set_float32_matmul_precision("high")
    else:
        torch.set_num_threads(1)  # threads of one small run wait for each other
    return torch.device(device)


def precision(device: torch.device) -> AbstractContextManager[Any]:
    """Compute in bf16 on CUDA, in fp32 on CPU."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


def peak_bytes(device: torch.device) -> int:
    """Largest memory so far: allocated on the device, or resident in the process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT


def environment(device: torch.device) -> dict[str, Any]:
    """Versions and machine: losses agree bit by bit only where these do."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _cpu()
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "transformers": metadata.version("transformers"),
        "device": name,
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "precision": "bf16" if device.type == "cuda" else "fp32",
    }


def _cpu() -> str:
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
