"""The helper of scaler-wm's baremetal_native manager: starts OpenGRIS Scaler's workers, and watches over them.

The manager starts this program and speaks JSON lines with it over a socket that is its standard input; end of file there
means that the manager is gone, and every worker goes, too. Unless it is told to keep them: then it waits for the next
manager of the same name at a socket in the manager's state folder, for so long, and hands all work back when none comes. The package is imported once, here; workers, and the
processors in which they run tasks, are forked from this process, which is quick and shares memory. Each of these ways
has a plain fallback, and the `ready` event says which way is taken.

A worker has a socket of its own to this process, read inside its own event loop: the questions "leave if idle", "hand
back" and "go on" are decided there, at one instant, so that no task that arrives meanwhile is hurt. End of file on it
tells the worker that this process is gone.

Runs on Python 3.10 and later, with nothing but the standard library and the released package. One file, although a long
one: an interpreter is handed it whole, through its standard input, and nothing of ours has to be installed.
"""

import array
import ctypes
import fcntl
import gc
import inspect
import json
import math
import multiprocessing
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback

OLDEST_RELEASE = (2, 4, 0)
PR_SET_PDEATHSIG = 1
# Signals that this process handles in its own way, and its children do not.
HANDLED = {signal.SIGCHLD, signal.SIGINT, signal.SIGTERM}
# How many descriptors a process may open: for the children, what the manager was given.
DESCRIPTORS = resource.getrlimit(resource.RLIMIT_NOFILE)
# A worker that was told to leave may take so long before its process group is killed, unless the manager says otherwise.
LEAVE_SECONDS = 8.0
# A worker that has said farewell waits so long for the scheduler's answer.
FAREWELL_SECONDS = 5.0
# Starts this very source in a fresh interpreter: read from standard input, so that `ps` shows one short line.
BOOT = (
    "import socket as s;c=s.socket(fileno=0);"
    "SOURCE=c.recv(int(c.recv(8,s.MSG_WAITALL)),s.MSG_WAITALL);"
    "exec(compile(SOURCE,'<scaler-wm helper>','exec'))"
)


def say(text):
    """Writes a line for people; nobody may listen any more when the manager has gone."""
    try:
        print(f"scaler-wm: {text}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass


def start_time(pid):
    """When a process started, in ticks since the machine did: with the pid it names a process for good."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return int(stat.read().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def hold_lock(path):
    """Takes the lock that says, to whoever looks, that this worker lives; it goes with this process."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {start_time(os.getpid())}\n".encode())
    except OSError as error:
        # It works all the same; only the next manager will not take it over.
        say(f"this worker has no lock, and no other manager can take it over: {error}")


def remove_free_locks(folder):
    """Removes the locks of workers that are gone, and could not remove theirs."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            descriptor = os.open(path, os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        except OSError:
            pass  # somebody holds it
        finally:
            os.close(descriptor)


def relay(sources, control):
    """Passes on what workers print, to wherever the manager of the time prints; never returns.

    Workers that outlive a manager must not outlive their standard output: a task that prints would fail.
    """
    targets = {sources[0]: 1, sources[1]: 2}
    watched = [*sources, control]
    while targets:
        for fd in wait_for_any(watched, None):
            if fd is control:
                _, fds, _, _ = socket.recv_fds(control, 64, 2)
                if not fds:
                    watched.remove(control)  # the helper is gone, which ends nothing
                for target, new in zip((1, 2), fds):
                    os.dup2(new, target)
                    os.close(new)
                continue
            data = os.read(fd, 65536)
            if not data:
                watched.remove(fd)
                del targets[fd]
            while data:
                try:
                    data = data[os.write(targets[fd], data) :]
                except OSError:
                    break  # nobody reads it any more
    os._exit(0)


# No line is longer, in bytes: the manager has the same bound.
LONGEST_LINE = 1 << 20


class Channel:
    """JSON lines over a stream socket."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def send(self, message):
        """Sends a message; one to a peer that is gone is dropped, as its end of file is told elsewhere."""
        try:
            self.sock.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass

    def receive(self):
        """The messages that have arrived, and whether the peer is still there."""
        try:
            data = self.sock.recv(65536)
        except (BlockingIOError, InterruptedError):
            return [], True
        except OSError:
            data = b""
        if not data:
            return [], False
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        if len(self.buffer) > LONGEST_LINE:
            return [], False
        messages = []
        for line in lines:
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                message = None
            if not isinstance(message, dict):
                return messages, False  # who says what is no message is as good as gone
            messages.append(message)
        return messages, True

    def next(self):
        """Waits for the next message: only while nothing else is to be watched."""
        while True:
            line, separator, rest = self.buffer.partition(b"\n")
            if separator:
                self.buffer = rest
                return json.loads(line)
            data = self.sock.recv(65536)
            if not data:
                sys.exit(0)
            self.buffer += data


