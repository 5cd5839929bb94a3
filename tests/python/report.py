"""What the client scripts share: events for the harness, one JSON object a line, and tasks with a record of starts."""

import json
import os
import time


def event(name, **fields):
    print(json.dumps({"event": name, "time": time.time(), **fields}), flush=True)


def follow(futures, expected, started):
    """Reports progress until all are done, then whether every result is the expected one."""
    reported = -1
    while True:
        done = sum(future.done() for future in futures)
        if done != reported:
            event("progress", done=done)
            reported = done
        if done == len(futures):
            break
        time.sleep(0.02)
    seconds = time.time() - started
    right = [future.result() for future in futures] == expected
    event("finished", done=done, right=right, seconds=seconds)
    return right


def record_start(path, task):
    """Runs inside a task. One write of one line: appends of several processes do not mix."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    worker = parent.pid if parent is not None else os.getppid()
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{task} {worker} {os.getpid()} {time.time()}\n".encode())
    os.close(file)


def task(number, seconds, path):
    """A task that is recorded when it starts, takes its time and returns its number."""
    record_start(path, number)
    time.sleep(seconds)
    return number
