"""Tasks that end in different ways, submitted at once: a line of JSON for each. Arguments: ADDRESS STARTS_FILE."""

import sys
import time

import cloudpickle
import outcomes
import report
from scaler import Client

cloudpickle.register_pickle_by_value(outcomes)

CASES = {
    "number": (outcomes.task_gives, 1),
    "deep": (outcomes.task_gives, {"a": [1, (2, 3)]}),
    "value error": (outcomes.task_raises, ValueError("bad", 7)),
    "os error": (outcomes.task_raises, FileNotFoundError(2, "No such file", "x")),
    "own error": (outcomes.task_raises, outcomes.OfItsOwn(3, "three")),
}


def run(client, prefix):
    futures = {name: client.submit(*case) for name, case in CASES.items()}
    for name, future in futures.items():
        outcomes.tell(prefix + name, outcomes.outcome_of(future))


def main():
    begun, address = time.time(), sys.argv[1]
    report.event("submitted", tasks=2 * len(CASES))
    with Client(address=address) as client:
        run(client, "")
    with Client(address=address, serializer=outcomes.Reversed()) as client:
        run(client, "reversed ")
    report.event("finished", done=2 * len(CASES), right=True, seconds=time.time() - begun)


if __name__ == "__main__":
    main()
