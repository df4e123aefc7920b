"""A saved fit as a JSON object and back, without loss."""

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from autotune.errors import StoreError
from autotune.fits.saved import SavedFit
from autotune.fitting.result import FitResult, FitStatus, Score
from autotune.fitting.settings import Convention, FitSettings
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import FORMS
from autotune.laws.source import FittedRange, Source

FORMAT = 2
ROWS_ONLY = 1  # the format whose intervals were all percentiles of resampled rows
_OWN = {"law", "convention", "settings", "score", "interval", "draws", "status"}


def to_json(fit: SavedFit) -> dict[str, Any]:
    """The fit as plain values; infinities and not-a-number are strings, for JSON has none."""
    result = fit.result
    plain = {
        field.name: getattr(result, field.name)
        for field in fields(result)
        if field.name not in _OWN
    }
    document: dict[str, Any] = {
        "format": FORMAT,
        "id": fit.id,
        "data": fit.data,
        "data_hash": fit.data_hash,
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
        **plain,
        "draws": result.draws,
    }
    return {key: _plain(value) for key, value in document.items()}


def from_json(document: Mapping[str, Any]) -> SavedFit:
    """Read what `to_json` wrote.

    Raises:
        StoreError: If a newer autotune wrote it, or this one does not know the law's form.
        KeyError, TypeError, ValueError: If it is not the record of a fit.
    """
    if (version := int(document["format"])) > FORMAT:
        raise StoreError(
            f"it has format {version}, and this autotune reads up to {FORMAT}: update autotune."
        )
    law = _law(document["law"])
    settings = dict(document["settings"])
    settings["fix"] = _numbers(settings["fix"])
    settings["bounds"] = _intervals(settings["bounds"])
    draws = np.array([[float(x) for x in row] for row in document["draws"]], dtype=np.float64)
    known = {field.name for field in fields(FitResult)} - _OWN
    plain = {name: _restored(name, document[name]) for name in known if name in document}
    if version == ROWS_ONLY:
        plain["interval_methods"] = dict.fromkeys(document["interval"], "rows")
    result = FitResult(
        law=law,
        convention=Convention(**document["convention"]),
        settings=FitSettings(**settings),
        score=Score(**document["score"]),
        interval=_intervals(document["interval"]),
        draws=draws.reshape(-1, len(law.coefficient_names())),
        status=FitStatus[document["status"]],
        **plain,
    )
    return SavedFit(
        id=document["id"], result=result, data=document["data"], data_hash=document["data_hash"]
    )


def _law(document: Mapping[str, Any]) -> ScalingLaw:
    if document["form"] not in FORMS:
        raise StoreError(
            f"it is of the form {document['form']!r}, which this autotune does not know."
        )
    source = dict(document["source"])
    seen = dict(source["range"])
    factors = _intervals(seen.pop("factors"))
    limits = _intervals({name: limit for name, limit in seen.items() if limit is not None})
    source["range"] = FittedRange(**limits, factors=factors)
    source["standard_errors"] = _numbers(source["standard_errors"])
    form: Any = FORMS[document["form"]]
    law: ScalingLaw = form(**_numbers(document["coefficients"]), source=Source(**source))
    return law


def _restored(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A field of the result that is plain already, but for tuples and infinities."""
    if isinstance(value, list):
        return tuple(value)
    return float(value) if name in ("condition", "objective_sum") else value


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}


def _intervals(values: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    return {name: (float(low), float(high)) for name, (low, high) in values.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a record
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
