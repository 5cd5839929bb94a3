"""The released `scaler_worker_manager` with what its `aws_hpc` needs to start at all. Arguments: its own.

It tells the scheduler that its units are not limited as -1, for which there is no room in the message. Here it tells
that there may be one unit, and starts as many as it is asked for, as before.
"""

import sys

from scaler.entry_points.worker_manager import main
from scaler.worker_manager.proxy.aws_batch import worker_manager


class Runner(worker_manager.WorkerManagerRunner):
    def __init__(self, **told):
        super().__init__(**{**told, "max_provisioner_units": 1})


if __name__ == "__main__":
    worker_manager.WorkerManagerRunner = Runner
    sys.exit(main())
