"""What else AWS does with resources: filters that moto lacks, and groups that are in use."""

from typing import Any

from moto.ec2 import utils
from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import EC2Backend, instances

_FILTERS = {
    "client-token": "client_token",
    "instance-lifecycle": "lifecycle",
    "spot-instance-request-id": "spot_instance_request_id",
}


def install() -> None:
    """Puts it into moto."""
    delete = EC2Backend._delete_security_group
    utils.filter_dict_attribute_mapping.update(_FILTERS)
    plain = instances.filter_reservations

    def delete_group(self: EC2Backend, vpc_id: str | None, group_id: str) -> Any:
        holders = [instance for instance in self.all_instances() if instance.state != "terminated"]
        if any(group_id in groups_of(instance) for instance in holders):
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        return delete(self, vpc_id, group_id)

    def filter_reservations(reservations: list[Any], filters: dict[str, list[str]]) -> list[Any]:
        # An ORB server finds its instances by it.
        filters = dict(filters)
        wanted = filters.pop("reservation-id", None)
        found = [each for each in reservations if wanted is None or each.id in wanted]
        return plain(found, filters) if filters else found

    EC2Backend._delete_security_group = delete_group
    instances.filter_reservations = filter_reservations


def groups_of(instance: Any) -> list[str]:
    """The security groups of an instance and of its interfaces."""
    groups = list(instance.security_groups) + [group for nic in instance.nics.values() for group in nic.group_set]
    return sorted({group.id for group in groups})
