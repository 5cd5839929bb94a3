"""Requests of Spot instances: moto has none for those that RunInstances and instant fleets launch."""

import datetime
from typing import Any

from moto.ec2.models.instances import Instance
from moto.ec2.models.spot_requests import SpotInstanceRequest
from moto.ec2.utils import random_spot_request_id

from .account import Account

_NOTICE = datetime.timedelta(minutes=2)
_TAKEN = ("Server.SpotInstanceTermination", "Spot instance termination")


class _Request(SpotInstanceRequest):
    """The request of an instance that is there already."""

    def __init__(self, instance: Instance, tags: dict[str, Any]) -> None:
        self._launched = instance
        self.interruption: dict[str, str] | None = None
        super().__init__(
            instance.ec2_backend,
            random_spot_request_id(),
            price="",
            image_id=instance.image_id,
            spot_instance_type="one-time",
            valid_from=None,
            valid_until=None,
            launch_group=None,
            availability_zone_group=None,
            key_name=instance.key_name,
            security_groups=[],
            user_data=instance.user_data,
            instance_type=instance.instance_type,
            placement=instance.availability_zone,
            kernel_id=None,
            ramdisk_id=None,
            monitoring_enabled=False,
            subnet_id=instance.subnet_id,
            tags=tags,
            spot_fleet_id=None,
            instance_interruption_behaviour=None,
        )

    def launch_instance(self) -> Instance:
        return self._launched

    def get_filter_value(self, filter_name: str, method_name: str | None = None) -> Any:
        own = {"instance-id": self.instance.id, "status-code": self._status_code}
        return own[filter_name] if filter_name in own else super().get_filter_value(filter_name, method_name)

    def tell(self, state: str, code: str) -> None:
        self.state = state
        self._status_code = code


def attach(instance: Instance, kwargs: dict[str, Any]) -> None:
    """Gives an instance its request."""
    request = _Request(instance, kwargs.get("tags") or {})
    instance.ec2_backend.spot_instance_requests[request.id] = request
    instance.spot_request = request
    instance.spot_instance_request_id = request.id


def close(instance: Instance, code: str) -> None:
    """Says why a request is over, unless it is already."""
    request = getattr(instance, "spot_request", None)
    if request is not None and request.state == "active":
        request.tell("closed", code)


def interrupt(account: Account, instance_id: str, code: str) -> None:
    """Marks an instance for termination, or takes it away, as the code of its request's status says."""
    instance = account.instance(instance_id)
    if code == "marked-for-termination":
        time = datetime.datetime.now(datetime.UTC) + _NOTICE
        instance.spot_request.tell("active", code)
        instance.spot_request.interruption = {"action": "terminate", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ")}
    else:
        close(instance, code)
        account.take(instance, *_TAKEN)
