"""A plug-in of scaler-wm: units are processes of this host, with one worker of opengris-scaler in each.

    python -m pip install grpcio grpcio-tools opengris-scaler
    mkdir stubs
    python -m grpc_tools.protoc -I proto/scaler_wm/v1 --python_out=stubs --grpc_python_out=stubs provider.proto
    python local_processes.py --listen unix:///tmp/plugin.sock --stubs stubs
    scaler-wm external tcp://127.0.0.1:8516 --provider-address unix:///tmp/plugin.sock

It is a sample: what a plug-in has to do is in proto/scaler_wm/v1/provider.proto. It keeps nothing on record, since the list
of processes has it all: each worker's command line names its owner, its launch, itself, and what it was started with. So
the plug-in may be killed at any time, and the next one finds the workers that this one has started.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from concurrent import futures

PROTOCOL = 1
LARGEST_BATCH = 8
MARK = "scaler-wm-plugin-worker"


def become_worker(unit, manager, settings):
    """In a process of its own: runs one worker, whose id is the unit's name."""
    from scaler.config.types.address import AddressConfig
    from scaler.worker.worker import Worker

    settings["address"] = AddressConfig.from_string(settings["address"])
    if settings["object_storage_address"] is not None:
        settings["object_storage_address"] = AddressConfig.from_string(settings["object_storage_address"])
    settings["logging_paths"] = tuple(settings["logging_paths"])
    Worker(name=unit, worker_manager_id=manager.encode(), deterministic_worker_ids=True, **settings).run()


def settings_of(workers):
    """What Info says of workers, as the parameters of the released class."""
    return {
        "address": workers.scheduler_address,
        "object_storage_address": workers.object_storage_address or None,
        "capabilities": dict(sorted(workers.capabilities.items())),
        "task_queue_size": workers.task_queue_size,
        "heartbeat_interval_seconds": workers.heartbeat_interval_seconds,
        "task_timeout_seconds": workers.task_timeout_seconds,
        "death_timeout_seconds": workers.death_timeout_seconds,
        "garbage_collect_interval_seconds": workers.garbage_collect_interval_seconds,
        "trim_memory_threshold_bytes": workers.trim_memory_threshold_bytes,
        "hard_processor_suspend": workers.hard_processor_suspend,
        "io_threads": workers.io_threads,
        "event_loop": workers.event_loop,
        "preload": workers.preload or None,
        "logging_level": workers.logging_level,
        "logging_paths": list(workers.logging_paths),
    }


def listed(owner):
    """The workers of an owner that run now: (launch, process id) by the unit's name."""
    found = {}
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        pid = int(folder.name)
        if len(words) < 8 or words[2:5] != [word.encode() for word in (MARK, *owner)]:
            continue
        try:
            is_worker = os.getsid(pid) == pid  # and none of those that it has forked
        except ProcessLookupError:
            continue
        if is_worker:
            found[words[6].decode()] = (words[5].decode(), pid)
    return found


class Processes:
    """The workers that this process has started, and how those of them that have ended did.

    An owner of workers is the address of this plug-in, which has one of its own on each host, and a manager.
    """

    def __init__(self):
        self.changed = threading.Condition()
        self.version = 0
        self.starting = threading.Lock()
        self.children = {}  # by unit: the child, its owner, and its launch
        self.ended = {}  # by unit: its launch, and the exit code, as Popen tells it
        self.asked = set()

    def start(self, owner, launch):
        """Starts what is not there of a launch; its units."""
        units = [f"EXT|{launch.token}-{index}" for index in range(launch.count)]
        with self.starting:
            running = self.running(owner)
            for unit in units:
                if unit in running or unit in self.ended:
                    continue  # it is repeated
                command = [sys.executable, __file__, MARK, *owner, launch.launch, unit, launch.spec.decode()]
                # A session of its own: it outlives this process, and ends together with its processors.
                child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
                self.children[unit] = (child, owner, launch.launch)
        self.tick()
        return units

    def running(self, owner):
        """The workers of an owner that run now. What is being started must not be so meanwhile."""
        running = listed(owner)
        self.reap()
        # One that has just begun has no command line yet.
        for unit, (child, whose, launch) in self.children.items():
            if whose == owner:
                running[unit] = (launch, child.pid)
        return {unit: found for unit, found in running.items() if unit not in self.ended}

    def reap(self):
        """Takes note of children that have ended. What is being started must not be so meanwhile."""
        for unit, (child, _, launch) in list(self.children.items()):
            if child.poll() is not None:
                end_group(child.pid)
                self.ended[unit] = (launch, child.returncode)
                del self.children[unit]
                self.tick()

    def tick(self):
        with self.changed:
            self.version += 1
            self.changed.notify_all()


