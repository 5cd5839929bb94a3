"""Tasks that give back in which process and which unit they ran. Arguments: ADDRESS STARTS_FILE TASKS SECONDS."""

import sys
import time

import report
from scaler import Client


def task(seconds):
    import os
    import time

    time.sleep(seconds)
    return os.getpid(), os.environ.get("SCALER_WM_TEST_UNIT", "")


def main():
    address, _, tasks, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    with Client(address=address) as client:
        started = time.time()
        report.event("submitted", tasks=tasks)
        futures = [client.submit(task, seconds) for _ in range(tasks)]
        results = [future.result() for future in futures]
        report.event("results", results=results)
        report.event("finished", done=len(results), right=True, seconds=time.time() - started)


if __name__ == "__main__":
    main()
