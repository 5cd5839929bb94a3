"""Tasks that sleep and give back their number. Arguments: ADDRESS STARTS_FILE TASKS SECONDS."""

import sys
import time

import report
from scaler import Client


def task(number, seconds):
    import time

    time.sleep(seconds)
    return number * number


def main():
    address, _, tasks, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    with Client(address=address) as client:
        started = time.time()
        report.event("submitted", tasks=tasks)
        futures = [client.submit(task, number, seconds) for number in range(tasks)]
        return report.follow(futures, [number * number for number in range(tasks)], started)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
