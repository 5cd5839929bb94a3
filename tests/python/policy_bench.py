"""What the released package's policies cost: prints `NAME MICROSECONDS` lines, for the same work as the example
`policy_bench` of scaler-wm-core."""

import logging
import statistics
import time
import types

from scaler.scheduler.controllers.policies.library.utility import create_policy
from scaler.scheduler.controllers.policies.simple_policy.scaling.types import WorkerManagerSnapshot
from scaler.utility.identifiers import TaskID, WorkerID
from scaler.utility.snapshot import InformationSnapshot

NEEDS = [{}, {"gpu": -1}, {"linux": -1}, {"gpu": -1, "linux": -1}]
BOTH = {"gpu": -1, "linux": -1}
WORKERS = 1_000
TASKS = 100_000
ROUNDS = 9
# Of what takes a quarter of a minute.
FEW_ROUNDS = 3

Record = types.SimpleNamespace


def micros(call):
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e6


def tell(name, figure):
    print(f"{name} {figure:.3f}", flush=True)


def task(number):
    return Record(taskId=TaskID(number.to_bytes(16, "big")), capabilities=NEEDS[number % len(NEEDS)])


def worker(number):
    return WorkerID(number.to_bytes(4, "big"))


def decisions(tasks, count):
    workers = [worker(number) for number in range(WORKERS)]
    known = {task.taskId: task for task in tasks}
    snapshot = InformationSnapshot(tasks=known, workers={worker: Record() for worker in workers})
    heartbeat = Record(workerManagerID=b"m1", maxTaskConcurrency=2 * WORKERS, capabilities=BOTH)
    half = WORKERS // 2
    managers = {
        b"m1": WorkerManagerSnapshot(b"m1", 2 * WORKERS, half, 0.0, BOTH),
        b"m2": WorkerManagerSnapshot(b"m2", 2 * WORKERS, half, 0.0, {}),
    }
    for name, engine, content in (
        ("vanilla", "simple", "allocate=even_load; scaling=vanilla"),
        ("capability", "simple", "allocate=capability; scaling=capability"),
        ("waterfall", "waterfall_v1", "1,m2,10\n2,m1,1000"),
    ):
        policy = create_policy(engine, content)

        def decide():
            policy.get_scaling_commands(snapshot, heartbeat, workers[:half], managers)

        tell(f"{name}_decision_{count}", statistics.median(micros(decide) for _ in range(ROUNDS)))


def with_workers(name):
    policy = create_policy("simple", f"allocate={name}; scaling=no")
    for number in range(WORKERS):
        policy.add_worker(worker(number), BOTH if number % 2 else {"linux": -1}, TASKS)
    return policy


def allocation(name, tasks):
    assigns, removes = [], []
    for _ in range(FEW_ROUNDS):
        policy = with_workers(name)

        def assign():
            for task in tasks:
                policy.assign_task(task)

        def remove():
            for task in tasks:
                policy.remove_task(task.taskId)

        assigns.append(micros(assign) / len(tasks))
        removes.append(micros(remove) / len(tasks))
    tell(f"{name}_assign", statistics.median(assigns))
    tell(f"{name}_remove", statistics.median(removes))

    assign()
    policy.add_worker(WorkerID(b"idle"), BOTH, TASKS)
    tell(f"{name}_balance", statistics.median(micros(policy.balance) for _ in range(ROUNDS)))


def main():
    logging.disable(logging.CRITICAL)
    tasks = [task(number) for number in range(TASKS)]
    decisions(tasks, TASKS)
    allocation("even_load", tasks)
    allocation("capability", tasks)
    decisions([task(number) for number in range(10 * TASKS)], 10 * TASKS)


main()
