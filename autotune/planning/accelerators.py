"""Peak matrix throughput of accelerators, as their vendors publish it.

Dense and structured-sparse peaks, data type and form factor are separate fields, because mixing
them up is the usual way to be wrong by a factor of two. A training budget uses the dense peak.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from autotune import checks
from autotune.errors import InputError

_NVIDIA_A100 = "NVIDIA A100 Tensor Core GPU data sheet"
_NVIDIA_H100 = "NVIDIA H100 Tensor Core GPU architecture white paper and data sheet"
_NVIDIA_H200 = "NVIDIA H200 Tensor Core GPU data sheet"
_NVIDIA_B200 = "NVIDIA DGX B200 and GB200 NVL72 data sheets, one GPU"
_AMD = "AMD Instinct data sheets"
_GOOGLE = "Google Cloud TPU system architecture pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """The peak of one device in one data type.

    Attributes:
        family: What people call it, for example `h100`.
        form_factor: `sxm`, `pcie`, `nvl`, `oam`, or `chip` where there is only one.
        dtype: Data type of the multiplicands: `bf16`, `fp16` or `fp8`.
        dense_flops: Peak FLOP/s on dense matrices.
        sparse_flops: Peak FLOP/s with 2:4 structured sparsity, None where there is none.
        source: Where the vendor states it.
    """

    family: str
    form_factor: str
    dtype: str
    dense_flops: float
    sparse_flops: float | None
    source: str

    @property
    def name(self) -> str:
        """The name that means this device alone, for example `h100-sxm`."""
        return self.family if self.form_factor == "chip" else f"{self.family}-{self.form_factor}"

    def __str__(self) -> str:
        return f"{self.name} (dense {self.dtype} peak {self.dense_flops / 1e12:g} TFLOP/s)"


# Name, data type, dense and sparse peak in TFLOP/s, source. Within a family, the first form
# factor is the one that its bare name means.
_PEAKS: tuple[tuple[str, str, float, float | None, str], ...] = (
    ("v100-sxm", "fp16", 125, None, "NVIDIA V100 data sheet"),
    ("v100-pcie", "fp16", 112, None, "NVIDIA V100 data sheet"),
    ("a100-sxm", "bf16", 312, 624, _NVIDIA_A100),
    ("a100-pcie", "bf16", 312, 624, _NVIDIA_A100),
    ("h100-sxm", "bf16", 989.4, 1978.9, _NVIDIA_H100),
    ("h100-sxm", "fp8", 1978.9, 3957.8, _NVIDIA_H100),
    ("h100-pcie", "bf16", 756, 1513, _NVIDIA_H100),
    ("h100-pcie", "fp8", 1513, 3026, _NVIDIA_H100),
    ("h100-nvl", "bf16", 835.5, 1671, _NVIDIA_H100),
    ("h100-nvl", "fp8", 1670.5, 3341, _NVIDIA_H100),
    ("h800-sxm", "bf16", 989.4, 1978.9, "same GH100 die and clocks as the H100 SXM"),
    ("h800-sxm", "fp8", 1978.9, 3957.8, "same GH100 die and clocks as the H100 SXM"),
    ("h200-sxm", "bf16", 989.4, 1978.9, _NVIDIA_H200),
    ("h200-sxm", "fp8", 1978.9, 3957.8, _NVIDIA_H200),
    ("h200-nvl", "bf16", 835.5, 1671, _NVIDIA_H200),
    ("h200-nvl", "fp8", 1670.5, 3341, _NVIDIA_H200),
    ("b200-sxm", "bf16", 2250, 4500, _NVIDIA_B200),
    ("b200-sxm", "fp8", 4500, 9000, _NVIDIA_B200),
    ("gb200-nvl", "bf16", 2500, 5000, _NVIDIA_B200),
    ("gb200-nvl", "fp8", 5000, 10000, _NVIDIA_B200),
    ("mi250x-oam", "bf16", 383, None, _AMD),
    ("mi300x-oam", "bf16", 1307.4, 2614.9, _AMD),
    ("mi300x-oam", "fp8", 2614.9, 5229.8, _AMD),
    ("mi325x-oam", "bf16", 1307.4, 2614.9, _AMD),
    ("mi325x-oam", "fp8", 2614.9, 5229.8, _AMD),
    ("tpuv4", "bf16", 275, None, _GOOGLE),
    ("tpuv5e", "bf16", 197, None, _GOOGLE),
    ("tpuv5p", "bf16", 459, None, _GOOGLE),
    ("tpuv6e", "bf16", 918, None, _GOOGLE),
)


def _accelerators() -> Iterator[Accelerator]:
    for name, dtype, dense, sparse, source in _PEAKS:
        family, _, form_factor = name.partition("-")
        yield Accelerator(
            family=family,
            form_factor=form_factor or "chip",
            dtype=dtype,
            dense_flops=dense * 1e12,
            sparse_flops=sparse and sparse * 1e12,
            source=source,
        )


CATALOGUE = tuple(_accelerators())

DEFAULT_FORM_FACTOR = MappingProxyType(
    {item.family: item.form_factor for item in reversed(CATALOGUE)}
)


def find(name: str, *, dtype: str = "bf16") -> Accelerator:
    """Look a device up by name; a bare family name means its default form factor.

    Args:
        name: For example `h100`, `h100-pcie` or `MI300X`; case does not matter.
        dtype: Data type of the peak; a V100 has no bf16 and needs `fp16`.

    Raises:
        InputError: If there is no such device, naming the nearest, or no such data type on it.
    """
    key = name.strip().lower().replace("_", "-").replace(" ", "-")
    full = [item for item in CATALOGUE if item.name == key]
    if not full:
        known = dict.fromkeys(name for item in CATALOGUE for name in (item.family, item.name))
        family = checks.one_of("GPU", key, known)
        form_factor = DEFAULT_FORM_FACTOR[family]
        full = [i for i in CATALOGUE if i.family == family and i.form_factor == form_factor]
    for item in full:
        if item.dtype == dtype.lower():
            return item
    has = ", ".join(item.dtype for item in full)
    raise InputError(f"{full[0].name} has no published {dtype} peak here. It has: {has}.")
