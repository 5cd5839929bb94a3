"""The released package's own policies, asked line by line.

released_policy.py eval|replay ENGINE_TYPE CONTENT reads the lines that `scaler-wm policy eval|replay` reads, and writes
what the package answers in the same form, without causes. `released_policy.py check` reads {"type", "content"} lines and
says true or false: whether the package takes that policy.
"""

import json
import logging
import sys
import types

from scaler.protocol.helpers import capabilities_to_dict
from scaler.scheduler.controllers.policies.library.utility import create_policy
from scaler.scheduler.controllers.policies.simple_policy.scaling.types import WorkerManagerSnapshot
from scaler.utility.identifiers import TaskID, WorkerID
from scaler.utility.snapshot import InformationSnapshot

Record = types.SimpleNamespace


def decide(policy, snapshot):
    tasks = {}
    for group in snapshot["tasks"]:
        for _ in range(group["count"]):
            task = TaskID(len(tasks).to_bytes(16, "big"))
            tasks[task] = Record(taskId=task, capabilities=group["capabilities"])
    workers = {WorkerID(worker["id"].encode()): Record() for worker in snapshot["workers"]}
    of = {}
    for worker in snapshot["workers"]:
        of.setdefault(worker["manager"], []).append(WorkerID(worker["id"].encode()))
    managers = {}
    for manager in snapshot["managers"]:
        name = manager["id"].encode()
        limit, connected = manager["max_task_concurrency"], len(of.get(manager["id"], []))
        managers[name] = WorkerManagerSnapshot(name, limit, connected, 0.0, manager["capabilities"])
    decisions = []
    for manager in snapshot["managers"]:
        heartbeat = Record(
            workerManagerID=manager["id"].encode(),
            maxTaskConcurrency=manager["max_task_concurrency"],
            capabilities=manager["capabilities"],
        )
        commands = policy.get_scaling_commands(
            InformationSnapshot(tasks=tasks, workers=workers), heartbeat, of.get(manager["id"], []), managers
        )
        decisions.append({"manager": manager["id"], "requests": requests(commands)})
    return {"decisions": decisions}


def requests(commands):
    if not commands:
        return None
    (command,) = commands
    return [
        {"capabilities": capabilities_to_dict(request.capabilities), "task_concurrency": request.taskConcurrency}
        for request in command.setDesiredTaskConcurrencyRequests
    ]


def do(policy, operation):
    kind = operation["op"]
    if kind == "add_worker":
        worker = WorkerID(operation["worker"].encode())
        return policy.add_worker(worker, operation["capabilities"], operation["queue_size"])
    if kind == "remove_worker":
        return names(policy.remove_worker(WorkerID(operation["worker"].encode())))
    if kind == "assign":
        task = Record(taskId=TaskID(operation["task"].encode()), capabilities=operation["capabilities"])
        return name(policy.assign_task(task))
    if kind == "remove_task":
        return name(policy.remove_task(TaskID(operation["task"].encode())))
    if kind == "balance":
        return {bytes(worker).decode(): names(tasks) for worker, tasks in policy.balance().items() if tasks}
    if kind == "loads":
        return {bytes(worker).decode(): told["sent"] for worker, told in policy.statistics().items()}
    raise ValueError(kind)


def name(worker):
    return bytes(worker).decode() if worker.is_valid() else None


def names(tasks):
    return [bytes(task).decode() for task in tasks]


def takes(line):
    try:
        create_policy(line["type"], line["content"])
        return True
    except ValueError:
        return False


def main():
    logging.disable(logging.CRITICAL)
    what = sys.argv[1]
    policy = create_policy(*sys.argv[2:]) if what != "check" else None
    for text in sys.stdin:
        line = json.loads(text)
        if what == "replay" and line.get("op") == "new":
            # One process for many sequences.
            policy = create_policy(*sys.argv[2:])
            answer = None
        else:
            answer = takes(line) if what == "check" else {"eval": decide, "replay": do}[what](policy, line)
        print(json.dumps(answer))


main()
