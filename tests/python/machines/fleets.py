"""CreateFleet of the type instant: several overrides, weights, tags, and errors beside what came."""

import math
from types import SimpleNamespace
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.fleets import Fleet
from moto.ec2.responses.fleets import Fleets
from moto.ec2.utils import convert_tag_spec

from . import launches

_FLEET = "aws:ec2:fleet-id"


class _Choice:
    """A template with one of its overrides."""

    def __init__(self, backend: EC2Backend, config: dict[str, Any], override: dict[str, Any]) -> None:
        self.template = dict(config["LaunchTemplateSpecification"])
        version = backend._get_template_from_args(_without_default(self.template))
        self.data = version.data
        self.override = override
        self.weight = float(override.get("WeightedCapacity") or 1)
        self.priority = float(override.get("Priority") or math.inf)
        self.instance_type = override.get("InstanceType") or self.data.get("InstanceType")
        self.template = {"LaunchTemplateId": version.template.id, "Version": str(version.number)}

    def told(self) -> dict[str, Any]:
        return {"LaunchTemplateSpecification": self.template, "Overrides": self.override}

    def launch(self, backend: EC2Backend, count: int, market: str, tags: dict[str, Any]) -> list[Any]:
        with launches.most(count):
            reservation = backend.run_instances(
                self.override.get("ImageId") or self.data.get("ImageId"),
                1,
                None,
                [],
                instance_type=self.instance_type,
                is_instance_type_default=False,
                region_name=backend.region_name,
                subnet_id=self.override.get("SubnetId"),
                placement=self.override.get("Placement", {}).get("AvailabilityZone") or self.override.get("AvailabilityZone"),
                launch_template=self.template,
                instance_market_options=market,
                tags=tags,
            )
        return list(reservation.instances)


def install() -> None:
    """Puts it into moto."""
    original = Fleets.create_fleet

    def create_fleet(self: Fleets) -> ActionResult:
        if self._get_param("Type", if_none="maintain") != "instant":
            return original(self)
        self.error_on_dryrun()
        return ActionResult(_create(self.ec2_backend, self._get_param))

    Fleets.create_fleet = create_fleet


def _create(backend: EC2Backend, parameter: Any) -> dict[str, Any]:
    configs = parameter("LaunchTemplateConfigs", [])
    target = parameter("TargetCapacitySpecification", {})
    choices = [_Choice(backend, config, override) for config in configs for override in config.get("Overrides") or [{}]]
    fleet = _record(backend, configs, target, parameter)
    tags = convert_tag_spec(parameter("TagSpecifications", []))
    tags["instance"] = {**tags.get("instance", {}), _FLEET: fleet.id}
    instances: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for market, count in _markets(target).items():
        options = parameter("SpotOptions" if market == "spot" else "OnDemandOptions", {})
        for choice, came, error in _fill(backend, _order(choices, options), count, market, tags, options):
            told = {"LaunchTemplateAndOverrides": choice.told(), "Lifecycle": market}
            if came:
                _count(fleet, choice, came, market)
                ids = [instance.id for instance in came]
                instances.append({**told, "InstanceIds": ids, "InstanceType": choice.instance_type})
            if error is not None:
                errors.append({**told, "ErrorCode": error.code, "ErrorMessage": error.message})
    return {"FleetId": fleet.id, "Instances": instances, "Errors": errors}


def _fill(
    backend: EC2Backend, choices: list[_Choice], capacity: float, market: str, tags: dict[str, Any], options: dict[str, Any]
) -> list[tuple[_Choice, list[Any], ServiceException | None]]:
    """Launches until the capacity is reached: from each in turn, or from all alike when they are to be diverse."""
    outcome = []
    least = float(options.get("MinTargetCapacity") or 0)
    share = capacity / len(choices) if options.get("AllocationStrategy") == "diversified" else capacity
    left, failed = capacity, set()
    for part in (share, capacity):
        for choice in choices:
            count = math.ceil(min(part, left) / choice.weight)
            if left <= 0 or choice in failed:
                continue
            came, error = [], None
            try:
                came = choice.launch(backend, count, market, tags)
            except ServiceException as refused:
                error = refused
            if error is None and len(came) < count:
                error = ServiceException("InsufficientInstanceCapacity", "There is not enough capacity for the rest.")
            if error is not None:
                failed.add(choice)
            left -= len(came) * choice.weight
            outcome.append((choice, came, error))
    if capacity - left < least:
        for _, came, _ in outcome:
            for instance in came:
                instance.terminate()
        return [(choice, [], error) for choice, _, error in outcome]
    return outcome


def _markets(target: dict[str, Any]) -> dict[str, float]:
    """How much of the capacity is to come from which market."""
    total = int(target["TotalTargetCapacity"])
    counts = {"spot": int(target.get("SpotTargetCapacity") or 0), "on-demand": int(target.get("OnDemandTargetCapacity") or 0)}
    counts[target.get("DefaultTargetCapacityType") or "on-demand"] += max(0, total - sum(counts.values()))
    return {market: count for market, count in counts.items() if count > 0}


def _order(choices: list[_Choice], options: dict[str, Any]) -> list[_Choice]:
    """There are no prices here: those that are not told by their priority come as they are given."""
    is_by_priority = "prioritized" in (options.get("AllocationStrategy") or "")
    return sorted(choices, key=lambda choice: choice.priority) if is_by_priority else choices


def _record(backend: EC2Backend, configs: list[Any], target: dict[str, Any], parameter: Any) -> Fleet:
    # With no capacity to reach it launches nothing by itself.
    fleet = backend.create_fleet(
        on_demand_options=parameter("OnDemandOptions", {}),
        spot_options=parameter("SpotOptions", {}),
        target_capacity_specification={**target, "TotalTargetCapacity": 0, "SpotTargetCapacity": 0, "OnDemandTargetCapacity": 0},
        launch_template_configs=[],
        excess_capacity_termination_policy=parameter("ExcessCapacityTerminationPolicy"),
        replace_unhealthy_instances=False,
        terminate_instances_with_expiration=False,
        fleet_type="instant",
        valid_from=None,
        valid_until=None,
        tag_specifications=parameter("TagSpecifications", []),
    )
    fleet.launch_template_configs = configs
    fleet.target_capacity_specification = target
    return fleet


def _count(fleet: Fleet, choice: _Choice, came: list[Any], market: str) -> None:
    """What came is told of the fleet afterwards: an ORB server asks for it."""
    fleet.fulfilled_capacity += len(came) * choice.weight
    for instance in came:
        if market == "spot":
            fleet.spot_requests.append(SimpleNamespace(id=instance.spot_request.id, instance=instance, launch_spec=None))
        else:
            fleet.on_demand_instances.append({"id": instance.id, "instance": instance, "launch_spec": None})


def _without_default(template: dict[str, Any]) -> dict[str, Any]:
    if template.get("Version") == "$Default":
        del template["Version"]
    return template
