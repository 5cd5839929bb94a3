"""The released scheduler with one thing changed: at every heartbeat its vanilla policy asks for a random number of workers.

Arguments: SEED LIMIT, then those of scaler_scheduler. With it a manager stops and starts workers all the time while tasks
flow, over the unmodified wire. The scheduler of 2.4.0 is a process of its own that reads this file anew, so that the
arguments travel in the environment.
"""

import os
import random
import sys

from scaler.entry_points.scheduler import main
from scaler.scheduler.controllers.policies.simple_policy.scaling import vanilla


def churn(seed, limit):
    numbers = random.Random(seed)

    def get_scaling_commands(self, information_snapshot, heartbeat, managed_worker_ids, manager_snapshots):
        # Once nothing is left to do the workers may go, so that a test can see the end of it.
        desired = numbers.randint(1, limit) if information_snapshot.tasks else 0
        return [vanilla.build_set_desired_command([({}, desired)])]

    vanilla.VanillaScalingPolicy.get_scaling_commands = get_scaling_commands


if __name__ == "__main__":
    os.environ["CHURN"] = " ".join(sys.argv[1:3])
    del sys.argv[1:3]
churn(*map(int, os.environ["CHURN"].split()))
if __name__ == "__main__":
    sys.exit(main())
