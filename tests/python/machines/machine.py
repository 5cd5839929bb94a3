"""One instance as processes of this machine."""

import base64
import binascii
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

from .metadata import Metadata
from .processes import processes_with
from .settings import Settings

# An image's root, less what every Linux has: user data that names a path below one of these means the instance's own.
# What is read from there and was not written before is missing.
_OWN_PATHS = re.compile(r"(?<![\w./}~-])/(etc|home|opt|root|run|srv|tmp|usr/local|var)(?=$|[/\s\"'`;:&|)>])", re.MULTILINE)
_FOLDERS = ["etc", "home", "opt", "root/.local/bin", "run", "srv", "tmp", "usr/local/bin", "usr/local/lib", "var/lib", "var/log"]

_STAND_INS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "image")
# Nobody listens there.
_NOWHERE = "http://127.0.0.1:9"
_LOOK_SECONDS = 0.02


def script_of(user_data: Any) -> str | None:
    """The script in an instance's user data, if it is one. That of a launch template may be encoded twice."""
    text = str(user_data or "")
    for _ in range(2):
        if text.startswith("#!"):
            break
        try:
            text = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            break
    return text if text.startswith("#!") else None


# A process that is forked while a script is being written has it open for writing, and nobody can start it then.
_STARTING = threading.Lock()


class Machine:
    """Runs user data, answers for the metadata, and kills whatever was started."""

    def __init__(self, settings: Settings, instance: Any, cpus: int, power_off: Callable[[], None]) -> None:
        self.id: str = instance.id
        self._settings = settings
        self._script = script_of(instance.user_data)
        self._cpus = cpus
        self._folder = os.path.join(settings.folder, f"machine-{self.id}")
        self._is_ending = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.metadata = Metadata(instance, power_off)

    def start(self, running: Callable[[], None]) -> None:
        """Comes up after the time that this takes; `running` is called when it has, unless it ends before."""
        threading.Thread(target=self._start, args=[running], daemon=True, name=f"start-{self.id}").start()

    def end(self, ended: Callable[[], None]) -> None:
        """Goes down; `ended` is called when nothing is left."""
        self._is_ending.set()
        threading.Thread(target=self._end, args=[ended], daemon=True, name=f"end-{self.id}").start()

    def kill(self) -> None:
        """Ends it at once, for good."""
        self._is_ending.set()
        with self._lock:
            self._kill()
        self.metadata.close()

    def _start(self, running: Callable[[], None]) -> None:
        if self._is_ending.wait(self._settings.start_seconds):
            return
        with self._lock:
            if self._is_ending.is_set():
                return
            self._boot()
        running()
        if self._process is not None:
            self._process.wait()

    def _boot(self) -> None:
        for folder in _FOLDERS:
            os.makedirs(os.path.join(self._folder, folder), exist_ok=True)
        log_path = os.path.join(self._settings.folder, f"unit-{self.id}.log")
        # Beside the other logs: where released managers let their workers write.
        os.symlink(os.path.join(self._folder, "var/log/opengris-scaler.log"), log_path.replace(".log", "-scaler.log"))
        with open(log_path, "ab") as log:
            if self._script is None:
                log.write(b"no user data that is a script\n")
                return
            script = os.path.join(self._folder, "user-data")
            with _STARTING:
                with open(script, "w") as file:
                    file.write(_OWN_PATHS.sub(lambda path: self._folder + path.group(), self._script))
                os.chmod(script, 0o700)
                self._process = subprocess.Popen(
                    [script],
                    env=self._environment(),
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def _environment(self) -> dict[str, str]:
        own = [os.path.join(self._folder, "usr/local/bin"), os.path.join(self._folder, "root/.local/bin")]
        image = [os.path.join(_STAND_INS, "bin"), os.path.join(self._settings.image, "bin"), self._settings.path]
        return {
            "PATH": os.pathsep.join(own + image),
            "HOME": os.path.join(self._folder, "root"),
            "TMPDIR": os.path.join(self._folder, "tmp"),
            "USER": "root",
            "LANG": "C.UTF-8",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata.endpoint,
            # As many processors as its type has (image/python/sitecustomize.py, image/bin/nproc).
            "SCALER_WM_TEST_CPUS": str(self._cpus),
            "SCALER_WM_TEST_IMAGE": self._settings.image,
            "PYTHONPATH": os.path.join(_STAND_INS, "python"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            # Nothing but loopback is reached, whatever asks.
            "http_proxy": _NOWHERE,
            "https_proxy": _NOWHERE,
            "no_proxy": "127.0.0.1,localhost",
            "PIP_NO_INDEX": "1",
            **self._settings.marks,
            self._settings.unit_variable: self.id,
        }

    def _end(self, ended: Callable[[], None]) -> None:
        with self._lock:
            self._signal(signal.SIGTERM)
            end = time.monotonic() + self._settings.stop_seconds
            while self._processes() and time.monotonic() < end:
                time.sleep(_LOOK_SECONDS)
            self._kill()
        self.metadata.close()
        ended()

    def _kill(self) -> None:
        # A process that is being forked during one look is seen by the next.
        while self._signal(signal.SIGKILL):
            time.sleep(_LOOK_SECONDS)

    def _signal(self, number: int) -> bool:
        left = self._processes()
        for pid in left:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        return bool(left)

    def _processes(self) -> set[int]:
        # In whichever group or session they are.
        return processes_with(f"{self._settings.unit_variable}={self.id}")
