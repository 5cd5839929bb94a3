"""What the harness says of containers: one JSON object in an environment variable."""

import dataclasses
import json
import os

VARIABLE = "SCALER_WM_TEST_CONTAINERS"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How containers are run."""

    folder: str
    """Where their logs go, and where they start."""
    images: dict[str, list[str] | None]
    """What an image runs: its entry point. None: it cannot be pulled. "*" stands for every image that is not named."""
    environment: dict[str, str]
    """What every container has in its environment unless its task says otherwise: that of the image."""
    marks: dict[str, str]
    """What every container has in its environment whatever its task says: by these the harness finds it."""
    unit_variable: str
    """One mark more, that tells whose container a process belongs to: the task's id."""
    start_seconds: float
    """How long it takes until a container runs: the pull of its image."""
    stops_group: bool
    """Whether a stop asks all processes of the group, or only the first one, as a container engine does."""


def read() -> Settings:
    """The settings of this process."""
    return Settings(**json.loads(os.environ[VARIABLE]))
