"""What the harness says of instances: one JSON object in an environment variable."""

import dataclasses
import json
import os

VARIABLE = "SCALER_WM_TEST_MACHINES"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How instances are run."""

    folder: str
    """Where their logs and their own folders go."""
    image: str
    """A virtual environment: what the image of every instance has installed."""
    path: str
    """Where else programs are found: those of every Linux."""
    marks: dict[str, str]
    """What every process of an instance has in its environment: by these the harness finds it."""
    unit_variable: str
    """One mark more, that tells whose process it is: the instance's id."""
    executes: bool
    """Whether user data is run. If not, instances are running at once and do nothing."""
    start_seconds: float
    """How long an instance is pending."""
    stop_seconds: float
    """How long processes are given to end by themselves when an instance shuts down."""


def read() -> Settings:
    """The settings of this process."""
    return Settings(**json.loads(os.environ[VARIABLE]))