def end_group(pid):
    """Ends a worker and all that it has started."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def plugin(pb, rpc, grpc, listen):
    """The service over the generated code."""

    def unit_of(name, launch, **state):
        return pb.ProviderUnit(unit=name, launch=launch, worker=name.encode(), **state)

    def exit_of(code, asked):
        # Its whole process group has been ended: the worker is surely dead.
        if code is None:
            return pb.Exit(asked=asked, sure=True, lost="it has ended while this plug-in was away")
        return pb.Exit(asked=asked, sure=True, **({"signal": -code} if code < 0 else {"code": code}))

    class Plugin(rpc.ProviderServicer):
        def __init__(self):
            self.processes = Processes()

        def Info(self, request, context):
            if request.protocol != PROTOCOL:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"this plug-in speaks version {PROTOCOL}")
            spec = json.dumps(settings_of(request.workers)).encode()
            return pb.InfoResponse(
                protocol=PROTOCOL,
                name="local-processes 1.0",
                place=os.uname().nodename,
                tiers=[pb.ProviderTier(name="default", spec=spec)],
                largest_batch=LARGEST_BATCH,
                ready_within_ms=60_000,
                observe_every_ms=2_000,
                idempotent=True,
                lists_foreign_units=True,
                finds_recorded_units=True,
                ends_by_itself=True,
            )

        def Launch(self, request, context):
            try:
                units = self.processes.start((listen, request.manager), request.launch)
            except OSError as error:
                context.set_trailing_metadata([("scaler-wm-error-kind", "failed")])
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"no process can be started: {error}")
            launch = request.launch.launch
            ended = self.processes.ended
            running = pb.ProviderUnit.Running()
            return pb.LaunchResponse(units=[unit_of(unit, launch, running=running) for unit in units if unit not in ended])

        def Observe(self, request, context):
            processes = self.processes
            with processes.starting:
                running = processes.running((listen, request.manager))
            units = []
            for name, (launch, _) in running.items():
                is_asked = name in processes.asked
                state = {"stopping": pb.ProviderUnit.Stopping()} if is_asked else {"running": pb.ProviderUnit.Running()}
                units.append(unit_of(name, launch, **state))
            for unit in request.known:
                if unit.unit not in running:
                    launch, code = processes.ended.get(unit.unit, (unit.launch, None))
                    units.append(unit_of(unit.unit, launch, gone=exit_of(code, unit.unit in processes.asked)))
            return pb.ObserveResponse(units=units)

        def Stop(self, request, context):
            with self.processes.starting:
                running = self.processes.running((listen, request.manager))
            results = []
            for name in request.units:
                if name not in running:
                    failure = pb.Failure(kind=pb.FAILURE_KIND_NOT_FOUND, context=f"no process runs {name}")
                    results.append(pb.StopResult(unit=name, failure=failure))
                elif request.way != pb.STOP_WAY_NOW:
                    # The released worker cannot be asked whether it is idle: the manager goes by the scheduler's word.
                    results.append(pb.StopResult(unit=name, answer=pb.STOP_ANSWER_UNSUPPORTED))
                else:
                    self.processes.asked.add(name)
                    end_group(running[name][1])
                    results.append(pb.StopResult(unit=name, answer=pb.STOP_ANSWER_ACCEPTED))
            self.processes.tick()
            return pb.StopResponse(results=results)

        def WatchChanges(self, request, context):
            processes, seen = self.processes, -1
            while context.is_active():
                with processes.changed:
                    if not processes.changed.wait_for(lambda: processes.version != seen, timeout=1):
                        continue
                    seen = processes.version
                yield pb.Change()

    return Plugin()


def serve(listen, stubs):
    sys.path.insert(0, stubs)
    import grpc
    import provider_pb2
    import provider_pb2_grpc

    os.umask(0o077)  # the socket is for this user alone
    service = plugin(provider_pb2, provider_pb2_grpc, grpc, listen)
    # Each manager takes one thread for as long as it watches.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    provider_pb2_grpc.add_ProviderServicer_to_server(service, server)
    # grpcio writes the addresses of TCP ports without a scheme.
    server.add_insecure_port(listen.removeprefix("http://"))
    server.start()
    print(f"listening at {listen}", flush=True)
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    while not told.is_set():
        with service.processes.starting:
            service.processes.reap()
        time.sleep(0.1)
    server.stop(grace=1).wait()


if __name__ == "__main__":
    if sys.argv[1:2] == [MARK]:
        _, _, _, manager, _, unit, spec = sys.argv
        become_worker(unit, manager, json.loads(spec))
    else:
        parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
        parser.add_argument("--listen", required=True, help="unix:///PATH, or http://127.0.0.1:PORT")
        parser.add_argument("--stubs", default=".", help="folder with provider_pb2.py and provider_pb2_grpc.py")
        arguments = parser.parse_args()
        serve(arguments.listen, arguments.stubs)
