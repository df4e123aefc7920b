"""What `autotune submit` does: a job and a site from flags, a script from both, and a record."""

import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autotune import share
from autotune.cli.job_arguments import JobArguments, read
from autotune.cli.storage_option import DEFAULT
from autotune.errors import InputError
from autotune.launching import cautions, record
from autotune.launching import site as sites
from autotune.launching.factory import scheduler
from autotune.launching.job import JobSpec
from autotune.launching.record import Submission
from autotune.launching.render import render, template_name
from autotune.launching.site import SCHEDULERS, Site
from autotune.quantities import parse_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The flags of `autotune submit`."""

    site: str | None
    scheduler: str | None
    settings: Mapping[str, list[str]]
    nodes: int
    ranks_per_node: int | None
    time: str | None
    account: str
    queue: str
    qos: str
    array: str
    chain: int
    after: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job that is ready to be submitted."""

    arguments: JobArguments
    job: JobSpec
    site: Site
    script: str

    @property
    def warnings(self) -> list[str]:
        """What to know before it is submitted."""
        return cautions.warnings(self.job, self.site)

    @property
    def status_command(self) -> str:
        """The command that shows how it is."""
        folder = self.arguments.folder
        usual = folder.parent == Path(DEFAULT).absolute()
        storage = "" if usual else f" --storage {folder.parent}"
        return f"autotune status {folder.name}{storage}"

    def as_json(self) -> dict[str, Any]:
        """The whole of it."""
        return {
            "study": self.arguments.folder.name,
            "folder": str(self.arguments.folder),
            "site": asdict(self.site),
            "job": asdict(self.job),
            "warnings": self.warnings,
            "script": self.script,
        }


def prepare(verb: str, words: Sequence[str], wish: Wish) -> Prepared:
    """Read and check everything, and render the script.

    Args:
        verb: `tune` or `study`.
        words: Its arguments.
        wish: The flags of `autotune submit`.

    Raises:
        InputError, ProblemError, StoreError: If the arguments, the site or the job are wrong.
    """
    site = sites.read(_site_name(wish), wish.settings)
    arguments = read(verb, words)
    if verb == "study" and wish.array:
        raise InputError(
            "--array starts several searches, and a study decides one round after the other. "
            "Give it more --workers or --nodes, or --chain for more time."
        )
    ranks = wish.ranks_per_node or (site.ranks_per_node if wish.nodes > 1 else 1)
    seconds = round(parse_seconds(wish.time or site.time)) if wish.time or site.time else 0
    if wish.nodes == ranks == 1 and site.gpus_per_node and "workers" not in arguments.said:
        arguments = arguments.with_option("--workers", str(site.gpus_per_node))
        arguments.given["workers"] = site.gpus_per_node
    if seconds and "walltime" not in arguments.said:
        arguments = arguments.with_option("--walltime", str(seconds))
    job = JobSpec(
        name=wish.name or _job_name(arguments.folder.name),
        verb=verb,
        arguments=arguments.words,
        python=sys.executable,
        folder=str(arguments.folder),
        workdir=str(Path.cwd()),
        seconds=seconds,
        nodes=wish.nodes,
        ranks_per_node=ranks,
        workers=max(1, arguments.given["workers"]),
        seed=arguments.given["seed"],
        account=wish.account,
        queue=wish.queue or site.queue,
        qos=wish.qos or site.qos,
        array=wish.array,
        chain=wish.chain,
        after=wish.after,
    )
    cautions.check(job, site)
    template = share.own("launch", template_name(job, site)).read_text()
    return Prepared(arguments, job, site, render(template, job, site))


def submit(prepared: Prepared) -> Submission:
    """Keep the script, hand it in, and record the ids: also of a chain that was cut short.

    Raises:
        LaunchError: If the scheduler refuses the job.
    """
    folder = prepared.arguments.folder
    number, script = record.claim(folder, prepared.script)
    ids: list[str] = []
    try:
        ids.extend(scheduler(prepared.site.scheduler, folder).submit(script, prepared.job))
    finally:
        submission = Submission(
            number=number,
            site=prepared.site.name,
            scheduler=prepared.site.scheduler,
            ids=ids,
            max_evals=prepared.arguments.given.get("max_evals"),
            submitted_at=time.time(),
            job=asdict(prepared.job) | {"host": os.uname().nodename},
        )
        if ids:
            record.keep(folder, submission)
        else:
            script.unlink(missing_ok=True)
    return submission


def _site_name(wish: Wish) -> str:
    if (wish.site is None) == (wish.scheduler is None):
        raise InputError(
            f"give --site NAME (of {', '.join(sites.known())}, or a .toml file) or "
            f"--scheduler {'|'.join(SCHEDULERS)}."
        )
    if wish.scheduler is not None and wish.scheduler not in SCHEDULERS:
        raise InputError(f"--scheduler is {' or '.join(SCHEDULERS)}, not {wish.scheduler!r}.")
    return wish.site or wish.scheduler or ""


def _job_name(study: str) -> str:
    """A study's name without what schedulers do not take in a job's."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", study).lstrip("_.-")
    return name[:64] or "autotune"
