"""Bursts of tasks of mixed durations and priorities, some of them nested; all of it follows from the seed.

Arguments: ADDRESS STARTS_FILE SEED CAPABILITIES, the last one a comma-separated list of what some tasks ask for, or
nothing. STARTS_FILE with the ending `submitted` gets one line per task, NUMBER, TIME and PRIORITY, when it is submitted.
"""

import os
import random
import sys
import time

import cloudpickle
import report
from scaler import Client
from scaler.utility.metadata.task_flags import TaskFlags

cloudpickle.register_pickle_by_value(report)
# Tasks that other tasks submit are numbered from here on, a hundred numbers for each parent.
NESTED = 1_000_000


def note_submission(path, number, priority):
    file = os.open(os.path.splitext(path)[0] + ".submitted", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{number} {time.time()} {priority}\n".encode())
    os.close(file)


def parent(number, seconds, path, address, children, capabilities):
    """Submits children, each of which takes one of these numbers of seconds, from the inside and waits for them."""
    total = report.task(number, seconds, path)
    with Client(address=address) as client:
        futures = []
        for child, length in enumerate(children):
            child_number = NESTED + number * 100 + child
            note_submission(path, child_number, 1)
            arguments = (child_number, length, path)
            futures.append(client.submit_verbose(report.task, arguments, {}, capabilities=capabilities))
        total += sum(future.result() for future in futures)
    return total


def give_priority(client, priority):
    """What this client submits from now on has this priority. The released class knows no public way.

    Its own flags are asked first, so that a release which builds them in another way is noticed.
    """
    own = Client._Client__get_task_flags(client)
    flags = TaskFlags(profiling=own.profiling, priority=priority, stream_output=own.stream_output)
    client._Client__get_task_flags = lambda: flags


def bursts(dice, capabilities):
    """For each burst the pause before it and its tasks: seconds, priority, seconds of children, what they ask for."""
    for burst in range(dice.choice([2, 2, 3, 3, 4])):
        seconds = [0.005] * dice.randint(5, 60)
        seconds += [0.2] * dice.randint(4, 16)
        seconds += [dice.uniform(1.0, 2.0) for _ in range(dice.choice([0, 0, 1, 2, 4]))]
        if dice.random() < 0.7:
            dice.shuffle(seconds)
        else:
            seconds.reverse()
        nested = set(dice.sample(range(len(seconds)), dice.choice([0, 0, 1, 2])))
        early = None
        if not burst and dice.random() < 0.5:
            # Some of its children come to the first worker, which is given nearly all and has to hand back.
            early = dice.randint(0, 1)
            seconds[early] = 0.005
        urgent = dice.choice([0.0, 0.0, 0.1])
        tasks = []
        for index, length in enumerate(seconds):
            priority = dice.randint(1, 4) if dice.random() < urgent else 0
            asks = {dice.choice(capabilities): -1} if capabilities and dice.random() < 0.8 else {}
            children = []
            if index == early:
                children = [0.5] * 4
            elif index in nested:
                children = [dice.choice([0.005, 0.2, 0.7]) for _ in range(dice.randint(1, 3))]
            tasks.append((length, priority, children, asks))
        yield (dice.uniform(0.2, 1.5) if burst else 0.0), tasks


def main():
    address, path, seed, capabilities = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    dice = random.Random(seed)
    futures, expected = [], []
    with Client(address=address) as client:
        started = time.time()
        report.event("submitted")
        for pause, tasks in bursts(dice, [name for name in capabilities.split(",") if name]):
            time.sleep(pause)
            for seconds, priority, children, asks in tasks:
                number = len(futures)
                note_submission(path, number, priority)
                give_priority(client, priority)
                if children:
                    arguments = (number, min(seconds, 0.2), path, address, children, asks)
                    nested = [NESTED + number * 100 + child for child in range(len(children))]
                    futures.append(client.submit_verbose(parent, arguments, {}, capabilities=asks))
                    expected.append(number + sum(nested))
                else:
                    futures.append(client.submit_verbose(report.task, (number, seconds, path), {}, capabilities=asks))
                    expected.append(number)
        return report.follow(futures, expected, started)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
