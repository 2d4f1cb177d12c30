"""Jobs that Zoho runs in the background: transfers of what a user leaves behind.

https://www.zoho.com/crm/developer/docs/api/v8/transfer_records-delete_user.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.clock import Clock
from sandbox.zoho.api import ApiError
from sandbox.zoho.meter import Limits

_AT_MOST: Final = 30.0  # seconds after which a job is done even when nobody asks


@dataclass
class Job:
    """`work` runs once, when the job completes."""

    id: str
    kind: str
    started: float
    work: Callable[[], None]
    polls: int = 0
    done: bool = False


class Jobs:
    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._jobs: dict[str, Job] = {}

    def start(self, kind: str, work: Callable[[], None]) -> str:
        """Schedule `work`; the job's id. Raises CONCURRENT_JOB_LIMIT_EXCEEDED."""
        self.settle()
        if sum(not job.done for job in self._jobs.values()) >= self._limits.running_jobs:
            raise ApiError(
                400,
                "CONCURRENT_JOB_LIMIT_EXCEEDED",
                "concurrent job limit exceeded",
                {"limit": str(self._limits.running_jobs)},
            )
        job_id = str(5_000_000_000_000_900_001 + len(self._jobs))
        self._jobs[job_id] = Job(job_id, kind, self._clock.time(), work)
        return job_id

    def poll(self, kind: str, job_id: str) -> str | None:
        """The status word, None for an unknown job."""
        job = self._jobs.get(job_id)
        if job is None or job.kind != kind:
            return None
        job.polls += 1
        self.settle()
        return "completed" if job.done else "in_progress"

    def settle(self) -> None:
        """Do the work of every job whose time has come."""
        for job in self._jobs.values():
            late = self._clock.time() - job.started >= _AT_MOST
            if not job.done and (late or job.polls > self._limits.job_polls):
                job.done = True
                job.work()
