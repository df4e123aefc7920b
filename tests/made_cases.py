"""Plans with all that they came from, for tests of what is drawn around them."""

from autotune.curves.case import Case
from autotune.laws.catalogue import PRESETS
from autotune.planning import planner
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.question import Question


def case_of(name, flops, question=None, draws=None, **limits):
    law, budget = PRESETS[name], Budget(flops=flops)
    asked, obeyed = question or Question(), Constraints(**limits)
    plan = planner.plan(law, budget, question=asked, constraints=obeyed, name=name)
    return Case(
        law=law, budget=budget, question=asked, constraints=obeyed, plan=plan, draws=draws
    )  # fmt: skip
