"""What the parts of the emulator share: the state beside moto's, and the lock that guards both."""

import copy
import threading
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance, InstanceState, StateReason

from .machine import Machine
from .settings import Settings
from .shortages import Shortages

_BY_ITSELF = ("Client.InstanceInitiatedShutdown", "Instance initiated shutdown")


class Account:
    """All instances of all regions, with their machines."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # moto guards nothing.
        self.lock = threading.RLock()
        self.shortages = Shortages()
        self._machines: dict[str, Machine] = {}

    def backends(self) -> list[Any]:
        """The regions that somebody has asked for."""
        return list(ec2_backends[DEFAULT_ACCOUNT_ID].values())

    def instances(self) -> list[Instance]:
        return [instance for backend in self.backends() for instance in backend.all_instances()]

    def instance(self, instance_id: str) -> Instance:
        return next(instance for instance in self.instances() if instance.id == instance_id)

    def launched(self, instance: Instance) -> None:
        """Lets a new instance come up."""
        if not self.settings.executes:
            return
        types = instance.ec2_backend.describe_instance_types([instance.instance_type], {})
        cpus = types[0]["VCpuInfo"]["DefaultVCpus"]
        machine = Machine(self.settings, instance, cpus, lambda: self._power_off(instance))
        self._machines[instance.id] = machine
        _set(instance, "pending", 0)
        machine.start(lambda: self._change(instance, "pending", "running", 16))

    def end(self, instance: Instance, change: Any, way: tuple[str, int], end: tuple[str, int]) -> InstanceState:
        """Lets moto change an instance that is there, and shows the stage before until its machine has ended."""
        if instance.state in (way[0], end[0], "terminated"):
            return copy.copy(instance._state)
        previous = change(instance)
        machine = self._machines.pop(instance.id, None)
        if machine is not None:
            _set(instance, *way)
            machine.end(lambda: self._change(instance, way[0], *end))
        return previous

    def take(self, instance: Instance, code: str, message: str) -> None:
        """Terminates an instance for a reason that is not its owner's wish."""
        instance.terminate()
        _explain(instance, code, message)

    def kill(self) -> None:
        """Ends every machine at once."""
        for machine in list(self._machines.values()):
            machine.kill()

    def _power_off(self, instance: Instance) -> None:
        with self.lock:
            if instance.instance_initiated_shutdown_behavior == "terminate":
                instance.terminate()
            else:
                instance.stop()
            _explain(instance, *_BY_ITSELF)

    def _change(self, instance: Instance, before: str, name: str, code: int) -> None:
        with self.lock:
            if instance.state == before:
                _set(instance, name, code)


def _set(instance: Instance, name: str, code: int) -> None:
    instance._state = InstanceState(name, code)


def _explain(instance: Instance, code: str, message: str) -> None:
    instance._reason = ""
    instance.state_reason = StateReason(f"{code}: {message}", code)
