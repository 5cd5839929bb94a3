"""Processes, by what they have in their environment."""

import os


def processes_with(entry: str) -> set[int]:
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
