"""Short tasks, each recorded when it starts. Arguments: ADDRESS STARTS_FILE TASKS SECONDS.

They are kept flowing, a few dozen at a time, so that workers which come late get some and workers which are about to
go may be handed one at any moment.
"""

import sys
import time

import cloudpickle
import report
from scaler import Client

cloudpickle.register_pickle_by_value(report)
IN_FLIGHT = 24


def main():
    address, path, tasks, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    with Client(address=address) as client:
        started = time.time()
        report.event("submitted", tasks=tasks)
        futures = []
        while len(futures) < tasks:
            waiting = sum(not future.done() for future in futures[-4 * IN_FLIGHT :])
            new = min(IN_FLIGHT - waiting, tasks - len(futures))
            first = len(futures)
            futures.extend(client.submit(report.task, first + step, seconds, path) for step in range(new))
            time.sleep(0.005)
        return report.follow(futures, list(range(tasks)), started)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
