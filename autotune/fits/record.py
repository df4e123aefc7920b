"""A saved fit as a JSON object and back, without loss."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from autotune.errors import StoreError
from autotune.fits.saved import SavedFit, SavedPower, SavedShape
from autotune.fitting.result import FitResult, FitStatus, Score
from autotune.fitting.settings import Convention, FitSettings
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import FORMS
from autotune.laws.source import FittedRange, Source
from autotune.types import Floats

FORMAT = 3
ROWS_ONLY = 1  # the format whose intervals were all percentiles of resampled rows
_OWN = {"law", "convention", "settings", "score", "interval", "draws", "ends", "tail", "status"}


def head(fit: SavedFit | SavedPower | SavedShape) -> dict[str, Any]:
    """What the record of every kind of fit begins with."""
    return {"format": FORMAT, "id": fit.id, "data": fit.data, "data_hash": fit.data_hash}


def to_json(fit: SavedFit) -> dict[str, Any]:
    """The fit as plain values; infinities and not-a-number are strings, for JSON has none."""
    result = fit.result
    own = {
        field.name: getattr(result, field.name)
        for field in fields(result)
        if field.name not in _OWN
    }
    document: dict[str, Any] = head(fit) | {
        "place": fit.place,
        "where": fit.where,
        "law": {
            "form": result.law.form,
            "coefficients": result.law.coefficients,
            "source": asdict(result.law.source),
        },
        "convention": asdict(result.convention),
        "settings": asdict(result.settings),
        "score": asdict(result.score),
        "interval": dict(result.interval),
        "status": result.status.name,
        **own,
        "tail": result.tail,
        "ends": result.ends,
        "draws": result.draws,
    }
    return {key: plain(value) for key, value in document.items()}


def from_json(document: Mapping[str, Any]) -> SavedFit:
    """Read what `to_json` wrote.

    Raises:
        StoreError: If a newer autotune wrote it, or this one does not know the law's form.
        KeyError, TypeError, ValueError: If it is not the record of a fit.
    """
    refuse_newer(document)
    law = _law(document["law"])
    known = {field.name for field in fields(FitResult)} - _OWN
    own = {name: _restored(name, document[name]) for name in known if name in document}
    if int(document["format"]) == ROWS_ONLY:
        own["interval_methods"] = dict.fromkeys(document["interval"], "rows")
    made = settings(document["settings"])
    result = FitResult(
        law=law,
        convention=Convention(**document["convention"]),
        settings=made,
        score=Score(**document["score"]),
        interval=intervals(document["interval"]),
        draws=_rows(document["draws"], law),
        tail=float(document.get("tail", (1 - made.level) / 2)),  # older fits are percentiles
        ends=_rows(document.get("ends", []), law),
        status=FitStatus[document["status"]],
        **own,
    )
    return SavedFit(
        id=document["id"],
        result=result,
        data=document["data"],
        data_hash=document["data_hash"],
        place=document.get("place", ""),  # fits of earlier versions do not know it
        where=document.get("where", ""),
    )


def _rows(rows: Sequence[Sequence[Any]], law: ScalingLaw) -> Floats:
    """Coefficients in rows, shape (rows, coefficients); infinities were written as text."""
    values = np.array([[float(x) for x in row] for row in rows], dtype=np.float64)
    return values.reshape(-1, len(law.coefficient_names()))


def _law(document: Mapping[str, Any]) -> ScalingLaw:
    if document["form"] not in FORMS:
        raise StoreError(
            f"it is of the form {document['form']!r}, which this autotune does not know."
        )
    form: Any = FORMS[document["form"]]
    law: ScalingLaw = form(**numbers(document["coefficients"]), source=source(document["source"]))
    return law


def refuse_newer(document: Mapping[str, Any]) -> None:
    """Check the format of a record.

    Raises:
        StoreError: If a newer autotune wrote it.
    """
    if (version := int(document["format"])) > FORMAT:
        raise StoreError(
            f"it has format {version}, and this autotune reads up to {FORMAT}: update autotune."
        )


def source(document: Mapping[str, Any]) -> Source:
    """Read the source of a law."""
    seen = dict(document["range"])
    factors = intervals(seen.pop("factors"))
    limits = intervals({name: limit for name, limit in seen.items() if limit is not None})
    return Source(
        **dict(document)
        | {
            "range": FittedRange(**limits, factors=factors),
            "standard_errors": numbers(document["standard_errors"]),
        }
    )


def settings(document: Mapping[str, Any]) -> FitSettings:
    """Read how a fit was made."""
    return FitSettings(
        **dict(document)
        | {"fix": numbers(document["fix"]), "bounds": intervals(document["bounds"])}
    )


def _restored(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A field of the result that is plain already, but for tuples and infinities."""
    if isinstance(value, list):
        return tuple(value)
    return float(value) if name in ("condition", "objective_sum") else value


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Read numbers by name; infinities were written as text."""
    return {name: float(value) for name, value in values.items()}


def intervals(values: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Read limits by name."""
    return {name: (float(low), float(high)) for name, (low, high) in values.items()}


def plain(value: Any) -> Any:  # noqa: ANN401 - any value of a record
    """A value as JSON has it; infinities and not-a-number become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
