"""Which jobs run: the first ones that wait, as many as there is room for."""

import collections
import contextlib
import threading
from collections.abc import Iterator
from typing import Protocol

from .settings import Settings


class Runnable(Protocol):
    """As much of a job as it must know."""

    def wait_for_room(self) -> None: ...

    def begin(self) -> None: ...

    @property
    def is_over(self) -> bool: ...


class Scheduler:
    """All queues have the same room."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # moto guards nothing: this is held by every request, and by every job that changes.
        self.lock = threading.RLock()
        self._at_once = settings.at_once
        self._waiting: collections.deque[Runnable] = collections.deque()
        self._running = 0
        self._is_paused = False

    def add(self, job: Runnable) -> None:
        """Lets a job run when there is room."""
        job.wait_for_room()
        self._waiting.append(job)
        self._fill()

    def freed(self) -> None:
        """A job that had begun has ended."""
        self._running -= 1
        self._fill()

    def set_limit(self, at_once: int | None) -> None:
        """Gives more or less room from now on."""
        self._at_once = at_once
        self._fill()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Within it no job begins."""
        self._is_paused = True
        try:
            yield
        finally:
            self._is_paused = False
            self._fill()

    def _fill(self) -> None:
        if self._is_paused:
            return
        # A job may end while it begins, and comes back here.
        self._is_paused = True
        while self._waiting and (self._at_once is None or self._running < self._at_once):
            job = self._waiting.popleft()
            if not job.is_over:
                self._running += 1
                job.begin()
        self._is_paused = False
