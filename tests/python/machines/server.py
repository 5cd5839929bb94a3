"""The server: moto's, and what the harness asks of instances."""

import atexit
from typing import Any

import served

from . import fleets, launches, resources, settings, spot
from .account import Account
from .machine import script_of
from .shortages import Shortage


def run(port: int) -> None:
    """Serves until it is asked to end."""
    account = Account(settings.read())
    launches.install(account)
    fleets.install()
    resources.install()
    atexit.register(account.kill)
    questions: served.Questions = {
        "instances": lambda _: [_instance(instance) for instance in account.instances()],
        "resources": lambda _: _resources(account),
        "shortages": lambda body: account.shortages.set([Shortage(**shortage) for shortage in body]),
        "spot": lambda body: spot.interrupt(account, body["instance"], body["status"]),
    }
    served.run(port, account.lock, questions)


def _instance(instance: Any) -> dict[str, Any]:
    request = getattr(instance, "spot_request", None)
    return {
        "id": instance.id,
        "state": instance.state,
        "state_reason": instance.state_reason.code,
        "instance_type": instance.instance_type,
        "image": instance.image_id,
        "region": instance.region_name,
        "zone": instance.availability_zone,
        "subnet": instance.subnet_id,
        "market": "spot" if instance.lifecycle == "spot" else "on-demand",
        "spot_request": request.id if request else None,
        "spot_status": request.status["Code"] if request else None,
        "tags": {tag["key"]: tag["value"] for tag in instance.get_tags()},
        "client_token": instance.client_token,
        "key_name": instance.key_name,
        "security_groups": resources.groups_of(instance),
        "user_data": script_of(instance.user_data),
    }


def _resources(account: Account) -> dict[str, list[str]]:
    backends = account.backends()
    groups = [group for backend in backends for groups in backend.groups.values() for group in groups.values()]
    return {
        "key_pairs": [name for backend in backends for name in backend.key_pairs],
        "security_groups": [group.name for group in groups if group.name != "default"],
        "launch_templates": [template.name for backend in backends for template in backend.launch_templates.values()],
    }
