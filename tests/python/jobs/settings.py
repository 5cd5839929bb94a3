"""What the harness says of jobs: one JSON object in an environment variable."""

import dataclasses
import json
import os

VARIABLE = "SCALER_WM_TEST_JOBS"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How jobs are run."""

    executes: bool
    """Whether jobs are processes. If not, each one runs at once, and does nothing."""
    succeeds: bool
    """Whether a job that is no process has ended well at once, with `None` as its result. If not, it runs on and on."""
    at_once: int | None
    """How many jobs run at once; the others are runnable until there is room."""
    start_seconds: float
    """How long a job is starting."""
    stop_seconds: float
    """How long a job that is to end is given to do so by itself."""
    minute_seconds: float
    """How long a minute of a time-out takes: AWS knows none that is shorter than one."""


def read() -> Settings:
    """The settings of this process."""
    return Settings(**json.loads(os.environ[VARIABLE]))
