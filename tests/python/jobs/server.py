"""The server: moto's, and what the harness asks of jobs."""

from typing import Any

import served
from moto.batch.models import batch_backends
from moto.core import DEFAULT_ACCOUNT_ID

from . import api, resources, results, settings
from .attempt import End
from .job import Job
from .scheduler import Scheduler


def run(port: int) -> None:
    """Serves until it is asked to end."""
    scheduler = Scheduler(settings.read())
    api.install(scheduler)
    resources.install()
    questions: served.Questions = {
        "jobs": lambda _: [_told(job) for job in _jobs()],
        "objects": lambda _: results.objects(),
        "resources": lambda _: resources.told(),
        "limit": scheduler.set_limit,
        "lose-host": lambda job_id: _lose_host(job_id),
    }
    served.run(port, scheduler.lock, questions)


def _jobs() -> list[Job]:
    backends = list(batch_backends[DEFAULT_ACCOUNT_ID].values())
    return [job for backend in backends for job in backend._jobs.values()]


def _lose_host(job_id: str) -> None:
    job = next(job for job in _jobs() if job.job_id == job_id)
    reason = "Host EC2 (instance i-0123456789abcdef0) terminated."
    job.stop_for(End(False, reason, has_exit_code=False), kills=True)


def _told(job: Job) -> dict[str, Any]:
    return {
        "id": job.job_id,
        "name": job.job_name,
        "status": job.status,
        "status_reason": job.job_stopped_reason,
        "reason": job.reason,
        "exit_code": job.exit_code,
        "index": job.index,
        "size": len(job.children),
        "queue": job.job_queue.name,
        "definition": job.job_definition.name,
        "parameters": job.parameters,
        "tags": job.backend.list_tags_for_resource(job.arn),
        "attempts": len(job.attempts_made),
        "is_cancelled": job.is_cancelled,
        "is_terminated": job.is_terminated,
        "log_stream": job.attempts_made[-1].stream if job.attempts_made else None,
    }
