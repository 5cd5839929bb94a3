"""Stands in for the `docker` package where the emulator of AWS looks for it: a container is a process group here.

Only what the emulator's ECS needs. What a container runs, and what is around it, the harness says (`settings.py`).
"""

import atexit
import functools
import os
import time
import uuid
from typing import Any

from . import errors, settings
from .container import LOOPBACK, Container

__all__ = ["DockerClient", "errors", "from_env"]


class _Emulator:
    """The container that the emulator takes itself to run in: so it learns the address under which units reach it."""

    attrs = {"NetworkSettings": {"Networks": LOOPBACK}}


class _Containers:
    def __init__(self) -> None:
        self._settings = settings.read()
        self._by_id: dict[str, Container] = {}
        atexit.register(self._end)

    def get(self, container_id: str) -> Container | _Emulator:
        if container_id == os.environ.get("HOSTNAME"):
            return _Emulator()
        if container_id not in self._by_id:
            raise errors.NotFound(f"no container has the id {container_id}")
        return self._by_id[container_id]

    def run(self, image: str, command: str | list[str] | None = None, **options: Any) -> Container:
        time.sleep(self._settings.start_seconds)
        images = self._settings.images
        entry_point = images[image] if image in images else images.get("*")
        if entry_point is None:
            raise errors.ImageNotFound(f"pull access denied for {image}, it does not exist or may require authorization")
        arguments = command.split() if isinstance(command, str) else list(command or [])
        container = Container(self._settings, uuid.uuid4().hex * 2, entry_point + arguments, options)
        self._by_id[container.id] = container
        return container

    def _end(self) -> None:
        for container in list(self._by_id.values()):
            container.kill()


class DockerClient:
    """A client without an engine."""

    def __init__(self) -> None:
        self.containers = _Containers()


@functools.cache
def from_env(timeout: float | None = None) -> DockerClient:
    """The one client of this process."""
    return DockerClient()
