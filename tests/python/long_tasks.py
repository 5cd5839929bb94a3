"""60 short tasks and, when most of them are done, long ones that stay while the scheduler wants fewer workers.

Arguments: ADDRESS STARTS_FILE LONG_TASKS SECONDS. Only the long tasks are recorded when they start.
"""

import sys
import time

import cloudpickle
import report
from scaler import Client

cloudpickle.register_pickle_by_value(report)
SHORT_TASKS, SHORT_SECONDS, LONG_AFTER = 60, 0.5, 48


def short(number):
    import time

    time.sleep(SHORT_SECONDS)
    return number


def main():
    address, path, tasks, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    with Client(address=address) as client:
        started = time.time()
        report.event("submitted", tasks=SHORT_TASKS + tasks)
        futures = [client.submit(short, number) for number in range(SHORT_TASKS)]
        while sum(future.done() for future in futures) <= LONG_AFTER:
            time.sleep(0.02)
        futures += [client.submit(report.task, number, seconds, path) for number in range(tasks)]
        return report.follow(futures, list(range(SHORT_TASKS)) + list(range(tasks)), started)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
