"""Records frames as a released opengris-scaler writes them, and checks frames that others wrote.

golden.py FOLDER            writes one file per message, as the installed release encodes it
golden.py --verify FOLDER   reads files of the same names and compares every field with what would have been written

Run it with the interpreter of a virtual environment that has the release, and keep what it writes in a folder named
after the release: crates/scaler-wm-wire/tests/golden/{2.6.0,2.9.0}. Every field has a value of its own, so that two that
change places are noticed. The Rust values they stand for are in crates/scaler-wm-wire/tests/common/cases.rs.
"""

import importlib.metadata
import pathlib
import sys

from scaler.protocol import capnp

VERSION_2 = tuple(map(int, importlib.metadata.version("opengris-scaler").split(".")[:2])) >= (2, 7)


def since_2(**fields):
    """Fields that only version 2 of the wire has."""
    return fields if VERSION_2 else {}


def capability(name, value):
    return capnp.TaskCapability(name=name, value=value)


def resource(cpu, rss):
    return capnp.Resource(cpu=cpu, rss=rss)


def processor(pid, **flags):
    return capnp.ProcessorStatus(
        pid=pid, resource=resource(11, 2**33 + 1), **flags, **since_2(currentTaskId=b"current", taskAgeSeconds=12)
    )


GPU = capability("gpu", 2)
LINUX = capability("linux", -1)
LATENCY = "latencyMicroseconds" if VERSION_2 else "latencyUS"
SCHEDULER_STATES = capnp.TaskManagerStatus.Pair
COMMAND = capnp.WorkerManagerCommand.DesiredTaskConcurrencyRequest


def task():
    argument = capnp.Task.Argument
    kind = argument.ArgumentType
    return capnp.Task(
        taskId=bytes(range(16)),
        source=b"Client|c",
        metadata=b"\x01\x00\x00\x00\x07\x00",
        funcObjectId=bytes(range(32)),
        functionArgs=[argument(type=kind.objectID, data=b"\xff" * 32), argument(type=kind.task, data=b"other task")],
        capabilities=[GPU, LINUX],
    )


def metadata():
    kind = capnp.ObjectMetadata.ObjectContentType
    return capnp.ObjectMetadata(
        objectIds=[b"a" * 32, b"b" * 32],
        objectTypes=[kind.object, kind.serializer],
        objectNames=[b"one", b""],
        **since_2(objectSizes=[5, 2**40]),
    )


def worker_heartbeat():
    return capnp.WorkerHeartbeat(
        agent=resource(992, 2**32 + 5),
        rssFree=2**35,
        queueSize=1000,
        queuedTasks=3,
        taskLock=True,
        processors=[processor(71, initialized=True, hasTask=False, suspended=True), processor(72, hasTask=True)],
        capabilities=[LINUX],
        workerManagerID=b"manager",
        **{LATENCY: 1500},
        **since_2(memLimit=2**36, hostname="host", netSentBytes=2**41, netRecvBytes=2**42),
    )


def client_status():
    if not VERSION_2:
        return capnp.ClientManagerStatus(
            clientToNumOfTask=[capnp.ClientManagerStatus.Pair(client=b"Client|c", numTask=21)]
        )
    return capnp.ClientManagerStatus(
        clients=[
            capnp.ClientManagerStatus.ClientStatus(
                clientId=b"Client|c",
                numTask=21,
                resource=resource(22, 23),
                latencyMicroseconds=24,
                lastSeenSeconds=25,
                connectedSeconds=26,
                hostname="client host",
            )
        ]
    )


def object_status():
    if not VERSION_2:
        return capnp.ObjectManagerStatus(numberOfObjects=31)
    storage = capnp.ObjectManagerStatus.ObjectStorageStatus(
        objectCount=32, uniqueCount=33, totalBytes=34, pendingRequests=35, pendingObjects=36, oldestPendingSeconds=37
    )
    return capnp.ObjectManagerStatus(numberOfObjects=31, storage=storage)


