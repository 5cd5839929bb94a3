"""Tasks that are submitted and canceled on command. Arguments: ADDRESS STARTS_FILE.

Commands are lines of the file beside STARTS_FILE with the ending `commands`: `submit N` submits N tasks at once, `cancel
N` cancels task N, `end` waits for all that were not canceled. Tasks are held as those of held.py, and numbered as they
are submitted. A line of JSON is printed for what became of each task.
"""

import os
import sys
import time

import cloudpickle
import held
import outcomes
import report
from scaler import Client

for module in (held, report):
    cloudpickle.register_pickle_by_value(module)


def commands(path):
    done = 0
    while True:
        lines = open(path).read().split("\n")[:-1] if os.path.exists(path) else []
        for line in lines[done:]:
            yield line.split()
        done = len(lines)
        time.sleep(0.02)


def main():
    address, path = sys.argv[1], sys.argv[2]
    begun, futures, canceled = time.time(), [], set()
    with Client(address=address) as client:
        for command, *argument in commands(os.path.splitext(path)[0] + ".commands"):
            if command == "submit":
                first = len(futures)
                futures += [client.submit(held.task, first + number, path) for number in range(int(argument[0]))]
                report.event("submitted", tasks=len(futures))
            elif command == "cancel":
                number = int(argument[0])
                is_canceled = futures[number].cancel()
                canceled.update([number] if is_canceled else [])
                report.event("canceled", task=number, canceled=is_canceled)
            else:
                break
        for number, future in enumerate(futures):
            if number not in canceled:
                outcomes.tell(str(number), outcomes.outcome_of(future))
    report.event("finished", done=len(futures) - len(canceled), right=True, seconds=time.time() - begun)


if __name__ == "__main__":
    main()
