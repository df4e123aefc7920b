"""The closed loop under a real mpiexec: the ranks train the runs of a round side by side."""

import numpy as np
import pytest
from made_study import SIZES, TOKENS, TRUTH

from autotune.store.study import read
from autotune.suggestion.recorded import decisions, placed

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("mpi")]


@pytest.mark.parametrize("mpi", ["mpich"], indirect=True)
def test_rank_0_decides_and_the_others_train(mpi, tmp_path):
    n, d = (each.ravel() for each in np.meshgrid(SIZES, TOKENS))
    np.savetxt(
        tmp_path / "runs.csv", np.stack([n, d, TRUTH.loss(n, d)], axis=1), delimiter=",",
        header="n_active,tokens,loss", comments="",
    )  # fmt: skip
    done = mpi.run(
        3, "-m", "mpi4py", "-m", "autotune", "study", "recorded_runs",
        "--set", f"runs={tmp_path / 'runs.csv'}", "--target-flops", "3e22", "--spend", "3e20",
        "--law", "hoffmann", "-n", 8, "--storage", tmp_path / "kept",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    study = read(tmp_path / "kept" / "recorded_runs")
    rounds = decisions(study.jobs)
    assert sum(len(each.configs) for each in rounds) == len(study.outcomes) > 8
    assert len(placed(rounds, study.outcomes)) == len(study.outcomes)
    assert {outcome.timing.worker for outcome in study.outcomes} == {"w0", "w1"}
