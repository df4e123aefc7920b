"""What schedulers print, in several versions, becomes one set of views.

squeue-22.05, sacct-22.05 and scontrol-22.05 were printed by Slurm 22.05.8, the last five lines of
sacct's by hand; squeue-23.11 and qstat-23.06 were written by hand from observed fields.
"""

import json
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.launching import pbs_json, slurm_json, slurm_text
from autotune.launching.states import JobState, of_slurm, whole

FIXTURES = Path(__file__).parent / "fixtures"
CLOCK = datetime(2026, 11, 28, 0, 17, 1).timestamp()


def by_id(views):
    found = {view.id: view for view in views}
    assert len(found) == len(views)
    return found


@pytest.fixture(params=["22.05", "23.11"])
def squeue(request):
    return by_id(slurm_json.views((FIXTURES / f"squeue-{request.param}.json").read_text()))


def test_squeue_says_the_same_in_the_schemas_of_before_and_after_23_11(squeue):
    running, waiting, failed = squeue["3"], squeue["4"], squeue["2"]
    assert (running.state, running.nodes) == (JobState.RUNNING, 2)
    assert running.ends_at - running.started_at == 300
    assert running.exit_code is None
    assert (waiting.state, waiting.reason) == (JobState.QUEUED, "Dependency")
    assert waiting.started_at is waiting.ends_at is None
    assert (failed.state, failed.exit_code) == (JobState.FAILED, 3)
    assert squeue["5"].state is JobState.CANCELLED


def test_the_waiting_rest_of_an_array_is_one_view_of_several_tasks(squeue):
    assert squeue["1_0"].state is JobState.RUNNING
    rest = squeue["1_[2-5%2]"]
    assert (rest.state, rest.tasks) == (JobState.QUEUED, 4)
    assert {whole(name) for name in squeue if "_" in name} == {"1"}


def test_flags_beside_the_state_decide_whether_a_job_ends_or_starts_again():
    found = by_id(slurm_json.views((FIXTURES / "squeue-23.11.json").read_text()))
    assert found["1_1"].state is JobState.ENDING
    assert (found["8"].state, found["8"].restarts) == (JobState.QUEUED, 1)
    assert found["5"].exit_code == 128 + 15


GONE = '{"jobs": [], "errors": [{"description": "Unable to contact slurm controller"}]}'


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "slurm_load_jobs error: ...", '{"jobs": null}', GONE]
)
def test_what_is_no_document_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"."):
        slurm_json.views(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
FIELDS = ["job_id", "job_state", "exit_code", "node_count", "array_job_id", "array_task_id"]


@given(job=st.dictionaries(st.sampled_from([*FIELDS, "array_task_string", "restart_cnt"]), JSON))
def test_a_field_of_any_other_shape_is_unknown_and_no_crash(job):
    (view,) = slurm_json.views(json.dumps({"jobs": [job]}))
    assert isinstance(view.state, JobState)


def test_sacct_tells_how_each_job_ended_and_how_often_it_ran():
    found = by_id(slurm_text.accounted((FIXTURES / "sacct-22.05.txt").read_text()))
    assert (found["2"].state, found["2"].exit_code) == (JobState.FAILED, 3)
    assert found["2"].started_at == CLOCK
    assert found["5"].state is JobState.CANCELLED
    assert found["3"].ends_at == CLOCK + 300  # the limit: it has no end yet
    assert (found["9"].state, found["9"].restarts) == (JobState.RUNNING, 2)
    assert found["8"].state is JobState.TIMEOUT
    assert (found["7"].state, found["7"].exit_code) == (JobState.OUT_OF_MEMORY, 128 + 125)
    assert found["1_1"].state is JobState.RUNNING


def test_scontrol_tells_the_same_where_sacct_is_off():
    views = slurm_text.shown((FIXTURES / "scontrol-22.05.txt").read_text())
    found = {view.id: view for view in views}
    assert (found["2"].state, found["2"].exit_code) == (JobState.FAILED, 3)
    assert (found["3"].state, found["3"].nodes) == (JobState.COMPLETED, 2)
    assert found["2"].ends_at == CLOCK + 1
    assert (found["1_[2-5%2]"].state, found["1_[2-5%2]"].reason) == (
        JobState.QUEUED,
        "JobArrayTaskLimit",
    )
    assert found["1_0"].state is JobState.RUNNING  # the later record of two


@pytest.mark.parametrize("text", ["", "error: Invalid job id", "No jobs in the system\n"])
def test_no_records_are_no_views(text):
    assert slurm_text.shown(text) == slurm_text.accounted(text) == []


STATES = """BOOT_FAIL CANCELLED COMPLETED CONFIGURING COMPLETING DEADLINE FAILED NODE_FAIL
OUT_OF_MEMORY PENDING PREEMPTED RUNNING RESV_DEL_HOLD REQUEUE_FED REQUEUE_HOLD REQUEUED RESIZING
REVOKED SIGNALING SPECIAL_EXIT STAGE_OUT STOPPED SUSPENDED TIMEOUT"""


@pytest.mark.parametrize("word", STATES.split())
def test_every_state_of_the_manual_of_squeue_has_a_word(word):
    assert of_slurm(word) is not JobState.UNKNOWN
    assert of_slurm([word]) is of_slurm(word)


def test_qstat_tells_how_jobs_are_and_how_they_ended():
    found = by_id(pbs_json.views((FIXTURES / "qstat-23.06.json").read_text()))
    states = {name.partition(".")[0]: view.state for name, view in found.items()}
    assert states == {
        "10": JobState.RUNNING,
        "11": JobState.HELD,
        "12": JobState.COMPLETED,
        "13": JobState.FAILED,
        "14": JobState.TIMEOUT,
        "15": JobState.CANCELLED,
        "16": JobState.CANCELLED,
        "17": JobState.TIMEOUT,
        "1[]": JobState.RUNNING,
        "1[0]": JobState.COMPLETED,
        "1[1]": JobState.RUNNING,
        "1[2]": JobState.QUEUED,
    }
    running = found["10.pbsnode"]
    assert (running.started_at, running.ends_at) == (CLOCK, CLOCK + 1800)
    assert running.nodes == 2
    assert (found["12.pbsnode"].restarts, found["12.pbsnode"].exit_code) == (1, 0)
    assert found["13.pbsnode"].exit_code == 3


def test_a_deleted_pbs_job_is_cancelled_although_its_exit_status_is_zero():
    found = by_id(pbs_json.views((FIXTURES / "qstat-23.06.json").read_text()))
    assert (found["15.pbsnode"].state, found["15.pbsnode"].exit_code) == (JobState.CANCELLED, 0)


@pytest.mark.parametrize(
    ("name", "job"),
    [
        ("12_3", "12"), ("12_[4-7%2]", "12"), ("12", "12"), ("12[3].server", "12.server"),
        ("12[].my_server", "12.my_server"), ("0001.1[3]", "0001.1"),
    ],
)  # fmt: skip
def test_a_task_belongs_to_its_job(name, job):
    assert whole(name) == job
