"""A job of two ranks whose first runs the evaluators' contract, over the second."""

import sys

import pytest
from mpi_run import ROOT

from autotune.cli import tune_evaluator

RANKS = tune_evaluator.world()


@pytest.fixture(scope="session")
def world():
    """The ranks of this job, for the contract."""
    return RANKS


def contract():
    file = ROOT / "tests" / "contracts" / "test_evaluator_contract.py"
    words = ["-q", "--color=no", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "mpi"]
    raise SystemExit(pytest.main([str(file), *words], plugins=[sys.modules[__name__]]))


tune_evaluator.run_on_ranks(RANKS, contract)