# ---------------------------------------------------------------------------------------------------------------------
# Inside a worker
# ---------------------------------------------------------------------------------------------------------------------


def make_worker(config, name):
    """The released class with every parameter that this release of it takes."""
    from scaler.config.types.address import AddressConfig
    from scaler.worker.worker import Worker

    parameters = dict(config["worker"])
    parameters["name"] = name
    parameters["address"] = AddressConfig.from_string(parameters["address"])
    if parameters["object_storage_address"] is not None:
        parameters["object_storage_address"] = AddressConfig.from_string(parameters["object_storage_address"])
    parameters["logging_paths"] = tuple(parameters["logging_paths"])
    parameters["worker_manager_id"] = parameters["worker_manager_id"].encode()
    # The id is then exactly the name, so that a worker's death can be reported without asking anybody.
    parameters["deterministic_worker_ids"] = True
    certificate, key = parameters.pop("tls_cert"), parameters.pop("tls_key")
    takes = inspect.signature(Worker.__init__).parameters
    if certificate is not None and "security_config" in takes:
        from scaler.config.common.security import SecurityConfig

        parameters["security_config"] = SecurityConfig(tls_cert=certificate, tls_key=key)
    return Worker(**{key: value for key, value in parameters.items() if key in takes})


def missing_hooks():
    """What the questions to workers need of the released classes and this release does not have; empty if nothing."""
    try:
        from scaler.worker.agent.processor_manager import VanillaProcessorManager
        from scaler.worker.agent.task_manager import VanillaTaskManager
        from scaler.worker.worker import Worker
    except ImportError as error:
        return [str(error)]

    wanted = [
        (Worker, "_Worker__register_signal"),
        (VanillaTaskManager, "_VanillaTaskManager__get_task_priority"),
        (VanillaTaskManager, "on_task_new"),
        (VanillaProcessorManager, "wait_until_can_accept_task"),
    ]
    return [f"{cls.__name__}.{name}" for cls, name in wanted if not hasattr(cls, name)]


class Gate:
    """Stands in for a worker's task queue while it hands back: only what running tasks wait for is let through.

    Whatever else is queued stays where it is: it can be canceled there, it runs after all when the hand-back is taken
    back, and the scheduler gives it to another worker when this one leaves.
    """

    def __init__(self, queue, courtesy):
        import asyncio

        self.queue = queue
        self.courtesy = courtesy
        self.changed = asyncio.Event()

    def __getattr__(self, name):
        return getattr(self.queue, name)

    def __len__(self):
        return len(self.queue)

    def put_nowait(self, item):
        self.queue.put_nowait(item)
        self.changed.set()

    async def get(self):
        """Called by the worker whenever its processor is free for the next task."""
        while self.courtesy.is_handing_back and not self.courtesy.may_go_on():
            self.changed.clear()
            await self.changed.wait()
        return await self.queue.get()


