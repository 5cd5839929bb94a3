"""What AWS documents of Batch's operations, and moto does otherwise."""

import json
from collections.abc import Callable
from typing import Any

from moto.batch import models
from moto.batch.exceptions import ClientException
from moto.batch.models import BatchBackend
from moto.batch.responses import BatchResponse

from .job import STATES, Job
from .scheduler import Scheduler

_PAGE = 100
_ARRAY = range(2, 10_001)
_SHORTEST_TIMEOUT = 60
# Of a whole request.
_PAYLOAD = 30 * 1024


def install(scheduler: Scheduler) -> None:
    """Puts it into moto."""
    Job.scheduler = scheduler
    models.Job = Job  # type: ignore[misc]
    submit = BatchResponse.submitjob
    BatchResponse.submitjob = lambda self: _submit(scheduler, self, submit)
    BatchResponse.listjobs = _list
    BatchBackend.describe_jobs = _describe
    BatchBackend.cancel_job = _cancel


def _submit(scheduler: Scheduler, response: BatchResponse, submit: Callable[[BatchResponse], str]) -> str:
    size = (response._get_param("arrayProperties") or {}).get("size")
    timeout = (response._get_param("timeout") or {}).get("attemptDurationSeconds")
    queue = response.batch_backend.get_job_queue(response._get_param("jobQueue"))
    definition = response.batch_backend.get_job_definition(response._get_param("jobDefinition"))
    if len(response.body) > _PAYLOAD:
        raise ClientException(f"Job payload size {len(response.body)} exceeds the maximum of {_PAYLOAD} bytes.")
    if size is not None and size not in _ARRAY:
        raise ClientException("Array size must be between 2 and 10000.")
    if timeout is not None and timeout < _SHORTEST_TIMEOUT:
        raise ClientException("attemptDurationSeconds must be at least 60.")
    if queue is not None and queue.state != "ENABLED":
        raise ClientException(f"Job queue {queue.name} is not enabled.")
    if definition is not None and definition.status != "ACTIVE":
        raise ClientException(f"Job definition {definition.name} is not active.")
    # What moto does not hand on must be there when the first job begins.
    with scheduler.paused():
        answer = submit(response)
        job = response.batch_backend.get_job_by_id(json.loads(answer)["jobId"])
        for each in [job, *job.children]:
            each.retry_strategy = response._get_param("retryStrategy") or each.retry_strategy
    return answer


def _list(response: BatchResponse) -> str:
    """Without a status or a filter, only what runs; of a queue, no children; the newest first, in pages."""
    told = {name: response._get_param(name) for name in ("jobQueue", "arrayJobId", "jobStatus", "filters", "nextToken")}
    if (told["jobQueue"] is None) == (told["arrayJobId"] is None):
        raise ClientException("Exactly one of jobQueue and arrayJobId must be specified.")
    page = int(response._get_param("maxResults") or _PAGE)
    if not 1 <= page <= _PAGE:
        raise ClientException("maxResults must be between 1 and 100.")
    found = list(enumerate(_candidates(response.batch_backend, told["jobQueue"], told["arrayJobId"])))
    if told["filters"]:
        if told["arrayJobId"] is not None or len(told["filters"]) > 1:
            raise ClientException("One filter can be used at a time, and none for the children of an array.")
        found = [(at, job) for at, job in found if _passes(told["filters"][0], job)]
    else:
        status = told["jobStatus"] or "RUNNING"
        if status not in STATES:
            raise ClientException(f"{status} is no job status.")
        found = [(at, job) for at, job in found if job.status == status]
    found.reverse()
    if told["nextToken"]:
        found = [(at, job) for at, job in found if at < int(told["nextToken"])]
    answer: dict[str, Any] = {"jobSummaryList": [job.describe_short() for _, job in found[:page]]}
    if len(found) > page:
        answer["nextToken"] = str(found[page - 1][0])
    return json.dumps(answer)


def _candidates(backend: BatchBackend, queue: str | None, array: str | None) -> list[Job]:
    if array is not None:
        parent = backend.get_job_by_id(array)
        return parent.children if parent is not None else []
    found = backend.get_job_queue(queue)
    if found is None:
        raise ClientException(f"Job queue {queue} does not exist")
    return [job for job in found.jobs if job.index is None]


def _passes(condition: dict[str, Any], job: Job) -> bool:
    if condition["name"] != "JOB_NAME":
        raise ClientException(f"The filter {condition['name']} is not emulated.")
    name = job.job_name.lower()
    for value in map(str.lower, condition["values"]):
        if name == value or (value.endswith("*") and name.startswith(value[:-1])):
            return True
    return False


def _describe(backend: BatchBackend, jobs: list[str] | None) -> list[dict[str, Any]]:
    """Those that are asked for, in the order of the question; what is not known is left out."""
    if not 1 <= len(jobs or []) <= _PAGE:
        raise ClientException("1 to 100 jobs can be described.")
    found = [backend.get_job_by_id(name.rsplit("/", 1)[-1]) for name in jobs or []]
    return [job.describe() for job in found if job is not None]


def _cancel(backend: BatchBackend, job_id: str, reason: str) -> None:
    """Nothing that has begun to start is ended, and that is no error."""
    if not job_id or not reason:
        raise ClientException("jobId and reason are required.")
    job = backend.get_job_by_id(job_id)
    if job is not None:
        job.cancel(reason)
