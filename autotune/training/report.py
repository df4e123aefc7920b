"""From the state of a run to a result: what is said about a budget, and what is warned of."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from autotune.training.corpus import Corpus
from autotune.training.device import environment, peak_bytes
from autotune.training.progress import Progress
from autotune.training.result import Cost, RunResult, RunState
from autotune.training.run import TrainingRun, config_hash
from autotune.training.session import Session, Validation
from autotune.training.token_order import epochs


class Report:
    """What stays the same for all budgets of a run."""

    def __init__(self, run: TrainingRun, corpus: Corpus, session: Session) -> None:
        self._run, self._corpus, self._session = run, corpus, session
        self._unigram = unigram_entropy(corpus)

    def completed(self, validation: Validation, progress: Progress, i: int) -> RunResult:
        """The result of a budget that was reached."""
        bits = self._corpus.bytes_per_token
        warnings = list(self._session.notes)
        if validation.loss >= self._unigram:
            warnings.append(
                f"undertrained: counting tokens alone costs {self._unigram:.4g} nats per token"
            )
        return self._result(
            progress, i, state=RunState.COMPLETED, loss=validation.loss,
            bits_per_byte=None if bits is None else validation.loss / math.log(2) / bits,
            expert_load=validation.expert_load, warnings=tuple(warnings),
        )  # fmt: skip

    def failed(self, state: RunState, detail: str, progress: Progress, i: int) -> RunResult:
        """The result of a budget that was not reached."""
        return self._result(progress, i, state=state, detail=detail, warnings=self._session.notes)

    def _result(self, progress: Progress, i: int, **said: Any) -> RunResult:  # noqa: ANN401
        settings = self._session.settings
        cost = Cost(
            seconds=progress.seconds,
            cpu_seconds=progress.cpu_seconds,
            peak_bytes=peak_bytes(self._session.device),
        )
        return RunResult(
            tokens=progress.step * settings.batch_tokens,
            budget=self._run.tokens[i],
            steps=progress.step,
            size=self._session.size,
            cost=cost,
            curve=tuple(progress.curve),
            facts=self._facts(progress),
            **said,
        )

    def _facts(self, progress: Progress) -> dict[str, Any]:
        settings = self._session.settings
        tokens = progress.step * settings.batch_tokens
        return {
            "model": self._run.model.name,
            "seed": self._run.seed,
            "config": config_hash(self._run.identity(self._corpus, settings)),
            "corpus": self._corpus.label,
            "epochs": epochs(self._corpus, tokens=tokens, context=settings.context),
            "settings": asdict(settings),
            "environment": environment(self._session.device),
            "micro_batches": self._session.micro,
        }


def unigram_entropy(corpus: Corpus) -> float:
    """Entropy of the validation tokens as if they were independent, nats per token."""
    counts = np.bincount(np.asarray(corpus.validation))
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())
