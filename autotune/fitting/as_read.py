"""A fitted law as one of a model's own sizes, whatever N its formula was fitted with."""

from dataclasses import replace
from functools import cache
from typing import ClassVar

from autotune.fitting.design import natural
from autotune.fitting.settings import Convention
from autotune.laws.base import Inputs, ScalingLaw
from autotune.laws.signomial import Signomial
from autotune.types import Floats

_READS_BOTH = "zhao"


class _OtherSize(ScalingLaw):
    """A form that is given the other size: N stands for N (1-S)^-power.

    Class attributes:
        base: The form itself.
        power: 1 if its formula now reads total parameters for active ones, -1 the reverse.
    """

    __slots__ = ()
    base: ClassVar[type[ScalingLaw]]
    power: ClassVar[int]

    def _loss(self, x: Inputs) -> Floats:
        return self._own()._loss(self._read(x))

    def _gradient(self, x: Inputs) -> dict[str, Floats]:
        read = self._read(x)
        slopes = self._own()._gradient(read)
        by_size = slopes["n_active"]
        slopes["n_active"] = by_size * read.n_active / x.n_active
        moved = self.power * by_size * read.n_active / (1 - x.sparsity)  # N (1-S)^-power moves
        slopes["sparsity"] = slopes["sparsity"] + moved
        return slopes

    def signomial(self, **factors: float) -> Signomial:
        """The form's own, with N R^power for N, where R = 1/(1-S)."""
        own = self._own().signomial(**factors)
        terms = tuple(
            replace(term, expansion=term.expansion + self.power * term.n_active)
            for term in own.terms
        )
        return replace(own, terms=terms)

    def _own(self) -> ScalingLaw:
        return self.base(source=self.source, **self.coefficients)

    def _read(self, x: Inputs) -> Inputs:
        return replace(x, n_active=x.n_active * (1 - x.sparsity) ** -self.power)


def as_read(law: ScalingLaw, convention: Convention) -> ScalingLaw:
    """The law as a function of active parameters, tokens and sparsity of a model.

    A fit under a convention that is not the form's own (a dense form on total parameters, say)
    has coefficients that mean another N. The law that is returned reads that N, so that it
    can be evaluated and planned with like any other; it has the same coefficients and source.

    Args:
        law: The law of a fit.
        convention: That of the fit. Expert sparsity is taken as given: whoever evaluates the
            law says which sparsity they mean.
    """
    form, own = type(law), natural(type(law))
    if convention.n == own.n or law.form == _READS_BOTH:
        return law
    other = _other_size(form, 1 if convention.n == "total" else -1)
    return other(source=law.source, **law.coefficients)


@cache
def _other_size(form: type[ScalingLaw], power: int) -> type[ScalingLaw]:
    attributes = {
        "__slots__": (),
        "base": form,
        "power": power,
        "dense": False,  # sparsity now tells the two sizes apart
        "reads_sparsity": True,
    }
    return type(f"{form.__name__}OfOtherSize", (_OtherSize, form), attributes)
