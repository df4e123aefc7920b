"""A saved fit of the best shape as a JSON object and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from autotune.errors import StoreError
from autotune.fits import record
from autotune.fits.saved import SavedShape
from autotune.laws.fitted_shape import SHAPE_NUMBERS, Banded, FittedPower, FittedShape
from autotune.laws.sparse_shape import BoundedPower, Powered, RaisedPower, Scale

KIND = "shape"
ENDS = ("best", "low", "high")


def to_json(fit: SavedShape) -> dict[str, Any]:
    """The fit as plain values."""
    shape = fit.shape
    document: dict[str, Any] = record.head(fit) | {
        "kind": KIND,
        "n_runs": fit.n_runs,
        "weak": fit.weak,
        "warnings": fit.warnings,
        "held": {
            "n_experts": shape.n_experts,
            "top_k": shape.top_k,
            "n_shared": shape.n_shared,
            "dense_ratio": shape.dense_ratio,
            "seq_len": shape.seq_len,
        },
        "scales": [asdict(scale) for scale in shape.scales],
        "flops": shape.flops,
        "tolerance": shape.tolerance,
        "level": shape.level,
        "laws": {
            number: {"budgets": law.budgets} | {end: _power(getattr(law, end)) for end in ENDS}
            for number, law in shape.laws.items()
        },
    }
    return {key: record.plain(value) for key, value in document.items()}


def _power(law: FittedPower) -> dict[str, Any]:
    return {"formula": asdict(law.formula), "draws": law.draws}


def from_json(document: Mapping[str, Any]) -> SavedShape:
    """Read what `to_json` wrote.

    Raises:
        StoreError: If a newer autotune wrote it.
        KeyError, TypeError, ValueError: If it is not the record of a fit.
    """
    record.refuse_newer(document)
    unknown = sorted(document["laws"].keys() - set(SHAPE_NUMBERS))
    if unknown:
        raise StoreError(f"it has a law of {unknown[0]!r}, which this autotune does not know.")
    low, high = document["flops"]
    shape = FittedShape(
        laws={
            number: _law(document["laws"][number])
            for number in SHAPE_NUMBERS
            if number in document["laws"]
        },
        scales=tuple(Scale(**scale) for scale in document["scales"]),
        flops=(float(low), float(high)),
        tolerance=float(document["tolerance"]),
        level=float(document["level"]),
        **document["held"],
    )
    return SavedShape(
        id=document["id"], shape=shape, data=document["data"], data_hash=document["data_hash"],
        n_runs=int(document["n_runs"]), weak=tuple(document["weak"]),
        warnings=tuple(document["warnings"]),
    )  # fmt: skip


def _law(document: Mapping[str, Any]) -> Banded:
    best, low, high = (
        FittedPower(
            formula=_formula(document[end]["formula"]),
            draws=np.array(
                [[float(x) for x in row] for row in document[end]["draws"]], dtype=np.float64
            ).reshape(-1, 2),
        )
        for end in ENDS
    )
    return Banded(
        best=best, low=low, high=high, budgets=tuple(float(c) for c in document["budgets"])
    )


def _formula(values: Mapping[str, Any]) -> Powered:
    numbers = record.numbers(values)
    return BoundedPower(**numbers) if "high" in numbers else RaisedPower(**numbers)
