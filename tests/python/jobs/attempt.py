"""One attempt at a job: its container, from its start to its end."""

import dataclasses
import functools
import threading
import time
import uuid
from typing import Any, Protocol

import docker

from .scheduler import Scheduler

EXITED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"
_NOT_STARTED = "Task failed to start"
_LOG_LINES = 1000
# Longer lines are cut, as by the log driver.
_LOG_LINE = 16 * 1024


@dataclasses.dataclass(frozen=True)
class End:
    """How an attempt has ended."""

    succeeded: bool
    status_reason: str
    reason: str = ""
    """What is said of the container."""
    exit_code: int | None = None
    is_final: bool = False
    """Whether no other attempt follows, whatever the job's strategy says."""
    has_exit_code: bool = True
    """Whether it is known how the container ended: not when its machine has gone."""


class Owner(Protocol):
    """As much of its job as it must know."""

    job_id: str
    scheduler: Scheduler

    def is_running(self) -> None: ...

    def ended(self, end: End) -> None: ...

    def container(self) -> dict[str, Any]: ...

    def seconds_at_most(self) -> float | None: ...

    def write_log(self, stream: str, lines: list[str]) -> None: ...


class Attempt:
    """Its times are those of AWS: milliseconds since the epoch."""

    def __init__(self, job: Owner, definition: str) -> None:
        self.started_at: int | None = None
        self.stopped_at: int | None = None
        self.end: End | None = None
        self.stream = f"{definition}/default/{uuid.uuid4().hex}"
        self._job = job
        self._settings = job.scheduler.settings
        self._lock = job.scheduler.lock
        self._why: End | None = None
        self._is_to_end = threading.Event()
        self._container: Any = None

    def start(self) -> None:
        """Runs by itself from now on."""
        if self._settings.executes:
            threading.Thread(target=self._run, daemon=True, name=f"job-{self._job.job_id}").start()
        else:
            self._begin()

    def stop(self, why: End, kills: bool = False) -> None:
        """Brings about its end, for this reason unless there is one already."""
        if self._why is not None or self.end is not None:
            return
        self._why = why
        self._is_to_end.set()
        if not self._settings.executes:
            self.close(why)
        elif self._container is not None:
            self._stop_container(kills)

    def close(self, end: End) -> None:
        """It has ended."""
        self.end = end
        self.stopped_at = _now()
        self._job.ended(end)

    def _begin(self) -> None:
        self.started_at = _now()
        self._job.is_running()

    def _run(self) -> None:
        end = None
        if not self._is_to_end.wait(self._settings.start_seconds):
            end = self._run_container()
        with self._lock:
            if self._why is not None:
                code = end.exit_code if end is not None and self._why.has_exit_code else None
                end = dataclasses.replace(self._why, exit_code=code)
            assert end is not None, "it ends by itself unless it is stopped"
            self.close(end)

    def _run_container(self) -> End:
        try:
            container = docker.from_env().containers.run(detach=True, **self._job.container())
        except docker.errors.ImageNotFound as error:
            return End(False, _NOT_STARTED, f"CannotPullContainerError: Error response from daemon: {error}")
        with self._lock:
            self._container = container
            self._begin()
            if self._why is not None:
                self._stop_container(kills=True)
        seconds = self._job.seconds_at_most()
        timer = threading.Timer(seconds or 0.0, self._time_out)
        timer.daemon = True
        if seconds is not None:
            timer.start()
        code = container.wait()["StatusCode"]
        timer.cancel()
        lines = container.logs(tail=_LOG_LINES).decode(errors="replace").splitlines()
        container.remove()
        with self._lock:
            self._job.write_log(self.stream, [line[:_LOG_LINE] for line in lines if line])
        return End(code == 0, EXITED, exit_code=code)

    def _time_out(self) -> None:
        with self._lock:
            self.stop(End(False, TIMED_OUT, is_final=True))

    def _stop_container(self, kills: bool) -> None:
        stop = self._container.kill if kills else functools.partial(self._container.stop, timeout=self._settings.stop_seconds)
        threading.Thread(target=stop, daemon=True, name=f"stop-{self._job.job_id}").start()


def _now() -> int:
    return int(time.time() * 1000)
