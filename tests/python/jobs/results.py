"""Objects in buckets: the result of a job that is none, and what is there."""

import pickle
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import S3Backend, s3_backends


def store(job: Any) -> None:
    """Leaves what a job runner leaves after a task of ours that gave nothing: a tag, and the pickle of it."""
    told = job.parameters
    bucket, prefix, key = told.get("s3_bucket"), told.get("s3_prefix"), told.get("s3_key", "none")
    backend = _backend()
    if bucket not in backend.buckets:
        return
    backend.put_object(bucket, f"{prefix}/results/{job.job_id}.pkl", pickle.dumps(b"\0" + pickle.dumps(None)))
    if key != "none":
        backend.delete_object(bucket, key.replace("ARRAY_INDEX", str(job.index)))


def objects() -> list[dict[str, Any]]:
    """All objects of all buckets."""
    return [
        {"bucket": name, "key": key.name, "size": key.size}
        for name, bucket in _backend().buckets.items()
        for key in bucket.keys.values()
    ]


def buckets() -> list[str]:
    """The names of all buckets."""
    return list(_backend().buckets)


def _backend() -> S3Backend:
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
