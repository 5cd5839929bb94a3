"""What becomes of tasks of every kind, a line of JSON each: the same whoever runs them. Arguments: ADDRESS STARTS_FILE SLOTS.

With one slot, what waits and in which order things start is the same everywhere; with several, tasks start tasks.
"""

import hashlib
import json
import os
import sys
import threading
import time
import traceback

import cloudpickle
import report
from scaler import Client, Serializer

# Nothing of this file can be imported where tasks run: what they need travels with them.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

MEBIBYTE = 1 << 20


class OfItsOwn(Exception):
    def __init__(self, number, text):
        super().__init__(number, text)
        self.number = number


class NotPicklable(Exception):
    def __init__(self):
        super().__init__("with a lock")
        self.lock = threading.Lock()


class Marked:
    """Writes the process in which it is unpickled to a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        code = f"__import__('os').write(__import__('os').open({self.path!r}, 1025 | 64), b'%d ' % __import__('os').getpid())"
        return eval, (code,)


class Reversed(Serializer):
    """Pickles backwards, so that nobody reads it by accident."""

    @staticmethod
    def serialize(obj):
        return cloudpickle.dumps(obj)[::-1]

    @staticmethod
    def deserialize(payload):
        return cloudpickle.loads(payload[::-1])


def task_gives(value):
    return value


def task_raises(error):
    def task_inner():
        raise error

    task_inner()


def task_raises_from():
    try:
        raise KeyError("first")
    except KeyError as error:
        raise ValueError("second: \N{SNOWMAN}") from error


def task_raises_not_picklable():
    raise NotPicklable()


def task_gives_lock():
    return threading.Lock()


def task_hash(data):
    return len(data), hashlib.sha256(data).hexdigest()


def task_long(length):
    return bytes(range(256)) * (length // 256)


def task_marked(_):
    return "marked"


def task_waits(name, starts, gate):
    with open(starts, "a") as file:
        file.write(name + "\n")
    while not os.path.exists(gate):
        time.sleep(0.02)
    return name


def task_starts_tasks(address, number):
    with Client(address=address) as client:
        return sum(future.result() for future in [client.submit(task_gives, number + other) for other in range(3)])


def tell(name, outcome):
    print(json.dumps({"event": "case", "name": name, "outcome": outcome}), flush=True)


def outcome_of(future):
    try:
        return {"result": repr(future.result(timeout=120))}
    except BaseException as error:
        own = [frame.name for frame in traceback.extract_tb(error.__traceback__) if frame.name.startswith("task_")]
        is_builtin = type(error).__module__ == "builtins"
        return {"error": type(error).__name__, "text": str(error), "frames": own if is_builtin else None}


def values(client):
    cases = {
        "number": (task_gives, 1),
        "nothing": (task_gives, None),
        "bytes": (task_gives, b""),
        "deep": (task_gives, {"a": [1, (2, {"b": frozenset([3])})]}),
        "value error": (task_raises, ValueError("bad", 7)),
        "os error": (task_raises, FileNotFoundError(2, "No such file", "x")),
        "own error": (task_raises, OfItsOwn(3, "three")),
        "error from another": (task_raises_from,),
        "error that cannot be pickled": (task_raises_not_picklable,),
        "division": (lambda: 1 // 0,),
        "long argument": (task_hash, task_long(20 * MEBIBYTE)),
        "long result": (task_long, 20 * MEBIBYTE),
    }
    for name, (function, *arguments) in cases.items():
        outcome = outcome_of(client.submit(function, *arguments))
        if len(outcome.get("result", "")) > 1000:
            outcome = {"digest": hashlib.sha256(outcome["result"].encode()).hexdigest()}
        tell(name, outcome)
    outcome = outcome_of(client.submit(task_gives_lock))
    tell("result that cannot be pickled", outcome["error"])


def until(done):
    end = time.time() + 60
    while not done():
        assert time.time() < end, "it does not happen"
        time.sleep(0.02)


def order_and_cancels(client, folder):
    starts, gates = os.path.join(folder, "starts"), [os.path.join(folder, f"gate-{number}") for number in range(3)]

    def started():
        return open(starts).read().split("\n")[:-1] if os.path.exists(starts) else []

    def submit(name, gate, priority=0):
        # As a client inside of a task of a priority does.
        parent = staticmethod(lambda: priority - 1 if priority else None)
        Client._Client__get_parent_task_priority = parent
        return client.submit(task_waits, name, starts, gate)

    def open_gate(gate):
        open(gate, "w").close()

    low = [submit("first", gates[0])]
    until(lambda: started() == ["first"])
    low += [submit("second", gates[0]), submit("third", gates[0])]
    high = submit("preferred", gates[0], priority=2)
    until(lambda: started() == ["first", "preferred"])
    open_gate(gates[0])
    tell("order", {"results": [future.result(timeout=60) for future in [*low, high]], "starts": started()})

    done = low[0]
    running = submit("running", gates[1])
    until(lambda: started()[-1] == "running")
    waiting = submit("waiting", gates[1])
    time.sleep(0.3)
    tell("cancel of what waits", {"canceled": waiting.cancel(), "starts": started()})
    tell("cancel of what runs", {"canceled": running.cancel(), "starts": started()})
    tell("cancel of what is done", {"canceled": done.cancel(), "result": done.result()})
    after = submit("after", gates[2])
    until(lambda: started()[-1] == "after")
    # Asked for before anything else can have happened to it.
    hasty = submit("hasty", gates[2])
    tell("cancel at once", {"canceled": hasty.cancel()})
    open_gate(gates[2])
    tell("after all cancels", {"result": after.result(timeout=60), "starts": started()})


def main():
    address, file, slots = sys.argv[1], sys.argv[2], int(sys.argv[3])
    folder = file + ".outcomes"
    os.makedirs(folder)
    begun = time.time()
    with Client(address=address) as client:
        if slots > 1:
            nested = [client.submit(task_starts_tasks, address, number) for number in range(slots - 1)]
            tell("tasks of tasks", [outcome_of(future) for future in nested])
        else:
            values(client)
            tell("marked", outcome_of(client.submit(task_marked, Marked(file + ".pids"))))
            order_and_cancels(client, folder)
    if slots == 1:
        with Client(address=address, serializer=Reversed()) as client:
            tell("own serializer", outcome_of(client.submit(task_gives, {"back": "wards"})))
            tell("own serializer, error", outcome_of(client.submit(task_raises, ValueError("backwards"))))
    report.event("finished", done=1, right=True, seconds=time.time() - begun)
    return True


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