class Courtesy:
    """Answers, inside a worker's event loop, whether it can leave without hurting a task."""

    def __init__(self, worker, channel):
        self.worker = worker
        self.channel = channel
        self.is_handing_back = False
        self.is_leaving = False
        self.gate = None

    def install(self):
        """Joins the worker's event loop at the moment at which it registers its own signal handlers."""
        register = self.worker._Worker__register_signal

        def register_and_join():
            register()
            self.worker._loop.add_reader(self.channel.sock.fileno(), self.on_readable)
            self.channel.send({"up": True, "socket": self.internal_socket()})

        self.worker._Worker__register_signal = register_and_join

    def internal_socket(self):
        """The file of the socket to its processors, which a killed worker leaves behind; None if there is no file."""
        address = getattr(self.worker, "_address_internal", None)
        return address.host if address is not None and address.type.value == "ipc" else None

    @property
    def tasks(self):
        return self.worker._task_manager

    def on_readable(self):
        messages, is_there = self.channel.receive()
        for message in messages:
            try:
                answer = self.answer(message["ask"])
            except AttributeError as error:
                answer = "unsupported"
                say(f"this release's worker lacks {error}")
            self.channel.send({"id": message["id"], "answer": answer})
        if not is_there:
            self.worker._loop.remove_reader(self.channel.sock.fileno())
            leave_with_the_helper()

    def answer(self, question):
        if self.is_leaving:
            return "busy" if question == "resume" else "accepted"
        if question == "if_idle":
            if self.tasks._processing_task_ids or self.tasks._queued_task_id_to_task:
                return "busy"
            self.leave()
        elif question == "relieve" and not self.has_waiting():
            return "busy"
        elif question in ("hand_back", "relieve"):
            self.is_handing_back = True
            if self.gate is None:
                self.gate = self.tasks._queued_task_ids = Gate(self.tasks._queued_task_ids, self)
            if not self.tasks._processing_task_ids:
                self.leave()
        elif question == "resume":
            self.is_handing_back = False
            if self.gate is not None:
                self.gate.changed.set()
        else:
            return "unsupported"
        return "accepted"

    def has_waiting(self):
        """Whether some task waits that has not begun: suspended ones are queued as well."""
        return any(task_id not in self.tasks._processing_task_ids for task_id in self.tasks._queued_task_id_to_task)

    def may_go_on(self):
        """Whether the first task of the queue may start although the worker hands back; leaves when all is done.

        A suspended task goes on. A new one starts only if it is of higher priority than what is in process: such are
        the tasks that a running task has submitted and waits for.
        """
        processing = self.tasks._processing_task_ids
        if not processing:
            self.leave()
            return False
        queued = self.tasks._queued_task_id_to_task
        if not queued:
            return False
        _, first = self.gate.queue.max_priority_item()
        if first in processing:
            return True
        priority = type(self.tasks)._VanillaTaskManager__get_task_priority
        suspended = [priority(queued[task_id]) for task_id in processing if task_id in queued]
        return bool(suspended) and priority(queued[first]) > min(suspended)

    def leave(self):
        """Leaves in the worker's own way. A task that comes too late is not taken: the scheduler gives it elsewhere."""
        self.is_leaving = self.is_handing_back = True
        self.tasks.on_task_new = refuse
        # A heartbeat behind the farewell would make the scheduler of 2.6.0 believe that it is back.
        connector = self.worker._connector_external
        send = connector.send

        async def send_no_heartbeat(message, *arguments, **keywords):
            if type(message).__name__ != "WorkerHeartbeat":
                await send(message, *arguments, **keywords)

        connector.send = send_no_heartbeat
        os.kill(os.getpid(), signal.SIGINT)
        self.worker._loop.call_later(FAREWELL_SECONDS, self.leave_unanswered)

    def leave_unanswered(self):
        """The worker of 2.6.0 waits for the answer to its farewell for ever, and now and then none comes."""
        say("no answer to the farewell: this worker leaves without it")
        self.worker._task.cancel()


async def refuse(_message):
    """Takes no notice of a message: see `Courtesy.leave`."""


def leave_with_the_helper():
    """The helper, and so the manager, is gone: leave, and should that hang, end the whole group."""
    import threading

    def end():
        time.sleep(LEAVE_SECONDS)
        os.killpg(os.getpgid(0), signal.SIGKILL)

    say("the helper is gone, so this worker leaves")
    threading.Thread(target=end, daemon=True).start()
    os.kill(os.getpid(), signal.SIGINT)


def run_worker(config, name, channel, fork_server):
    """Runs a worker in this process, to its end; returns its exit code."""
    if config["folder"] is not None:
        hold_lock(lock_file(config, name))
    worker = make_worker(config, name)
    if config["hooks"] and not missing_hooks():
        Courtesy(worker, channel).install()
    if fork_server is not None:
        fork_processors_by(fork_server)
    try:
        worker.run()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 0


def lock_file(config, name):
    """The file of a worker's lock."""
    return os.path.join(config["folder"], "workers", name)


