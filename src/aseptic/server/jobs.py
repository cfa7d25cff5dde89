"""Long work, each in a process of its own, for which neither the server nor its threads wait."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import OrderedDict
from typing import Literal

import msgspec

from aseptic.errors import AsepticError

_MOST = 50  # jobs that are remembered
_MOST_AT_ONCE = 2


class NoSuchJob(AsepticError, LookupError):
    """There is no job of that id."""


class Job(msgspec.Struct, kw_only=True):
    """One piece of work."""

    job_id: str
    run_id: str
    status: Literal["waiting", "running", "done", "failed", "stopped"] = "waiting"
    what: str = ""  # what is being done
    done: int = 0  # parts, of `of`
    of: int = 0
    message: str | None = None  # why it failed


class Jobs:
    """The jobs of one server."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)

    def get(self, job_id: str) -> Job:
        """The job. Raises NoSuchJob."""
        if job_id not in self._jobs:
            raise NoSuchJob(f"no job {job_id}: the last {_MOST} are remembered")
        return self._jobs[job_id]

    def stop(self, job_id: str) -> Job:
        """Ends the job's process. Raises NoSuchJob."""
        job = self.get(job_id)
        if job.status in ("waiting", "running"):
            job.status = "stopped"
            process = self._processes.get(job_id)
            if process is not None and process.returncode is None:
                process.terminate()
        return job

    async def start_check(self, store: str, run_id: str, *, is_thorough: bool) -> Job:
        """Begins to check a run. One that is already being checked goes on."""
        for one in self._jobs.values():
            if one.run_id == run_id and one.status in ("waiting", "running"):
                return one
        job = Job(job_id=os.urandom(8).hex(), run_id=run_id)
        self._jobs[job.job_id] = job
        while len(self._jobs) > _MOST:
            self._jobs.popitem(last=False)
        words = ["-m", "aseptic.server.check_job", store, run_id]
        task = asyncio.create_task(self._run(job, [*words, "thorough" if is_thorough else "asked"]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    async def _run(self, job: Job, words: list[str]) -> None:
        async with self._places:
            if job.status == "stopped":
                return
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            self._processes[job.job_id] = process
            job.status = "running"
            assert process.stdout is not None
            async for line in process.stdout:
                _tell(job, line)
            code = await process.wait()
            del self._processes[job.job_id]
        if job.status == "running":
            job.status = "done" if code == 0 else "failed"
            if code and job.message is None:
                job.message = f"the check ended with exit code {code}"


class Progress(msgspec.Struct, kw_only=True):
    """One line of what a job's process prints."""

    what: str = ""
    done: int = 0
    of: int = 0
    message: str | None = None


def _tell(job: Job, line: bytes) -> None:
    try:
        told = msgspec.json.decode(line, type=Progress)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return  # a library's own words
    job.what, job.done, job.of, job.message = told.what, told.done, told.of, told.message
