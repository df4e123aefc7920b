"""Looking at a prior as a whole: its scale over a space, and its own optimum."""

from collections.abc import Mapping

import numpy as np
from ConfigSpace import ConfigurationSpace
from scipy.stats import qmc

from autotune.errors import InputError
from autotune.search.candidates import Candidates
from autotune.search.codec import Codec
from autotune.search.prior import Prior, Source
from autotune.search.sampling import Sampler
from autotune.types import Floats, Value

REFERENCE = 512
STARTS, TURNS = 8, 3


def over(space: ConfigurationSpace, sources: Mapping[str, Source]) -> Prior:
    """Put sources together as the prior of a space; messages call them by their names.

    Raises:
        InputError: If one of them predicts nothing anywhere, or the same everywhere.
    """
    codec = Codec(space)
    columns = codec.columns(reference(codec))
    raw = np.stack([source(columns) for source in sources.values()], axis=1)
    raw = np.where(np.isfinite(raw), raw, np.nan)
    for name, column in zip(sources, raw.T, strict=True):
        if len(np.unique(column[~np.isnan(column)])) < 2:
            raise InputError(
                f"prior {name} tells the configurations of this space apart nowhere: of "
                f"{REFERENCE} looked at, it predicts {_what(column)}. Choose another."
            )
    low, centre, high = np.nanquantile(raw, [0.25, 0.5, 0.75], axis=0)
    spread = np.where(high > low, high - low, np.nanmax(raw, axis=0) - np.nanmin(raw, axis=0))
    return Prior(tuple(sources.values()), np.nanmax(raw, axis=0), centre, spread)


def _what(column: Floats) -> str:
    known = column[~np.isnan(column)]
    return f"{known[0]:g} for {len(known)}" if len(known) else "nothing for any"


def reference(codec: Codec) -> Floats:
    """The same snapped points of a space every time, shape (REFERENCE, d)."""
    return codec.snap(qmc.Sobol(len(codec.names), scramble=False).random(REFERENCE))


def best(prior: Prior, codec: Codec, sampler: Sampler, seed: int) -> dict[str, Value] | None:
    """The legal, new configuration that a prior likes best."""

    def score(points: Floats) -> Floats:
        return prior.score(codec.features(points)[:, codec.n_features :])

    points, rng = reference(codec), np.random.default_rng(seed)
    points = points[np.argsort(score(points), kind="stable")[:STARTS]]
    for _ in range(TURNS):
        found = Candidates(codec, sampler.fresh).best(score, points, rng)
        points = found if len(found) else points
    return codec.decode(found[0]) if len(found) else None