def fork_processors_by(fork_server):
    """Lets this worker's processors be forked by the helper.

    multiprocessing's own client of a fork server does the rest; just the place where it hands over its descriptors is
    ours.
    """
    import multiprocessing.popen_forkserver as popen_forkserver
    import multiprocessing.resource_tracker as resource_tracker
    from multiprocessing.forkserver import read_signed as signed

    from scaler.worker.agent.processor.processor import Processor

    def connect_to_new_process(fds):
        parent_read, child_write = os.pipe()
        child_read, parent_write = os.pipe()
        # In the order in which `_serve_one` expects them; the slot of the server's own life line is of no use here.
        sent = [child_read, child_write, child_read, resource_tracker.getfd(), *fds]
        fork_server.sendmsg(
            [str(os.getpid()).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", sent))]
        )
        os.close(child_read)
        os.close(child_write)
        return parent_read, parent_write

    class Server:
        """Stands in for the module `multiprocessing.forkserver`, as far as its client uses it."""

        connect_to_new_process = None
        read_signed = staticmethod(signed)

    Server.connect_to_new_process = staticmethod(connect_to_new_process)
    popen_forkserver.forkserver = Server
    Processor._Popen = staticmethod(popen_forkserver.Popen)


# ---------------------------------------------------------------------------------------------------------------------
# What every child does first
# ---------------------------------------------------------------------------------------------------------------------


def die_with_parent(signum, parent):
    """Asks the kernel for `signum` when `parent`, which must be the one that forked us, goes."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:
        os._exit(1)


def fork():
    """Forks a child in which signals wait until `become_plain` has taken off the helper's handlers.

    Without that a worker that ends a processor at once would have that one, still with the helper's handler for SIGTERM,
    tell every worker to leave.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    pid = -1
    try:
        pid = os.fork()
    finally:
        if pid != 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
    return pid


def become_plain():
    """Takes off what a fork inherits from the helper: signal handlers, the wake-up descriptor, standard input."""
    signal.set_wakeup_fd(-1)
    for signum in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(signum, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
    resource.setrlimit(resource.RLIMIT_NOFILE, DESCRIPTORS)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def end_child(code):
    """Ends a forked child as a process of its own would end."""
    try:
        import multiprocessing.util

        multiprocessing.util._exit_function()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


# ---------------------------------------------------------------------------------------------------------------------
# The helper
# ---------------------------------------------------------------------------------------------------------------------


class Worker:
    """A worker as the helper knows it."""

    def __init__(self, name, launch, pid, channel):
        self.name = name
        self.launch = launch
        self.pid = pid
        self.is_up = False
        self.channel = channel
        self.asked = False
        self.questions = {}
        self.socket_file = None
        self.is_held = False
        self.kill_at = None


class Helper:
    """Starts workers and processors, passes questions on, reaps, and leaves nothing behind."""

    def __init__(self, config, channel):
        self.config = config
        self.channel = channel
        self.workers = {}
        self.by_pid = {}
        # Processors: pid -> (descriptor that gets pid and exit code, pid of their worker).
        self.processors = {}
        self.wake, self.wake_write = os.pipe()
        self.fork_server = self.fork_client = None
        self.ends_at = None
        # Where the next manager comes, and until when it may: only while workers are kept.
        self.listener = None
        self.claim_by = None
        self.dead = []
        # The way to the process that passes on what workers print.
        self.relay = None
        self.imported = self.package = None
        self.look_again = math.inf
        self.about = {}
        self.forks = self.forks_processors = self.has_hooks = False

    # -- start ------------------------------------------------------------------------------------------------------

    def prepare(self):
        """Imports the package and finds out which ways are open; tells the manager."""
        notes = []
        version = check_package(self.channel)
        self.imported = self.package = installed()
        self.look_again = time.monotonic() + self.config["upgrade_seconds"]
        import_package(self.channel)
        if self.config["fork"]:
            import multiprocessing.resource_tracker as resource_tracker

            trouble = unsafe_to_fork(self.channel)
            # Before the first fork: else each worker starts a tracker of its own.
            resource_tracker.ensure_running()
            self.forks = not trouble
            notes += trouble
        missing = missing_hooks()
        self.has_hooks = self.config["hooks"] and not missing
        notes += [f"this release lacks {', '.join(missing)}"] if missing else []
        if self.forks and self.config["fork_processors"]:
            missing = missing_fork_parts()
            self.forks_processors = not missing
            notes += [f"this Python lacks {', '.join(missing)}"] if missing else []
        if self.forks_processors:
            self.fork_server, self.fork_client = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Each worker takes two here, and the usual limit is 1,024.
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS[1], DESCRIPTORS[1]))
        for wake in (self.wake, self.wake_write):
            os.set_blocking(wake, False)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # A terminal's Ctrl-C is the manager's business; SIGTERM means what end of file means.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: self.end_all())
        # What is shared with the children stays shared: the collector would write into every object.
        gc.collect()
        gc.freeze()
        self.about = {
            "event": "ready",
            "package": version,
            "python": ".".join(map(str, sys.version_info[:3])),
            "executable": sys.executable,
            "workers": "fork" if self.forks else "plain",
            "processors": "fork" if self.forks_processors else "spawn",
            "hooks": self.has_hooks,
            "notes": notes,
            "pid": os.getpid(),
            "version": self.config["version"],
        }
        if self.config["folder"] is not None:
            locks = os.path.join(self.config["folder"], "workers")
            os.makedirs(locks, mode=0o700, exist_ok=True)
            remove_free_locks(locks)
        if self.config["keep_seconds"] is not None:
            self.start_relay()
            self.listen()
        self.channel.send({**self.about, "kept": []})

    def start(self, name, launch):
        if name in self.workers:
            return  # asked for again by a manager that did not hear of it
        parent = os.getpid()
        pair = ()
        try:
            ours, theirs = pair = socket.socketpair()
            pid = fork()
        except OSError as error:
            for sock in pair:
                sock.close()
            self.tell({"event": "failed", "name": name, "reason": f"cannot fork: {error}"})
            return
        if pid == 0:
            self.become_worker(name, ours, theirs, parent)
        theirs.close()
        # Here as well as in the child: whoever comes first, the group exists before anybody needs it.
        try:
            os.setpgid(pid, pid)
        except OSError:
            pass
        ours.setblocking(False)
        worker = Worker(name, launch, pid, Channel(ours))
        self.workers[name] = self.by_pid[pid] = worker
        if not self.forks:
            ours.setblocking(True)
            try:
                ours.sendall(b"%8d" % len(SOURCE) + SOURCE)  # noqa: F821 (left by the boot line)
            except OSError:
                pass  # no interpreter any more: its end is told when it is reaped
            worker.channel.send({"role": "worker", "name": name, "config": self.config})
            ours.setblocking(False)
        if not self.has_hooks:
            self.started(worker)

    def started(self, worker):
        """Told when a worker can be asked, or at once where none can."""
        worker.is_up = True
        self.tell({"event": "started", "name": worker.name, "pid": worker.pid})

    def become_worker(self, name, ours, theirs, parent):
        """In the child: never returns."""
        code = 1
        try:
            os.setpgid(0, 0)
            die_with_parent(signal.SIGTERM, parent)
            if not self.forks:
                os.dup2(theirs.fileno(), 0)
                resource.setrlimit(resource.RLIMIT_NOFILE, DESCRIPTORS)
                os.execv(sys.executable, [sys.executable, "-c", BOOT])
            # First of all: a child of a process with all its descriptors in use could open nothing.
            ours.close()
            self.close_descriptors()
            become_plain()
            theirs.setblocking(False)
            code = run_worker(self.config, name, Channel(theirs), self.fork_client)
        except KeyboardInterrupt:
            code = 0  # told to leave before it was up
        except BaseException:
            traceback.print_exc()
        finally:
            end_child(code)

    def become_processor(self, fds, worker, parent):
        """In the child: never returns."""
        import multiprocessing.forkserver as forkserver

        code = 1
        try:
            try:
                os.setpgid(0, worker)
            except OSError:
                os._exit(1)  # its worker is gone already
            die_with_parent(signal.SIGKILL, parent)
            self.close_descriptors()
            become_plain()
            if self.fork_client is not None:
                self.fork_client.close()
            handlers = {signal.SIGCHLD: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
            code = forkserver._serve_one(fds[0], fds[2:], [fds[1]], handlers)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def close_descriptors(self):
        """In a child: an end of file must be seen by the others although this one lives on."""
        os.close(self.wake)
        os.close(self.wake_write)
        if self.channel is not None:
            self.channel.sock.close()
        if self.listener is not None:
            self.listener.close()
        if self.relay is not None:
            self.relay.close()
        if self.fork_server is not None:
            self.fork_server.close()
        for worker in self.workers.values():
            if worker.channel is not None:
                worker.channel.sock.close()
        for fd, _ in self.processors.values():
            os.close(fd)

    # -- loop -------------------------------------------------------------------------------------------------------

    def run(self):
        while self.ends_at is None or self.by_pid:
            channels = {worker.channel.sock: worker for worker in self.workers.values() if worker.channel is not None}
            watched = [self.wake, *channels]
            watched += [self.channel.sock] if self.channel is not None else []
            watched += [self.listener] if self.listener is not None else []
            watched += [self.fork_server] if self.fork_server is not None else []
            readable = wait_for_any(watched, self.until_next_deadline())
            if self.wake in readable:
                os.read(self.wake, 4096)
            self.reap()
            for sock in readable:
                if self.channel is not None and sock is self.channel.sock:
                    self.hear_manager()
                elif sock is self.listener:
                    self.be_claimed()
                elif sock is self.fork_server:
                    self.fork_processor()
                elif sock is not self.wake and channels[sock].channel is not None:
                    self.hear_worker(channels[sock])
            self.keep_deadlines()

    def hear_manager(self):
        messages, is_there = self.channel.receive()
        for message in messages:
            if message["op"] == "start":
                self.start(message["name"], message["launch"])
            elif message["op"] == "stop":
                self.stop(message)
            elif message["op"] == "retire":
                self.retire()
            elif message["op"] == "end":
                self.end_all()
        if not is_there:
            self.lose_manager()

    def tell(self, message):
        """Tells the manager, if there is one: the next one sees for itself."""
        if self.channel is not None:
            self.channel.send(message)

    # -- kept -------------------------------------------------------------------------------------------------------

    def socket_path(self):
        return os.path.join(self.config["folder"], "helper.sock")

    def listen(self):
        """Opens the socket at which the next manager comes. Nobody else's user may."""
        path = self.socket_path()
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o177)
        try:
            # By a short name: the whole one may be longer than such an address can be.
            here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
            os.chdir(self.config["folder"])
            try:
                self.listener.bind("helper.sock")
            finally:
                os.fchdir(here)
                os.close(here)
        finally:
            os.umask(mask)
        self.listener.listen(4)
        self.socket_inode = os.stat(path).st_ino

    def stop_listening(self):
        if self.listener is None:
            return
        self.listener.close()
        self.listener = None
        if self.is_findable():
            os.unlink(self.socket_path())

    def is_findable(self):
        """Whether a manager would find this helper: its state folder may have gone."""
        try:
            return os.stat(self.socket_path()).st_ino == self.socket_inode
        except OSError:
            return False

    def start_relay(self):
        """From here on what this process and its children print goes through a process of its own."""
        pipes = [os.pipe(), os.pipe()]
        self.relay, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if fork() == 0:
            self.relay.close()
            self.channel.sock.close()
            for _, write in pipes:
                os.close(write)
            become_plain()
            # It ends when nobody prints any more, and not before.
            for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(signum, signal.SIG_IGN)
            try:
                relay([read for read, _ in pipes], theirs)
            finally:
                os._exit(1)
        theirs.close()
        for target, (read, write) in zip((1, 2), pipes):
            os.close(read)
            os.dup2(write, target)
            os.close(write)

    def lose_manager(self):
        self.channel.sock.close()
        self.channel = None
        if self.config["keep_seconds"] is None or not self.by_pid:
            return self.end_all()
        if self.ends_at is not None:
            return  # its workers hand back, manager or not
        for worker in self.workers.values():
            # Nobody remembers what was asked of it: it goes on.
            worker.questions.clear()
            if worker.is_held:
                worker.is_held = False
                os.kill(worker.pid, signal.SIGCONT)
            elif self.has_hooks and worker.channel is not None and worker.is_up:
                worker.channel.send({"id": None, "ask": "resume"})
        self.claim_by = time.monotonic() + self.config["keep_seconds"]
        say(f"the manager is gone; its workers are kept for the next one for {self.config['keep_seconds']:g} s")

    def be_claimed(self):
        """The next manager of the same name: it is told what there is."""
        sock, _ = self.listener.accept()
        channel = Channel(sock)
        sock.settimeout(2.0)
        try:
            # With the place to which that manager prints.
            data, outputs, _, _ = socket.recv_fds(sock, 65536, 2)
            channel.buffer = data
            first = channel.next()
        except (OSError, ValueError, SystemExit):
            sock.close()
            return
        if self.channel is not None:
            channel.send({"event": "fatal", "reason": "another manager has it", "remedy": "stop that one"})
            sock.close()
            return
        sock.setblocking(True)
        if self.relay is not None and len(outputs) == 2:
            socket.send_fds(self.relay, [b"output"], outputs)
        for fd in outputs:
            os.close(fd)
        self.channel = channel
        self.claim_by = None
        self.config["keep_seconds"] = first["keep_seconds"]
        kept = [
            {
                "name": worker.name,
                "launch": worker.launch,
                "pid": worker.pid,
                "started": start_time(worker.pid),
                "up": worker.is_up,
                "exit": None,
            }
            for worker in self.workers.values()
        ]
        if first["keep_seconds"] is None:
            self.stop_listening()
        channel.send({**self.about, "kept": kept + self.dead})
        self.dead = []
        if self.package != self.imported:
            self.tell_of_upgrade()

    def retire(self):
        """Nobody wants these workers any more: they hand back, however long what runs takes, and this process ends."""
        if self.ends_at is not None:
            return
        self.stop_listening()
        self.ends_at = time.monotonic()
        for worker in self.workers.values():
            if self.has_hooks and worker.channel is not None:
                worker.questions[None] = "hand_back"
                worker.channel.send({"id": None, "ask": "hand_back"})
            else:
                self.tell_to_leave(worker, LEAVE_SECONDS)

    def mind_the_kept(self):
        """While nobody has claimed this helper: is there still somebody who may?"""
        if self.claim_by is None or self.ends_at is not None:
            return
        if not self.by_pid:
            self.retire()
        elif not self.is_findable():
            say("the state folder is gone: kept workers hand back and leave")
            self.retire()
        elif time.monotonic() >= self.claim_by:
            say("no manager came: kept workers hand back and leave")
            self.retire()

    def stop(self, message):
        worker, how = self.workers.get(message["name"]), message["how"]
        if worker is None:
            return self.answer(message["id"], "gone")
        if how == "now":
            worker.asked = True
            self.kill_group(worker.pid)
        elif how == "leave":
            self.tell_to_leave(worker, message["within"])
        elif how == "hold":
            worker.is_held = True
            os.kill(worker.pid, signal.SIGSTOP)
        elif how == "resume" and worker.is_held:
            worker.is_held = False
            os.kill(worker.pid, signal.SIGCONT)
        elif not self.has_hooks or worker.channel is None:
            return self.answer(message["id"], "unsupported")
        else:
            # Answered by the worker itself.
            worker.questions[message["id"]] = how
            worker.channel.send({"id": message["id"], "ask": how})
            return None
        return self.answer(message["id"], "accepted")

    def answer(self, question, answer):
        if question is None:
            return  # asked by nobody but this process
        self.tell({"event": "answer", "id": question, "answer": answer})

    def hear_worker(self, worker):
        messages, is_there = worker.channel.receive()
        for message in messages:
            if "up" in message:
                worker.socket_file = message.get("socket")
                if not isinstance(worker.socket_file, str):
                    worker.socket_file = None
                self.started(worker)
                continue
            question = message.get("id", "")
            if not isinstance(question, (int, type(None))) or question not in worker.questions:
                continue  # asked by a manager that is gone, or by nobody
            how = worker.questions.pop(question)
            answer = message.get("answer")
            if answer == "accepted":
                worker.asked = how != "resume"
            self.answer(question, answer)
        if not is_there:
            worker.channel.sock.close()
            worker.channel = None

    def tell_to_leave(self, worker, within):
        worker.asked = True
        worker.kill_at = time.monotonic() + within
        os.kill(worker.pid, signal.SIGINT)
        # One that stands still would not hear it.
        os.kill(worker.pid, signal.SIGCONT)

    def fork_processor(self):
        message, ancillary, flags, _ = self.fork_server.recvmsg(64, 4096)
        fds = array.array("i")
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
        worker, parent = int(message), os.getpid()
        pid = None
        try:
            if flags & socket.MSG_CTRUNC:
                raise OSError("no descriptor is free")
            pid = fork()
        except OSError as error:
            # Its worker, which waits for the pid, reads an end of file, and ends.
            say(f"cannot fork a processor: {error}")
        if pid == 0:
            self.become_processor(list(fds), worker, parent)
        if pid is not None:
            write_signed(fds[1], pid)
            self.processors[pid] = (fds[1], worker)
        for index, fd in enumerate(fds):
            if index != 1 or pid is None:
                os.close(fd)

    # -- ends -------------------------------------------------------------------------------------------------------

    def reap(self):
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            pid = found.si_pid
            if pid in self.by_pid:
                # While its leader is not reaped, the group's number cannot be another's.
                self.kill_group(pid)
            _, status = os.waitpid(pid, 0)
            code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
            if pid in self.processors:
                fd, leader = self.processors.pop(pid)
                worker = self.by_pid.get(leader)
                if code < 0 and worker is not None:
                    self.tell({"event": "processor", "name": worker.name, "signal": -code})
                write_signed(fd, code)
                os.close(fd)
            elif pid in self.by_pid:
                self.gone(self.by_pid.pop(pid), code)

    def gone(self, worker, code):
        del self.workers[worker.name]
        if worker.channel is not None:
            # An answer that it gave with its last breath comes before its end.
            self.hear_worker(worker)
        if worker.channel is not None:
            worker.channel.sock.close()
            worker.channel = None
        for question in worker.questions:
            self.answer(question, "gone")
        for path in (worker.socket_file, self.config["folder"] and lock_file(self.config, worker.name)):
            if path is not None and os.path.exists(path):
                os.unlink(path)
        end = {"code": code} if code >= 0 else {"signal": -code}
        if self.channel is None:
            end = {"asked": worker.asked, **end}
            self.dead.append({"name": worker.name, "launch": worker.launch, "pid": worker.pid, "exit": end})
        self.tell({"event": "exit", "name": worker.name, "pid": worker.pid, "asked": worker.asked, **end})

    def look_for_upgrade(self, now):
        """The package that this process has imported may have been replaced since."""
        self.look_again = now + self.config["upgrade_seconds"]
        package = installed()
        # While it is being replaced there is none.
        if package is not None and package != self.package:
            self.package = package
            self.tell_of_upgrade()

    def tell_of_upgrade(self):
        self.tell({"event": "upgraded", "from": " in ".join(self.imported), "to": " in ".join(self.package)})

    def kill_group(self, pid):
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def end_all(self):
        """The manager is gone: every worker leaves, and this process after them."""
        self.stop_listening()
        if self.ends_at is not None and self.ends_at > time.monotonic():
            return
        self.ends_at = time.monotonic() + self.config["end_seconds"]
        for worker in self.workers.values():
            self.tell_to_leave(worker, self.config["end_seconds"])

    def until_next_deadline(self):
        deadlines = [worker.kill_at for worker in self.workers.values() if worker.kill_at is not None]
        # Nobody tells of a folder that is gone.
        deadlines.append(self.look_again)
        deadlines += [time.monotonic() + 1.0] if self.claim_by is not None and self.ends_at is None else []
        return max(0.0, min(deadlines) - time.monotonic())

    def keep_deadlines(self):
        self.mind_the_kept()
        now = time.monotonic()
        if now >= self.look_again:
            self.look_for_upgrade(now)
        for worker in self.workers.values():
            if worker.kill_at is not None and worker.kill_at <= now:
                worker.kill_at = None
                self.kill_group(worker.pid)


