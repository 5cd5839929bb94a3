"""The released scheduler with one thing changed: at every heartbeat its vanilla policy asks for the number in a file.

Arguments: FILE, then those of scaler_scheduler. Each heartbeat is noted in FILE.beats: time and manager.
"""

import sys
import time

from scaler.entry_points.scheduler import main
from scaler.scheduler.controllers.policies.simple_policy.scaling import vanilla


def follow(path):
    beats = open(path + ".beats", "a", buffering=1)

    def get_scaling_commands(self, information_snapshot, heartbeat, managed_worker_ids, manager_snapshots):
        beats.write(f"{time.time():.3f}\n")
        with open(path) as file:
            return [vanilla.build_set_desired_command([({}, int(file.read() or 0))])]

    vanilla.VanillaScalingPolicy.get_scaling_commands = get_scaling_commands


if __name__ == "__main__":
    follow(sys.argv[1])
    del sys.argv[1]
    sys.exit(main())
