"""Small tasks, all submitted at once, each of which gives back its argument. Arguments: ADDRESS STARTS_FILE TASKS FIRST.

So many are submitted first, waited for, and not counted.
"""

import sys
import time

import report
from scaler import Client

LOOK_EVERY_SECONDS = 0.005


def task(number):
    return number


def wait(futures):
    """Until all are done. They are looked at in order: this process is to be busy with nothing else than its tasks."""
    for future in futures:
        while not future.done():
            time.sleep(LOOK_EVERY_SECONDS)


def main():
    address, _, tasks, first = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with Client(address=address) as client:
        wait([client.submit(task, -1 - number) for number in range(first)])
        started = time.time()
        report.event("submitted", tasks=tasks)
        futures = [client.submit(task, number) for number in range(tasks)]
        wait(futures)
        seconds = time.time() - started
        report.event("progress", done=tasks)
        right = [future.result() for future in futures] == list(range(tasks))
        report.event("finished", done=tasks, right=right, seconds=seconds)
        return right


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
