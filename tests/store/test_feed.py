"""A feed that reads on as journals grow shows what a reader of the whole sees."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autotune.store.feed import Feed, FolderSource
from autotune.store.journal import JournalStore
from autotune.store.study import Header, read
from autotune.trials import Completed, Failed, FailureKind, Timing

STEPS = st.lists(
    st.tuples(st.sampled_from(["append", "fail", "begin", "look"]), st.integers(0, 1)), max_size=40
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(steps=STEPS, values=st.randoms(use_true_random=False))
def test_looking_on_finds_what_reading_the_whole_does(tmp_path_factory, steps, values):
    folder = tmp_path_factory.mktemp("feed") / "study"
    jobs = [JournalStore.open(folder, Header(problem="p"), start={}) for _ in range(2)]
    feed = Feed(FolderSource(folder))
    for at, (step, who) in enumerate(steps):
        job = jobs[who]
        trial, timing = job.trial({"x": at}), Timing(1.0, "w", 0.0, float(at))
        if step == "append":
            job.append(Completed(trial, values.random(), timing))
        elif step == "fail":
            job.append(Failed(trial, FailureKind.CRASHED, "", timing))
        elif step == "begin":
            job.begin(trial, 1000)
        else:
            feed.refresh()
    assert feed.refresh() == len(feed.outcomes)
    for job in jobs:
        job.close()
    feed.refresh()
    whole, shown = read(folder), feed.study()
    by_id = {each.trial.id: each for each in whole.outcomes}
    assert {each.trial.id: each for each in feed.outcomes} == by_id
    assert len(feed.outcomes) == len(whole.outcomes)
    assert feed.n_completed == len(whole.completed)
    assert sum(feed.failures.values()) == len(whole.outcomes) - len(whole.completed)
    assert (feed.best and feed.best.value) == (whole.best and whole.best.value)
    assert [each.value for each in feed.ranked()] == sorted(each.value for each in whole.completed)
    assert shown.interrupted == whole.interrupted
    assert feed.n_open == len(whole.interrupted)
    assert all(feed.outcomes[place].trial.id == name for name, place in feed.places.items())
    improvements = [each.value for _, each in feed.steps]
    assert improvements == sorted(improvements, reverse=True)