def wait_for_any(watched, seconds):
    """Those of `watched` that can be read. Not by `select`, which knows no descriptor above 1,023."""
    by_fd = {item if isinstance(item, int) else item.fileno(): item for item in watched}
    poll = select.poll()
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    found = poll.poll(None if seconds is None else math.ceil(seconds * 1000))
    return [by_fd[fd] for fd, _ in found]


def write_signed(fd, number):
    """Tells a worker the pid or exit code of its processor, unless the worker is gone."""
    from multiprocessing.forkserver import write_signed as write

    try:
        write(fd, number)
    except OSError:
        pass


def missing_fork_parts():
    """What forking processors needs of CPython's private parts and this one does not have."""
    import multiprocessing.forkserver as forkserver
    import multiprocessing.popen_forkserver as popen_forkserver
    import multiprocessing.resource_tracker as resource_tracker

    wanted = [
        (forkserver, "_serve_one"),
        (forkserver, "read_signed"),
        (forkserver, "write_signed"),
        (popen_forkserver, "forkserver"),
        (popen_forkserver, "Popen"),
        (resource_tracker, "getfd"),
    ]
    missing = [f"{module.__name__}.{name}" for module, name in wanted if not hasattr(module, name)]
    if not missing:
        takes = list(inspect.signature(forkserver._serve_one).parameters)
        if takes != ["child_r", "fds", "unused_fds", "handlers"]:
            missing.append("the known form of multiprocessing.forkserver._serve_one")
    return missing


