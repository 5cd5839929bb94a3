"""What is there beside jobs, and the order in which it can be deleted."""

from typing import Any

from moto.batch.exceptions import ClientException
from moto.batch.models import BatchBackend, batch_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends

from . import results


def install() -> None:
    """Puts it into moto."""
    delete_environment, delete_queue = BatchBackend.delete_compute_environment, BatchBackend.delete_job_queue

    def only_disabled_environment(self: BatchBackend, compute_environment_name: str) -> None:
        environment = self.get_compute_environment(compute_environment_name)
        if environment is not None:
            if any(environment in queue.environments for queue in self._job_queues.values()):
                raise ClientException("Cannot delete, found existing JobQueue relationship")
            if environment.state != "DISABLED":
                raise ClientException("Cannot delete, state must be DISABLED")
        delete_environment(self, compute_environment_name)

    def only_disabled_queue(self: BatchBackend, queue_name: str) -> None:
        queue = self.get_job_queue(queue_name)
        if queue is not None and queue.state != "DISABLED":
            raise ClientException("Cannot delete, state must be DISABLED")
        delete_queue(self, queue_name)

    BatchBackend.delete_compute_environment = only_disabled_environment
    BatchBackend.delete_job_queue = only_disabled_queue


def told() -> dict[str, list[str]]:
    """The names of all."""
    batch = _regions(batch_backends)
    iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    definitions = [each for backend in batch for each in backend._job_definitions.values()]
    groups = [each for backend in _regions(ec2_backends) for groups in backend.groups.values() for each in groups.values()]
    return {
        "buckets": results.buckets(),
        "roles": [role.name for role in iam.roles.values()],
        "instance_profiles": [profile.name for profile in iam.instance_profiles.values()],
        "policies": [policy.name for policy in iam.managed_policies.values() if ":aws:policy/" not in policy.arn],
        "compute_environments": [each.name for backend in batch for each in backend._compute_environments.values()],
        "queues": [each.name for backend in batch for each in backend._job_queues.values()],
        "definitions": [f"{each.name}:{each.revision}" for each in definitions if each.status == "ACTIVE"],
        "log_groups": [name for backend in _regions(logs_backends) for name in backend.groups],
        "repositories": [name for backend in _regions(ecr_backends) for name in backend.repositories],
        "security_groups": [group.name for group in groups if group.name != "default"],
    }


def _regions(backends: Any) -> list[Any]:
    """The regions that somebody has asked for."""
    return list(backends[DEFAULT_ACCOUNT_ID].values())
