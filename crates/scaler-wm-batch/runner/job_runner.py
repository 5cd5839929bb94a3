"""Runs one task of OpenGRIS Scaler inside a job of AWS Batch, and leaves its result in S3.

It takes the arguments that the job definition of Scaler's own runner passes, and answers as that one does. It prints
nothing of a task but the traceback of its failure: arguments and results are nobody else's business.

Exit codes: 0 when there is a result, 1 when the task failed, 128 + N when signal N ended it.
"""

import argparse
import base64
import gzip
import os
import signal
import sys
import traceback

import boto3
import cloudpickle
from botocore.config import Config

# Results above this size are worth the time that it takes to compress them.
COMPRESSED_ABOVE_BYTES = 4096
# S3 now and then asks to come back later.
PATIENTLY = Config(retries={"mode": "standard", "max_attempts": 6})


class Stopped(BaseException):
    """A signal asks this process to end. No `Exception`, so that few functions catch it."""

    def __init__(self, number):
        super().__init__("stopped by signal %d" % number)
        self.number = number


def stop(number, _frame):
    raise Stopped(number)


def arguments():
    parser = argparse.ArgumentParser(description="Runs one task of OpenGRIS Scaler as a job of AWS Batch.")
    parser.add_argument("--task_id", default="unknown", help="names the result where AWS_BATCH_JOB_ID is not set")
    parser.add_argument("--payload", help="the task itself, in base64")
    parser.add_argument("--compressed", default="0", help="1: the task is compressed by gzip")
    parser.add_argument("--s3_bucket", help="bucket of task and result")
    parser.add_argument("--s3_prefix", default="scaler-tasks", help="what the result's key begins with")
    parser.add_argument("--s3_key", help="key of the task; ARRAY_INDEX in it stands for the job's index in its array")
    given = parser.parse_args()
    # The job definition's word for an argument that a job does not have.
    for name, value in vars(given).items():
        if isinstance(value, str) and value.lower() == "none":
            setattr(given, name, parser.get_default(name))
    return given


def s3():
    return boto3.client("s3", config=PATIENTLY)


def load(given):
    """The task, as the manager wrote it: a dictionary with `function` and `arguments`."""
    is_compressed = given.compressed == "1"
    if given.payload:
        written = base64.b64decode(given.payload)
    elif given.s3_bucket and given.s3_key:
        # Each child of an array has an index; a single job has none.
        key = given.s3_key.replace("ARRAY_INDEX", os.environ.get("AWS_BATCH_JOB_ARRAY_INDEX", "ARRAY_INDEX"))
        is_compressed = is_compressed or key.endswith(".gz")
        written = s3().get_object(Bucket=given.s3_bucket, Key=key)["Body"].read()
    else:
        raise ValueError("there is no task: give --payload, or --s3_bucket and --s3_key")
    return cloudpickle.loads(gzip.decompress(written) if is_compressed else written)


def store(given, value):
    """Leaves what came of the task where the manager looks for it."""
    key = "%s/results/%s.pkl" % (given.s3_prefix, os.environ.get("AWS_BATCH_JOB_ID", given.task_id))
    written = cloudpickle.dumps(value)
    if len(written) > COMPRESSED_ABOVE_BYTES:
        key, written = key + ".gz", gzip.compress(written)
    s3().put_object(Bucket=given.s3_bucket, Key=key, Body=written)


def words(error):
    try:
        return str(error)
    except Exception:
        return type(error).__name__


def main():
    given = arguments()
    try:
        task = load(given)
        result = task["function"](*task["arguments"])
        store(given, result)
        return 0
    except Stopped:
        # Nobody waits for a result any more: one that is left now would stay.
        raise
    except BaseException as error:  # A task that calls sys.exit() has not done what it was asked for.
        told = traceback.format_exc()
        sys.stderr.write(told)
        store(given, {"error": words(error), "traceback": told})
        return 1


if __name__ == "__main__":
    # The first process of a container has no handlers of the system's.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        sys.exit(main())
    except Stopped as stopped:
        sys.stderr.write("%s\n" % stopped)
        sys.exit(128 + stopped.number)