def worker_status(name, sent):
    late = (
        {"lagMicroseconds": 45, "lastSeenSeconds": 300, "memLimit": 46, "hostname": "host"}
        | {"netSentBytes": 47, "netRecvBytes": 48}
        if VERSION_2
        else {"lagUS": 45, "lastS": 200}
    )
    return capnp.WorkerStatus(
        workerId=name,
        agent=resource(41, 42),
        rssFree=43,
        free=44,
        sent=sent,
        queued=5,
        suspended=6,
        itl="110",
        processorStatuses=[processor(73, initialized=True)],
        **late,
    )


def scaling_status():
    last_seen = {"lastSeenSeconds": 301} if VERSION_2 else {"lastSeenS": 201}
    detail = capnp.ScalingManagerStatus.WorkerManagerDetail(
        workerManagerID=b"manager",
        identity="1|name|uuid",
        maxTaskConcurrency=2**32 - 1,
        capabilities="gpu,linux",
        pendingWorkers=51,
        **last_seen,
    )
    pair = capnp.ScalingManagerStatus.Pair(workerManagerID=b"manager", workerIDs=[b"Worker|a", b"Worker|b"])
    return capnp.ScalingManagerStatus(managedWorkers=[pair], workerManagerDetails=[detail])


def scheduler_state():
    pair = capnp.BinderStatus.Pair
    return capnp.StateScheduler(
        binder=capnp.BinderStatus(received=[pair(client="in", number=1)], sent=[pair(client="out", number=2)]),
        scheduler=resource(3, 4),
        rssFree=5,
        clientManager=client_status(),
        objectManager=object_status(),
        taskManager=capnp.TaskManagerStatus(
            stateToCount=[SCHEDULER_STATES(state=0, count=2**32 - 1), SCHEDULER_STATES(state=8, count=7)]
        ),
        workerManager=capnp.WorkerManagerStatus(
            workers=[worker_status(b"Worker|a", 0), worker_status(b"Worker|b", 9)]
        ),
        scalingManager=scaling_status(),
    )


def state_task(state, worker):
    return capnp.StateTask(
        taskId=b"state task",
        functionName=b"f",
        state=state,
        worker=worker,
        capabilities=[GPU],
        metadata=b"profile",
        **since_2(objectBytes=2**34, client=b"Client|c", event="hasCapacity"),
    )


def messages():
    """Name of the file, union member, message."""
    states = capnp.TaskState
    yield "task", "task", task()
    yield "task_empty", "task", capnp.Task()
    for force in (False, True):
        flags = capnp.TaskCancel.TaskCancelFlags(force=force)
        yield f"task_cancel_{int(force)}", "taskCancel", capnp.TaskCancel(taskId=b"t", flags=flags)
    for kind in capnp.TaskCancelConfirmType:
        confirm = capnp.TaskCancelConfirm(taskId=b"t", cancelConfirmType=kind)
        yield f"task_cancel_confirm_{int(kind)}", "taskCancelConfirm", confirm
    for kind in capnp.TaskResultType:
        result = capnp.TaskResult(taskId=b"t", resultType=kind, metadata=b"m", results=[b"r" * 32])
        yield f"task_result_{int(kind)}", "taskResult", result
    for kind in capnp.TaskLog.LogType:
        yield f"task_log_{int(kind)}", "taskLog", capnp.TaskLog(taskId=b"t", logType=kind, content="grüße\n")
    for kind in capnp.ObjectInstruction.ObjectInstructionType:
        instruction = capnp.ObjectInstruction(instructionType=kind, objectUser=b"Client|c", objectMetadata=metadata())
        yield f"object_instruction_{int(kind)}", "objectInstruction", instruction
    yield "worker_heartbeat", "workerHeartbeat", worker_heartbeat()
    address = capnp.ObjectStorageAddress(host="127.0.0.1", port=65535, scheme="tcp")
    yield "worker_heartbeat_echo", "workerHeartbeatEcho", capnp.WorkerHeartbeatEcho(objectStorageAddress=address)
    if VERSION_2:
        yield "worker_disconnect", "workerDisconnectNotification", capnp.WorkerDisconnectNotification()
    else:
        yield "disconnect_request", "disconnectRequest", capnp.DisconnectRequest(worker=b"Worker|a")
        yield "disconnect_response", "disconnectResponse", capnp.DisconnectResponse(worker=b"Worker|a")
    for kind in capnp.ClientDisconnect.DisconnectType:
        yield f"client_disconnect_{int(kind)}", "clientDisconnect", capnp.ClientDisconnect(disconnectType=kind)
    heartbeat = capnp.WorkerManagerHeartbeat(
        maxTaskConcurrency=2**32 - 1, capabilities=[GPU, LINUX], workerManagerID="manager ß".encode()
    )
    yield "manager_heartbeat", "workerManagerHeartbeat", heartbeat
    yield "manager_heartbeat_echo", "workerManagerHeartbeatEcho", capnp.WorkerManagerHeartbeatEcho()
    requests = [COMMAND(taskConcurrency=3, capabilities=[GPU, LINUX]), COMMAND(taskConcurrency=4, capabilities=[])]
    for name, wishes in (("manager_command", requests), ("manager_command_empty", [])):
        command = capnp.WorkerManagerCommand(setDesiredTaskConcurrencyRequests=wishes)
        yield name, "workerManagerCommand", command
    yield "state_scheduler", "stateScheduler", scheduler_state()
    yield "state_scheduler_empty", "stateScheduler", capnp.StateScheduler()
    for kind in capnp.WorkerState:
        worker = capnp.StateWorker(workerId=b"Worker|a", state=kind, capabilities=[LINUX])
        yield f"state_worker_{int(kind)}", "stateWorker", worker
    for state in states:
        worker = b"Worker|a" if state == states.running else b""
        yield f"state_task_{int(state)}", "stateTask", state_task(state, worker)


