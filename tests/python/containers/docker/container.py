"""A container: a process group on this machine. It ends with its first process, and takes along whatever is left."""

import os
import signal
import subprocess
import threading
import time
from typing import Any

from . import errors
from .settings import Settings

LOOPBACK = {"loopback": {"IPAddress": "127.0.0.1"}}

# A process that is being forked during one look for what a container leaves is seen by the next.
_LOOK_SECONDS = 0.01
_TASK_LABEL = "com.amazonaws.ecs.task-arn"


class Container:
    """As much of the `docker` package's class as the emulator's ECS uses."""

    def __init__(self, settings: Settings, container_id: str, command: list[str], options: dict[str, Any]) -> None:
        self.id = container_id
        self._settings = settings
        self._unit = options["labels"][_TASK_LABEL].rsplit("/", 1)[-1]
        self._log = os.path.join(settings.folder, f"unit-{self._unit}.log")
        self._ended = threading.Event()
        own = {settings.unit_variable: self._unit}
        environment = {**settings.environment, **(options.get("environment") or {}), **settings.marks, **own}
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                command,
                env=environment,
                cwd=settings.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=self._watch, daemon=True, name=f"container-{self._unit}").start()

    @property
    def status(self) -> str:
        return "exited" if self._ended.is_set() else "running"

    @property
    def attrs(self) -> dict[str, Any]:
        return {"NetworkSettings": {"Networks": LOOPBACK}}

    def reload(self) -> None:
        """Nothing is kept that could be out of date."""

    def wait(self) -> dict[str, int]:
        self._ended.wait()
        code = self._process.returncode
        # A signal as shells tell it, and container engines with them.
        return {"StatusCode": code if code >= 0 else 128 - code}

    def logs(self, tail: int) -> bytes:
        with open(self._log, "rb") as log:
            return b"".join(log.readlines()[-tail:])

    def stop(self, timeout: float) -> None:
        self._signal(signal.SIGTERM, self._settings.stops_group)
        if not self._ended.wait(timeout):
            self.kill()

    def remove(self, v: bool = False, force: bool = False) -> None:
        if not self._ended.is_set() and not force:
            raise errors.APIError(f"the container {self.id} is running")
        self.kill()

    def kill(self) -> None:
        self._signal(signal.SIGKILL, True)
        self._ended.wait()

    def _signal(self, number: int, group: bool) -> None:
        if self._process.poll() is not None:
            return
        try:
            (os.killpg if group else os.kill)(self._process.pid, number)
        except ProcessLookupError:
            pass

    def _watch(self) -> None:
        self._process.wait()
        # A kernel ends everything in a container with its first process, in whichever group or session it is.
        while left := _processes_with(f"{self._settings.unit_variable}={self._unit}"):
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(_LOOK_SECONDS)
        self._ended.set()


def _processes_with(entry: str) -> set[int]:
    """Live processes that have this in their environment; a zombie's reads as empty."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environment:
                if entry.encode() in environment.read().split(b"\0"):
                    found.add(int(pid))
        except OSError:
            # It has ended, or is somebody else's.
            pass
    return found
