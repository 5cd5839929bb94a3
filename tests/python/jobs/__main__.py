"""Starts the emulator: `python jobs PORT`. How it runs jobs is said in an environment variable (settings.py)."""

import os
import sys

# Before moto reads it: roles of jobs have managed policies.
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from jobs import server  # noqa: E402

if __name__ == "__main__":
    server.run(int(sys.argv[1]))
