"""Several writers on one PostgreSQL server: nothing is given twice, and nothing is lost."""

import threading
from contextlib import closing

import pytest

from autotune.errors import InputError, StoreError
from autotune.ports import Beginning
from autotune.store.patience import Patience
from autotune.store.storage import storage_of, without_password
from autotune.store.study import Header
from autotune.trials import Completed, Timing

HEADER = Header(problem="p")
pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(scope="module")
def storage(postgres_url):
    made = storage_of(postgres_url)
    yield made
    made.close()


def outcome(trial, value=1.0):
    return Completed(trial, value, Timing(1.0, "w", 0.0, 1.0))


def test_writers_that_begin_at_once_never_begin_one_trial_too_many(storage):
    n_trials, begun, broken = 30, [], []

    def work():
        try:
            with storage.join("race", Header(problem="p"), start={}) as store:
                while True:
                    trial = store.trial({"x": f"{store.writer} {len(begun)}"})
                    if store.begin(trial, n_trials) is not Beginning.BEGUN:
                        return
                    begun.append(trial.id)
                    store.append(outcome(trial))
        except StoreError as error:
            broken.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    assert len(begun) == len(set(begun)) == n_trials
    feed = storage.feed("race")
    assert feed.refresh() == n_trials
    assert set(feed.places) == set(begun)


def test_a_configuration_that_another_began_meanwhile_is_taken(storage):
    header = Header(problem="p")
    with (
        storage.join("same", header, start={}) as first,
        storage.join("same", header, start={}) as second,
    ):
        assert first.begin(first.trial({"x": 1}), 9) is Beginning.BEGUN
        assert second.begin(second.trial({"x": 1}), 9) is Beginning.TAKEN
        assert second.resume() is None  # the other lives
        assert second.count == 1


def test_a_feed_reads_on_and_the_study_lists_its_writers(storage):
    with storage.join("fed", Header(problem="p", unit="s"), start={"seed": 1}) as store:
        feed = storage.feed("fed")
        store.append(outcome(store.trial({"x": 1}), 2.0))
        assert (feed.refresh(), feed.best.value) == (1, 2.0)
        store.append(outcome(store.trial({"x": 2}), 1.0))
        running = store.trial({"x": 3})
        store.begin(running, 9)
        assert (feed.refresh(), feed.best.value) == (2, 1.0)
        study = feed.study()
        assert (study.name, study.header.unit, study.running) == ("fed", "s", [running])
        assert study.jobs[0]["search"] == {"seed": 1}
    assert feed.study().interrupted == [running]
    assert {"fed"} <= set(storage.names())


def test_another_problem_and_a_study_that_is_not_there_are_refused(storage):
    storage.join("mine", Header(problem="p"), start={}).close()
    with pytest.raises(StoreError, match="of another problem: problem: p -> q"):
        storage.join("mine", Header(problem="q"), start={})
    with pytest.raises(InputError, match=r"unknown study in .*'min'\. Did you mean 'mine'"):
        storage.feed("min")


def test_a_server_that_is_not_there_is_said_in_one_line_without_the_password():
    pytest.importorskip("sqlalchemy")
    made = storage_of("postgresql://me:secret@/none?host=/nowhere")
    with pytest.raises(StoreError, match="Mend the server, or the address") as failed:
        made.names()
    assert "secret" not in str(failed.value)
    assert "\n" not in str(failed.value)
    assert made.address == "postgresql://me@/none?host=%2Fnowhere"
    assert made.environment == {"PGPASSWORD": "secret"}
    made = storage_of("postgresql://me@h:5/none?password=secret")
    assert (made.where, made.address, made.environment["PGPASSWORD"]) == (
        "postgresql://me@h:5/none?password=***", "postgresql://me@h:5/none", "secret",
    )  # fmt: skip
    with pytest.raises(InputError, match=r"mysql://\.\.\. is not known"):
        storage_of("mysql://me:secret@x/y")


def test_a_writer_waits_until_whoever_writes_to_the_study_has_ended(storage):
    from autotune.store.postgres_tables import alone

    with storage.join("waits", Header(problem="p"), start={}) as store:
        found = []
        begin = threading.Thread(target=lambda: found.append(store.begin(store.trial({}), 9)))
        with storage._engine.begin() as link:
            alone(link, "waits")
            begin.start()
            begin.join(0.5)
            assert found == []
        begin.join()
        assert found == [Beginning.BEGUN]


def test_a_store_with_patience_records_what_was_measured_while_its_server_was_away(storage):
    """Nobody is let into a database of its own for a while, and who is in is put out."""
    from sqlalchemy import text

    with storage._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
        link.execute(text("CREATE DATABASE away"))

        def let_in(*, whether):
            link.execute(text(f"ALTER DATABASE away ALLOW_CONNECTIONS {whether}"))
            if not whether:
                link.execute(text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away'"
                ))  # fmt: skip

        said, url = [], storage._url.url.set(database="away").render_as_string()
        with closing(storage_of(url)) as hasty, hasty.join("s", HEADER, start={}) as store:
            lost = store.trial({"x": 1})
            store.begin(lost, 9)
            let_in(whether=False)
            with pytest.raises(
                StoreError, match=f"the outcome of trial {lost.id} was not recorded"
            ):
                store.append(outcome(lost))
            let_in(whether=True)
        patient = storage_of(url, Patience(60.0, said.append))
        with closing(patient), patient.join("s", HEADER, start={}) as store:
            kept = store.trial({"x": 2})
            store.begin(kept, 9)
            let_in(whether=False)
            opener = threading.Timer(0.5, lambda: let_in(whether=True))
            opener.start()
            assert store.append(outcome(kept)) == [True]
            opener.join()
            feed = patient.feed("s")
            assert feed.refresh() == 1
            assert list(feed.places) == [kept.id]
    assert "not currently accepting connections" in said[0]
    assert said[1:] == ["the storage is back"]


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("--storage=postgresql://me:s:/ecret@h:5432/db", "--storage=postgresql://me:***@h:5432/db"),
        ("postgresql+psycopg://me:x@/db?password=y&a=1",
         "postgresql+psycopg://me:***@/db?password=***&a=1"),
        ("postgresql://h:5432/db", "postgresql://h:5432/db"),
        ("results/local", "results/local"),
    ],
)  # fmt: skip
def test_a_word_of_a_command_line_is_shown_without_a_password(word, shown):
    assert without_password(word) == shown
