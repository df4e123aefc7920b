"""How far candidates may lag behind the outcomes while many trials run."""

from dataclasses import dataclass

MANY = 5  # running trials from which on candidates may lag
CROWD = 16  # from which on they may lag farther, and what is learned may, too
RECENT = 8  # of so many outcomes, one may be later than the candidates


@dataclass(frozen=True, slots=True)
class Lag:
    """The record that candidates are looked for by.

    Attributes:
        base: Its first outcomes, so many.
        lags: Whether candidates stay while outcomes are added; if not, all outcomes are in `base`.
        crowded: Whether so many trials run that each proposal has to cost little.
    """

    base: int
    lags: bool
    crowded: bool = False

    @staticmethod
    def of(told: int, running: int) -> "Lag":
        """By outcomes and running trials alone, so that a resumed search goes on as it would have.

        `running` counts those that are to run, too, while a manager that is behind has fewer.

        Candidates are looked for anew after a power of two of outcomes, a third to two thirds as
        many as trials run, or two thirds to four thirds of a crowd: one outcome then changes
        little of what they together will say.
        """
        crowded = running >= CROWD
        farthest, step = (2 if crowded else 1) * running // 3, 1
        while running >= MANY and step <= farthest and 2 * step * RECENT <= told:
            step *= 2
        return Lag(told - told % step, step > 1, crowded and step > 1)


PROMPT = Lag(0, lags=False)
"""Nothing lags, whatever the outcomes."""
