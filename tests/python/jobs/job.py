"""moto's job with another life, and told as AWS tells of it."""

from typing import Any, ClassVar

from moto.batch import models
from moto.batch.models import datetime2int_milliseconds
from moto.batch.utils import JobStatus

from . import results, retries
from .attempt import EXITED, Attempt, End
from .scheduler import Scheduler

STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
_BEFORE_START = ("SUBMITTED", "PENDING", "RUNNABLE")
_OVER = ("SUCCEEDED", "FAILED")
# The label by which the stand-in for containers learns whose one is.
_LABEL = "com.amazonaws.ecs.task-arn"


class Job(models.Job):
    """A single job, a child of an array, or the parent of one, which is never run."""

    scheduler: ClassVar[Scheduler]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.retry_strategy: dict[str, Any] = self.job_definition.retry_strategy or {}
        self.attempts_made: list[Attempt] = []
        self.reason = ""
        self.is_cancelled = False
        self.is_terminated = False

    @property
    def status(self) -> str:
        if self._child_jobs is None:
            return JobStatus(self._status).value
        states = {child.status for child in self._child_jobs}
        if not states.issubset(_OVER):
            return "PENDING"
        return "SUCCEEDED" if states == {"SUCCEEDED"} else "FAILED"

    @status.setter
    def status(self, status: str) -> None:
        # moto has an enumeration, whose text is another one.
        self._status = JobStatus(status).value

    @property
    def is_over(self) -> bool:
        return self.status in _OVER

    @property
    def children(self) -> list["Job"]:
        return self._child_jobs or []

    @property
    def index(self) -> int | None:
        _, is_child, index = self.job_id.partition(":")
        return int(index) if is_child else None

    def start(self) -> None:
        """Called by moto for what is to run."""
        self.scheduler.add(self)

    def wait_for_room(self) -> None:
        self.status = "RUNNABLE"

    def begin(self) -> None:
        self.status = "STARTING"
        self.attempts_made.append(Attempt(self, self.job_definition.name))
        self.attempts_made[-1].start()

    def is_running(self) -> None:
        self.status = "RUNNING"
        settings = self.scheduler.settings
        if not settings.executes and settings.succeeds:
            results.store(self)
            self.attempts_made[-1].close(End(True, EXITED, exit_code=0))

    def ended(self, end: End) -> None:
        made = len(self.attempts_made)
        reasons = (end.status_reason, end.reason, end.exit_code)
        if not end.succeeded and not end.is_final and retries.wants_another(self.retry_strategy, made, *reasons):
            self.scheduler.add(self)
        else:
            self._close(end)
        self.scheduler.freed()

    def cancel(self, reason: str) -> None:
        """Ends it if it has not begun to start."""
        for child in self.children:
            child.cancel(reason)
        if self.children or self.status in _BEFORE_START:
            self.is_cancelled = True
        if not self.children and self.status in _BEFORE_START:
            self._close(End(False, reason, is_final=True))

    def terminate(self, reason: str) -> None:
        """Ends it, whatever it does."""
        if self.is_over:
            return
        self.is_terminated = True
        for child in self.children:
            child.terminate(reason)
        self.stop_for(End(False, reason, is_final=True))

    def stop_for(self, why: End, kills: bool = False) -> None:
        """Ends it for a reason."""
        if self.children or self.is_over:
            return
        if self.status in _BEFORE_START:
            self._close(why)
        else:
            self.attempts_made[-1].stop(why, kills)

    def _close(self, end: End) -> None:
        self.exit_code = end.exit_code
        self.job_stopped_reason = end.status_reason
        self.reason = end.reason
        self._mark_stopped(end.succeeded)

    def container(self) -> dict[str, Any]:
        """What it runs."""
        properties = self.job_definition.container_properties or {}
        command = self.container_overrides.get("command", properties.get("command", []))
        return {
            "image": properties["image"],
            "command": self._add_parameters_to_command(command),
            "environment": self.environment(),
            "labels": {_LABEL: f"task/{self.job_id}"},
        }

    def environment(self) -> dict[str, str]:
        """That of its container, beside what its image has."""
        # moto adds to what a request says, which is one and the same for all children of an array.
        properties = self.job_definition.container_properties or {}
        said = [*properties.get("environment", []), *self.container_overrides.get("environment", [])]
        own = {
            "AWS_BATCH_JOB_ID": self.job_id,
            "AWS_BATCH_JOB_ATTEMPT": str(max(1, len(self.attempts_made))),
            "AWS_BATCH_JQ_NAME": self.job_queue.name,
            "AWS_BATCH_CE_NAME": self.job_queue.environments[0].name,
        }
        if self.index is not None:
            own["AWS_BATCH_JOB_ARRAY_INDEX"] = str(self.index)
        return {**{variable["name"]: variable["value"] for variable in said}, **own}

    def seconds_at_most(self) -> float | None:
        """How long an attempt may take."""
        seconds = self._get_attempt_duration()
        return None if seconds is None else seconds / 60 * self.scheduler.settings.minute_seconds

    def write_log(self, stream: str, lines: list[str]) -> None:
        self._log_backend.ensure_log_group(self._log_group)
        self._log_backend.ensure_log_stream(self._log_group, stream)
        now = self.attempts_made[-1].started_at
        events = [{"timestamp": now, "message": line} for line in lines]
        self._log_backend.put_log_events(self._log_group, stream, events)

    def describe_short(self) -> dict[str, Any]:
        """As ListJobs tells of it."""
        attempt = self.attempts_made[-1] if self.attempts_made else None
        told: dict[str, Any] = {
            "jobId": self.job_id,
            "jobArn": self.arn,
            "jobName": self.job_name,
            "createdAt": datetime2int_milliseconds(self.job_created_at),
            "status": self.status,
            "jobDefinition": self.job_definition.arn,
        }
        if self.job_stopped_reason is not None:
            told["statusReason"] = self.job_stopped_reason
        if attempt is not None and attempt.started_at is not None:
            told["startedAt"] = attempt.started_at
        if self.job_stopped:
            told["stoppedAt"] = datetime2int_milliseconds(self.job_stopped_at)
        told["container"] = _without_none({"exitCode": self.exit_code, "reason": self.reason or None})
        if self.children:
            told["arrayProperties"] = {"size": len(self.children)}
            if told["status"] == "FAILED":
                told["statusReason"] = "Array Child Job failed"
        elif self.index is not None:
            told["arrayProperties"] = {"index": self.index}
        return told

    def describe(self) -> dict[str, Any]:
        """As DescribeJobs does."""
        properties = self.job_definition.container_properties or {}
        attempt = self.attempts_made[-1] if self.attempts_made else None
        told = self.describe_short()
        told.update(
            jobQueue=self.job_queue.arn,
            dependsOn=self.depends_on or [],
            parameters=self.parameters,
            tags=self.backend.list_tags_for_resource(self.arn),
            attempts=[_attempt(attempt) for attempt in self.attempts_made if attempt.end is not None],
            isCancelled=self.is_cancelled,
            isTerminated=self.is_terminated,
        )
        # The model of the API wants it in any case.
        told.setdefault("startedAt", 0)
        if self.retry_strategy:
            told["retryStrategy"] = self.retry_strategy
        if self.timeout or self.job_definition.timeout:
            told["timeout"] = self.timeout or self.job_definition.timeout
        details = {name: properties[name] for name in ("image", "jobRoleArn", "vcpus", "memory") if name in properties}
        details["command"] = self.container_overrides.get("command", properties.get("command", []))
        details["environment"] = [{"name": name, "value": value} for name, value in self.environment().items()]
        if attempt is not None and attempt.started_at is not None:
            details["logStreamName"] = attempt.stream
        told["container"].update(details)
        if self.children:
            states = [child.status for child in self.children]
            told["arrayProperties"]["statusSummary"] = {state: states.count(state) for state in STATES}
        elif self.index is not None:
            told["arrayProperties"]["statusSummary"] = {}
        return told


def _attempt(attempt: Attempt) -> dict[str, Any]:
    end = attempt.end
    assert end is not None, "only those that have ended are told"
    stream = attempt.stream if attempt.started_at is not None else None
    container = {"exitCode": end.exit_code, "reason": end.reason or None, "logStreamName": stream}
    times = {"startedAt": attempt.started_at, "stoppedAt": attempt.stopped_at}
    return {"container": _without_none(container), "statusReason": end.status_reason, **_without_none(times)}


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
