"""Tasks that are all submitted at once, each recorded when it starts. Arguments: ADDRESS STARTS_FILE TASKS SECONDS."""

import sys
import time

import cloudpickle
import report
from scaler import Client

cloudpickle.register_pickle_by_value(report)


def main():
    address, path, tasks, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    with Client(address=address) as client:
        started = time.time()
        report.event("submitted", tasks=tasks)
        futures = [client.submit(report.task, number, seconds, path) for number in range(tasks)]
        report.event("all submitted")
        return report.follow(futures, list(range(tasks)), started)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
