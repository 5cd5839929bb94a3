"""Tasks that run until the harness releases them. Arguments: ADDRESS STARTS_FILE TASKS.

STARTS_FILE with the ending `released` lets them end, but not those on the worker whose process id the file with the
ending `held` holds. So one worker can be kept busy, with tasks queued behind, while all others are idle.
"""

import sys
import time

import cloudpickle
import report
from scaler import Client

cloudpickle.register_pickle_by_value(report)


def task(number, path):
    import multiprocessing
    import os
    import time

    report.record_start(path, number)
    stem = os.path.splitext(path)[0]
    while not os.path.exists(stem + ".released"):
        time.sleep(0.01)
    with open(stem + ".held") as file:
        held = int(file.read())
    parent = multiprocessing.parent_process()
    while parent is not None and parent.pid == held:
        time.sleep(0.01)
    return number


def main():
    address, path, tasks = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with Client(address=address) as client:
        started = time.time()
        report.event("submitted", tasks=tasks)
        futures = [client.submit(task, number, path) for number in range(tasks)]
        return report.follow(futures, list(range(tasks)), started)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