def headers():
    """Name of the file, header of the object storage server."""
    object_id = capnp.ObjectID(field0=2**64 - 2, field1=1, field2=2**63, field3=0x0102030405060708)
    for kind in capnp.ObjectRequestHeader.ObjectRequestType:
        yield f"object_request_{int(kind)}", capnp.ObjectRequestHeader(
            objectID=object_id, payloadLength=2**64 - 1, requestID=61, requestType=kind
        )
    for kind in capnp.ObjectResponseHeader.ObjectResponseType:
        yield f"object_response_{int(kind)}", capnp.ObjectResponseHeader(
            objectID=object_id, payloadLength=2**33, responseID=62, responseType=kind
        )


def unknown():
    """Messages that managers, workers and the monitor have no use for: they must be told apart, no more."""
    yield "other_client_heartbeat", "clientHeartbeat", capnp.ClientHeartbeat(resource=resource(1, 2))
    yield "other_information_request", "informationRequest", capnp.InformationRequest(request=b"?")


def everything():
    """Name of the file, bytes, how to read such bytes."""
    for name, member, message in messages():
        yield name, capnp.Message(**{member: message}).to_bytes(), capnp.Message.from_bytes
    for name, header in headers():
        yield name, header.to_bytes(), type(header).from_bytes


def record(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame, _ in everything():
        (folder / f"{name}.bin").write_bytes(frame)
    for name, member, message in unknown():
        (folder / f"{name}.bin").write_bytes(capnp.Message(**{member: message}).to_bytes())


def describe(message):
    """All fields as text; a message's own union member, not the others."""
    if isinstance(message, capnp.Message):
        member = message.which()
        return f"{member}={getattr(message, member)!r}"
    return repr(message)


def verify(folder):
    wrong = 0
    checked = 0
    for name, frame, read in everything():
        expected = describe(read(frame))
        found = describe(read((folder / f"{name}.bin").read_bytes()))
        checked += 1
        if found != expected:
            wrong += 1
            print(f"{name}: expected {expected}\n{name}: found    {found}", file=sys.stderr)
    print(f"{checked} checked, {wrong} wrong")
    return 1 if wrong or not checked else 0


def main(arguments):
    match arguments:
        case ["--verify", folder]:
            return verify(pathlib.Path(folder))
        case [folder] if not folder.startswith("-"):
            record(pathlib.Path(folder))
            return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
