"""RunInstances as AWS does it."""

import contextlib
import copy
import threading
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidKeyPairNameError
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse

from . import spot
from .account import Account
from .shortages import Pool

_NO_CAPACITY = "We currently do not have sufficient {} capacity in the Availability Zone you requested ({})."


class NoCapacity(EC2ClientError):
    def __init__(self, pool: Pool) -> None:
        super().__init__("InsufficientInstanceCapacity", _NO_CAPACITY.format(pool.instance_type, pool.zone))


class _Most(threading.local):
    count: int | None = None


_most = _Most()


@contextlib.contextmanager
def most(count: int) -> Iterator[None]:
    """Within it, so many instances are launched if there is room."""
    _most.count = count
    try:
        yield
    finally:
        _most.count = None


def install(account: Account) -> None:
    """Puts it into moto."""
    respond, run = InstanceResponse.run_instances, EC2Backend.run_instances
    terminate, stop = Instance.terminate, Instance.stop

    def run_instances(self: InstanceResponse) -> ActionResult:
        with most(int(self._get_param("MaxCount") or self._get_param("MinCount") or 1)):
            return respond(self)

    def launch(
        self: EC2Backend, image_id: str, count: int, user_data: Any, security_group_names: list[str], **kwargs: Any
    ) -> Any:
        template = _template(self, kwargs)
        _complete(kwargs, template)
        key = kwargs.get("key_name") or template.get("KeyName")
        if key and key not in self.key_pairs:
            raise InvalidKeyPairNameError({key})
        pool = _pool(self, kwargs, template)
        granted = account.shortages.take(pool, count, max(count, _most.count or count))
        if granted == 0:
            raise NoCapacity(pool)
        reservation = run(self, image_id, granted, user_data, security_group_names, **kwargs)
        for instance in reservation.instances:
            if instance.lifecycle == "spot":
                spot.attach(instance, kwargs)
            account.launched(instance)
        return reservation

    def end_for_good(self: Instance) -> Any:
        spot.close(self, "instance-terminated-by-user")
        return account.end(self, terminate, ("shutting-down", 32), ("terminated", 48))

    InstanceResponse.run_instances = run_instances
    EC2Backend.run_instances = launch
    Instance.terminate = end_for_good
    Instance.stop = lambda self: account.end(self, stop, ("stopping", 64), ("stopped", 80))


def _template(backend: EC2Backend, kwargs: dict[str, Any]) -> dict[str, Any]:
    argument = kwargs.get("launch_template")
    return backend._get_template_from_args(argument).data if argument else {}


def _complete(kwargs: dict[str, Any], template: dict[str, Any]) -> None:
    """Takes from a launch template what moto does not."""
    inner = {"nics": "NetworkInterfaces", "metadata_options": "MetadataOptions"}
    for name, key in {**inner, "instance_initiated_shutdown_behavior": "InstanceInitiatedShutdownBehavior"}.items():
        if not kwargs.get(name) and template.get(key):
            kwargs[name] = copy.deepcopy(template[key])
    if kwargs.get("subnet_id") and kwargs.get("nics"):
        # A fleet's override: it says in which subnet a template's interface is.
        kwargs["nics"][0]["SubnetId"] = kwargs.pop("subnet_id")
    market = template.get("InstanceMarketOptions", {}).get("MarketType")
    if market and not kwargs.get("instance_market_options"):
        kwargs["instance_market_options"] = market
    if kwargs.get("instance_market_options") == "on-demand":
        kwargs["instance_market_options"] = None


def _pool(backend: EC2Backend, kwargs: dict[str, Any], template: dict[str, Any]) -> Pool:
    subnet = kwargs.get("subnet_id") or next((nic["SubnetId"] for nic in kwargs.get("nics") or [] if "SubnetId" in nic), None)
    zone = kwargs.get("placement") or template.get("Placement", {}).get("AvailabilityZone") or backend.region_name + "a"
    if subnet:
        zone = backend.get_subnet(subnet).availability_zone
    instance_type = kwargs["instance_type"]
    if kwargs.get("is_instance_type_default"):
        instance_type = template.get("InstanceType", instance_type)
    is_spot = kwargs.get("instance_market_options") == "spot" or kwargs.get("lifecycle") == "spot"
    return Pool(instance_type, subnet, zone, "spot" if is_spot else "on-demand")
