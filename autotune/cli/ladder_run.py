"""What `autotune ladder` does: the trunks of a plan, run in processes and kept in a study."""

from dataclasses import dataclass
from pathlib import Path

from autotune import problem_file
from autotune.cli import console, tune_job
from autotune.cli.ladder_request import Request
from autotune.cli.tune_brake import Brake, StopFile, deadline
from autotune.errors import InputError, StoreError
from autotune.evaluators.processes import ProcessEvaluator
from autotune.ladder.queue import TrunkQueue
from autotune.store import study as studies
from autotune.store.journal import JournalStore
from autotune.store.study import Header, Study
from autotune.training import prepared, run_table, token_order, trunk_problem
from autotune.training.corpus import Corpus, open_corpus
from autotune.training.result import RunResult, RunState
from autotune.trials import Completed, Failed, Outcome
from autotune.tuning import tune

ALL = 1_000_000_000  # trials: the queue says when there are no more


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderResult:
    """How a ladder ended.

    Attributes:
        study: The whole record of trunks.
        results: Every budget that ended in a loss or diverged, with its trunk.
        left: Planned runs that have neither.
        ended: `done`, or why it stopped before: `timeout`, `walltime`, `stopped` or
            `interrupted`.
    """

    study: Study
    results: tuple[tuple[str, RunResult], ...]
    left: int
    ended: str

    @property
    def failures(self) -> dict[str, Failed]:
        """The last outcome of each trunk that failed."""
        last = {str(each.trial.config["trunk"]): each for each in self.study.outcomes}
        return {name: each for name, each in last.items() if isinstance(each, Failed)}

    @property
    def exit_status(self) -> int:
        """130 interrupted, 3 no loss at all, 1 something is left or failed, 0 otherwise."""
        if self.ended == "interrupted":
            return console.INTERRUPTED
        if not any(result.state is RunState.COMPLETED for _, result in self.results):
            return 3
        return int(bool(self.left))


def run(request: Request) -> LadderResult:
    """Train what is left of a ladder until it is done or a limit is reached.

    Raises:
        InputError: If the corpus cannot be used or is another one than the study's.
        StoreError: If the study cannot be recorded, or is of another ladder.
    """
    corpus = open_corpus(request.corpus, tokenizer=request.tokenizer)
    ladder = request.description
    most = max(trunk.tokens[-1] for trunk in request.plan.trunks)
    token_order.refuse_short(
        corpus, tokens=most, sequences=ladder.sequences, context=ladder.context
    )
    options = {"description": ladder.to_json()}
    file = problem_file.read(str(Path(trunk_problem.__file__)))
    header = Header.of(file.build(options), file.origin)
    job = tune_job.current()
    stop = Brake(
        timeout=request.seconds, deadline=deadline(job, None, None), file=StopFile(request.folder)
    )
    queue = TrunkQueue(request.plan.trunks)
    with JournalStore.open(request.folder, header, start={}, job=job.run) as store:
        _prepare(corpus, request.folder / trunk_problem.CORPUS)
        with stop.signals(), _pool(file.origin, options, request) as pool:
            tune(
                queue, pool, store, n_trials=ALL,
                stop=stop, closing=stop.closing, on_outcome=_shown(request),
            )  # fmt: skip
    return _result(request, stop)


def _pool(origin: str, options: dict[str, str], request: Request) -> ProcessEvaluator:
    return ProcessEvaluator(
        origin, options, workers=request.workers, trial_timeout=None, folder=request.folder
    )


def _prepare(corpus: Corpus, folder: Path) -> None:
    """Keep the corpus with the study, where every worker maps it; it never changes."""
    if not prepared.is_prepared(folder):
        prepared.save(corpus, folder)
        return
    there = open_corpus([folder])
    if there.fingerprint != corpus.fingerprint:
        raise InputError(
            f"the study was begun on corpus {there.label}, and this is {corpus.label}. "
            "Give that one, or another --name."
        )


def _shown(request: Request) -> "Show":
    return Show(request, {trunk.name: len(trunk.tokens) for trunk in request.plan.trunks})


@dataclass(slots=True)
class Show:
    """Says what became of each trunk, and writes the run table anew."""

    request: Request
    wanted: dict[str, int]
    count: int = 0

    def __call__(self, outcome: Outcome) -> None:
        """Take one more outcome."""
        self.count += 1
        write_table(self.request.folder, self.request.out)
        if isinstance(outcome, Completed):
            said = f"loss {outcome.value:.4f} at {outcome.metrics['tokens']:,.0f} tokens"
        else:
            said = f"failed ({outcome.kind}: {outcome.detail})"
        name, seconds = outcome.trial.config["trunk"], outcome.timing.seconds
        console.talk(f"{self.count}/{len(self.wanted)} {name} {said}, {seconds:.3g} s")


def kept(folder: Path) -> list[tuple[str, RunResult]]:
    """Every budget of the study that ended in a loss or diverged, by trunk and tokens."""
    trunks = sorted((folder / trunk_problem.TRUNKS).glob("*/"))
    found = [(trunk.name, result) for trunk in trunks for result in run_table.kept(trunk)]
    return sorted(found, key=lambda pair: (pair[1].size.n_active, pair[0], pair[1].budget))


def write_table(folder: Path, out: Path) -> None:
    """Write the run table of a study; the one before stays until the new one is whole.

    Raises:
        StoreError: If it cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = out.with_name(f".{out.name}.tmp")
        temporary.write_text(run_table.text(run_table.rows(kept(folder))), encoding="utf-8")
        temporary.replace(out)
    except OSError as error:
        raise StoreError(f"cannot write {out}: {error.strerror}. Give another --out.") from error


def _result(request: Request, stop: Brake) -> LadderResult:
    results = kept(request.folder)
    done = {(name, result.budget) for name, result in results if result.state is RunState.COMPLETED}
    wanted = {(trunk.name, tokens) for trunk in request.plan.trunks for tokens in trunk.tokens}
    write_table(request.folder, request.out)
    return LadderResult(
        study=studies.read(request.folder),
        results=tuple(results),
        left=len(wanted - done),
        ended=stop.why or ("walltime" if stop.closed else "done"),
    )
