"""The server: moto's, and before it what the harness asks past AWS's API (`/harness/…`)."""

import atexit
import json
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

from . import fleets, launches, resources, settings, spot
from .account import Account
from .machine import script_of
from .shortages import Shortage

_PREFIX = "/harness/"
_Start = Callable[..., Any]


class _Application:
    def __init__(self, account: Account) -> None:
        self._account = account
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._own: dict[str, Callable[[Any], Any]] = {
            "health": lambda _: {},
            "instances": lambda _: [_instance(instance) for instance in account.instances()],
            "resources": lambda _: _resources(account),
            "shortages": lambda body: account.shortages.set([Shortage(**shortage) for shortage in body]),
            "spot": lambda body: spot.interrupt(account, body["instance"], body["status"]),
        }

    def __call__(self, environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        with self._account.lock:
            path = environ["PATH_INFO"]
            if not path.startswith(_PREFIX):
                return list(self._moto(environ, start_response))
            size = int(environ.get("CONTENT_LENGTH") or 0)
            body = json.loads(environ["wsgi.input"].read(size)) if size else None
            answer = json.dumps(self._own[path.removeprefix(_PREFIX)](body)).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]


def run(port: int) -> None:
    """Serves until it is asked to end."""
    account = Account(settings.read())
    launches.install(account)
    fleets.install()
    resources.install()
    atexit.register(account.kill)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    run_simple("127.0.0.1", port, _Application(account), threaded=True, request_handler=MotoRequestHandler)


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
