"""Starts the emulator: `python machines PORT`. How it runs instances is said in an environment variable (settings.py)."""

import os
import sys

# Before moto reads them. A launch with an image or a type that nobody knows is refused, as by AWS.
os.environ.setdefault("MOTO_ENABLE_AMI_VALIDATION", "true")
os.environ.setdefault("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "true")

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from machines import server  # noqa: E402

if __name__ == "__main__":
    server.run(int(sys.argv[1]))