def check_package(channel):
    """The installed release; ends with a clear word to the manager when there is none, or one that is too old."""
    from importlib import metadata

    install = f'{sys.executable} -m pip install "opengris-scaler>={".".join(map(str, OLDEST_RELEASE))}"'
    try:
        version = metadata.version("opengris-scaler")
    except metadata.PackageNotFoundError:
        fatal(channel, f"opengris-scaler is not installed for {sys.executable}", install)
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if numbers < OLDEST_RELEASE:
        fatal(channel, f"opengris-scaler {version} of {sys.executable} is too old", install + " --upgrade")
    return version


def installed():
    """Version and place of the package as it is installed now; None if there is none."""
    from importlib import metadata

    try:
        found = metadata.distribution("opengris-scaler")
        return found.version, str(found.locate_file(""))
    except (metadata.PackageNotFoundError, OSError, KeyError, TypeError):
        return None


def import_package(channel):
    """Everything that a worker and its processor import, once."""
    try:
        import multiprocessing.popen_spawn_posix  # noqa: F401
        import multiprocessing.synchronize  # noqa: F401
        import uuid  # noqa: F401

        import scaler.worker.agent.processor.processor  # noqa: F401
        import scaler.worker.worker  # noqa: F401
    except ImportError as error:
        reason = f"opengris-scaler cannot be imported by {sys.executable}: {error}"
        fatal(channel, reason, f"{sys.executable} -m pip install --force-reinstall opengris-scaler")


def unsafe_to_fork(channel):
    """Why forking is not safe here: what the import has left behind besides modules; empty if nothing."""
    trouble = []
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        trouble.append(f"importing the package started {threads - 1} thread(s)")
    for fd in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue  # the descriptor by which the folder was read
        if target.startswith("socket:") and int(fd) > 2 and int(fd) != channel.sock.fileno():
            trouble.append("importing the package opened a socket")
    return trouble


def fatal(channel, reason, remedy):
    channel.send({"event": "fatal", "reason": reason, "remedy": remedy})
    sys.exit(3)


def main():
    # Off standard input, so that no child keeps an end of it open.
    channel = Channel(socket.socket(fileno=os.dup(0)))
    become_plain()
    first = channel.next()
    if first["role"] == "worker":
        channel.sock.setblocking(False)
        code = 1
        try:
            code = run_worker(first["config"], first["name"], channel, None)
        finally:
            end_child(code)
    helper = Helper(first["config"], channel)
    helper.prepare()
    helper.run()


if "SOURCE" in globals():  # left by the boot line; a test that reads this file as a module has none
    main()
