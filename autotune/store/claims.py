"""Claims: what only one job may do, decided by who creates a file first."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from autotune.trials import Trial

FOLDER = "claims"


class Claims:
    """The claims of one job in a study; exclusive creation is the arbiter, and nothing is locked.

    A claim on a configuration lasts until its trial has an outcome, so that two jobs that
    propose the same at the same moment do not both run it. A claim on an attempt stays.
    """

    def __init__(self, study: Path, writer: str) -> None:
        self._folder = study / FOLDER
        self._writer = writer
        self._held: dict[str, Path] = {}

    def configuration(self, trial: Trial) -> bool:
        """Claim a trial's configuration; False if another job has it."""
        text = json.dumps(trial.config, sort_keys=True)
        path = self._folder / f"config-{hashlib.sha256(text.encode()).hexdigest()[:32]}"
        if not self._create(path):
            return False
        self._held[trial.id] = path
        return True

    def attempt(self, trial: Trial) -> bool:
        """Claim an attempt at a trial; False if another job has it."""
        return self._create(self._attempt(trial))

    def holder(self, trial: Trial) -> str:
        """The job that claimed an attempt; empty if it has not said so yet."""
        try:
            return self._attempt(trial).read_text()
        except OSError:
            return ""

    def release(self, trial_id: str) -> None:
        """Give up the claim on a trial's configuration, if there is one."""
        path = self._held.pop(trial_id, None)
        if path is not None:
            with suppress(OSError):
                path.unlink()

    def release_all(self) -> None:
        """Give up the claims on all configurations."""
        for trial_id in list(self._held):
            self.release(trial_id)

    def _attempt(self, trial: Trial) -> Path:
        return self._folder / f"{trial.id}-{trial.attempt}"

    def _create(self, path: Path) -> bool:
        self._folder.mkdir(exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            return False
        try:
            os.write(descriptor, self._writer.encode())
        finally:
            os.close(descriptor)
        return True
