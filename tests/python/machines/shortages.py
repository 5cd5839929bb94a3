"""Want of capacity, on demand."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Pool:
    """Where an instance would come from."""

    instance_type: str
    subnet: str | None
    zone: str
    market: str


@dataclasses.dataclass
class Shortage:
    """How many more instances come from certain pools; what is not said fits every one."""

    room: int
    instance_type: str | None = None
    subnet: str | None = None
    zone: str | None = None
    market: str | None = None

    def fits(self, pool: Pool) -> bool:
        fields = dataclasses.asdict(pool)
        return all(getattr(self, name) in (None, value) for name, value in fields.items())


class Shortages:
    """All that hold now. What ends gives nothing back."""

    def __init__(self) -> None:
        self._all: list[Shortage] = []

    def set(self, shortages: list[Shortage]) -> None:
        self._all = shortages

    def take(self, pool: Pool, least: int, most: int) -> int:
        """How many of `most` come, which are then used up; 0 if there is no room for `least`."""
        fitting = [shortage for shortage in self._all if shortage.fits(pool)]
        count = min([most, *(shortage.room for shortage in fitting)])
        if count < least:
            return 0
        for shortage in fitting:
            shortage.room -= count
        return count
