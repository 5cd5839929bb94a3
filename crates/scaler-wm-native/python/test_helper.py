"""Tests of the helper by itself: `PYTHON test_helper.py`, with an interpreter that has opengris-scaler installed.

Drives the helper as the manager does, against the released object storage server, scheduler and client.

One file, as the helper is: an interpreter is given it by its path, and what starts and ends the released processes serves
every test in it.
"""

import asyncio
import fcntl
import importlib.metadata
import json
import os
import pathlib
import resource
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(sys.executable).parent
MARKER = "SCALER_WM_HELPER_TEST"
DEADLINE = 30.0


def wait_for(what, condition, seconds=DEADLINE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s for {what}")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def marked_processes(marker):
    """Every process that carries the marker in its environment, zombies left out."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            environment = pathlib.Path("/proc", entry, "environ").read_bytes()
            state = pathlib.Path("/proc", entry, "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if f"{MARKER}={marker}".encode() in environment.split(b"\0") and state != "Z":
            found.append(int(entry))
    return found


class Stack:
    """Object storage and scheduler of the interpreter under test."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        storage, scheduler, monitor = free_ports(3)
        self.storage = f"tcp://127.0.0.1:{storage}"
        self.address = f"tcp://127.0.0.1:{scheduler}"
        self.log = self.folder / "scheduler.log"
        self.processes = []
        self.start(["scaler_object_storage_server", self.storage])
        wait_for("the object storage", lambda: self.listens(storage))
        self.start(
            ["scaler_scheduler", self.address, "--object-storage-address", self.storage]
            + ["--monitor-address", f"tcp://127.0.0.1:{monitor}"]
            + ["-pc", "allocate=even_load; scaling=vanilla", "--load-balance-seconds", "-1"]
        )
        wait_for("the scheduler", lambda: self.listens(scheduler))

    @staticmethod
    def listens(port):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0

    def start(self, command):
        with open(self.log, "ab") as log:
            command[0] = str(BIN / command[0])
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log))

    def connected(self, name):
        return f"WorkerID({name}) connected" in self.log.read_text()

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


class Client:
    """A released client that submits tasks which note each of their starts."""

    def __init__(self, stack, code):
        self.starts_file = stack.folder / "starts"
        prelude = f"""
import os, sys, time
from scaler import Client
FILE = {str(self.starts_file)!r}
def note(x):
    fd = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, f"{{x}} {{os.getpid()}}\\n".encode())
    os.close(fd)
def work(x, seconds):
    note(x); time.sleep(seconds); return x
def gated(x, gate):
    note(x)
    while not os.path.exists(gate): time.sleep(0.01)
    return x
"""
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"{prelude}\nwith Client(address={stack.address!r}) as client:\n    {code}\n"],
            stdout=subprocess.PIPE,
            text=True,
        )

    def starts(self):
        if not self.starts_file.exists():
            return []
        return [line.split()[0] for line in self.starts_file.read_text().splitlines()]

    def result(self):
        out, _ = self.process.communicate(timeout=60)
        return out.strip()


class Helper:
    """The helper, driven as the manager drives it."""

    def __init__(self, stack, marker, worker=None, python=sys.executable, inherited=(), stdout=None, **switches):
        source = (HERE / "helper.py").read_bytes()
        boot = {}
        exec(source.split(b"BOOT = ", 1)[1].split(b"\n)", 1)[0].join([b"BOOT = ", b"\n)"]), boot)
        self.sock, theirs = socket.socketpair()
        environment = dict(os.environ, TMPDIR=str(stack.folder), **{MARKER: marker})
        self.process = subprocess.Popen(
            [python, "-c", boot["BOOT"]],
            stdin=theirs,
            stdout=stdout,
            env=environment,
            start_new_session=True,
            pass_fds=inherited,
        )
        theirs.close()
        config = {
            "fork": True,
            "fork_processors": True,
            "hooks": True,
            "end_seconds": 5.0,
            "folder": None,
            "keep_seconds": None,
            "version": "tested",
            "upgrade_seconds": 10.0,
            "worker": {
                "address": stack.address,
                "object_storage_address": stack.storage,
                "event_loop": "builtin",
                "preload": None,
                "capabilities": {},
                "io_threads": 1,
                "task_queue_size": 1000,
                "heartbeat_interval_seconds": 1,
                "garbage_collect_interval_seconds": 30,
                "trim_memory_threshold_bytes": 1 << 30,
                "task_timeout_seconds": 0,
                "death_timeout_seconds": 300,
                "hard_processor_suspend": False,
                "logging_paths": ["/dev/stdout"],
                "logging_level": "INFO",
                "worker_manager_id": "wm-test",
                "tls_cert": None,
                "tls_key": None,
                **(worker or {}),
            },
            **switches,
        }
        self.sock.sendall(b"%8d" % len(source) + source)
        self.send({"role": "helper", "config": config})
        self.sock.settimeout(0.01)
        self.buffer = b""
        self.events = []
        self.questions = 0
        self.ready = self.event("ready")

    def send(self, message):
        self.sock.sendall(json.dumps(message).encode() + b"\n")

    def event(self, kind, **fields):
        def look():
            try:
                data = self.sock.recv(65536)
                *lines, self.buffer = (self.buffer + data).split(b"\n")
                self.events += [json.loads(line) for line in lines]
            except OSError:
                pass
            for event in self.events:
                if event["event"] == kind and all(event.get(key) == value for key, value in fields.items()):
                    return event
            return None

        return wait_for(f"{kind} {fields} among {self.events}", look)

    def start(self, name):
        self.send({"op": "start", "name": name, "launch": "launch"})
        return self.event("started", name=name)["pid"]

    def ask(self, name, how, **fields):
        self.questions += 1
        self.send({"op": "stop", "name": name, "how": how, "id": self.questions, **fields})
        return self.event("answer", id=self.questions)["answer"]

    def leave_free(self, count):
        """Leaves so many free descriptors below the helper's limit; returns the limits that it had."""
        used = {int(fd) for fd in os.listdir(f"/proc/{self.process.pid}/fd")}
        free = [fd for fd in range(max(used) + count + 2) if fd not in used]
        soft, hard = resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (free[count], hard))
        return soft, hard

    def close(self):
        self.sock.close()
        if self.process.poll() is None:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class NextManager(Helper):
    """The next manager, at the socket that a helper without one listens at."""

    def __init__(self, folder, keep_seconds=None, outputs=(1, 2)):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(folder / "helper.sock"))
        self.sock.settimeout(0.01)
        self.buffer = b""
        self.events = []
        self.questions = 0
        claim = json.dumps({"keep_seconds": keep_seconds}).encode() + b"\n"
        socket.send_fds(self.sock, [claim], list(outputs))
        self.ready = self.event("ready")

    def close(self):
        self.sock.close()


class ForkTest(unittest.TestCase):
    def test_a_signal_to_a_fresh_child_is_not_the_helpers(self):
        program = runpy.run_path(str(HERE / "helper.py"))
        handled = []
        before = signal.signal(signal.SIGTERM, lambda *_: handled.append(os.getpid()) or os._exit(42))
        self.addCleanup(signal.signal, signal.SIGTERM, before)
        pid = program["fork"]()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGTERM)
            program["become_plain"]()
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        self.assertEqual((os.WIFSIGNALED(status) and os.WTERMSIG(status), handled), (signal.SIGTERM, []))
        self.assertEqual(signal.pthread_sigmask(signal.SIG_BLOCK, []), set(), "nothing stays blocked in the parent")


class FarewellTest(unittest.TestCase):
    """A worker of 2.6.0 stays until the scheduler answers its farewell."""

    def left(self, answers):
        """What such a worker says while it leaves."""
        program = runpy.run_path(str(HERE / "helper.py"))
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        worker = unittest.mock.Mock(_loop=loop)
        said = []

        async def live():
            worker._task = asyncio.current_task()
            loop.add_signal_handler(signal.SIGINT, worker._task.cancel if answers else lambda: None)
            courtesy = program["Courtesy"](worker, None)
            names = {"FAREWELL_SECONDS": DEADLINE if answers else 0.01, "say": said.append}
            with unittest.mock.patch.dict(courtesy.leave.__globals__, names):
                courtesy.leave()
                await asyncio.sleep(2 * DEADLINE)

        with self.assertRaises(asyncio.CancelledError):
            loop.run_until_complete(live())
        return said

    def test_a_worker_whose_farewell_is_not_answered_leaves_without(self):
        self.assertEqual(len(self.left(answers=False)), 1)

    def test_a_worker_whose_farewell_is_answered_leaves_at_once(self):
        self.assertEqual(self.left(answers=True), [])


class PackageTest(unittest.TestCase):
    """What is said of an interpreter without the package, or with one that is too old."""

    def said(self, version):
        program = runpy.run_path(str(HERE / "helper.py"))
        said = []
        channel = type("Channel", (), {"send": lambda _, message: said.append(message)})()
        with unittest.mock.patch("importlib.metadata.version", side_effect=version):
            try:
                return program["check_package"](channel), said
            except SystemExit:
                return None, said

    def test_a_release_that_is_too_old_is_refused_with_the_command_that_mends_it(self):
        for version in ("2.3.9", "1.26.5"):
            found, (fatal,) = self.said([version])
            self.assertIsNone(found)
            self.assertIn(version, fatal["reason"])
            self.assertIn(f'{sys.executable} -m pip install "opengris-scaler>=2.4.0"', fatal["remedy"])

    def test_a_missing_package_is_refused_with_the_command_that_installs_it(self):
        found, (fatal,) = self.said(importlib.metadata.PackageNotFoundError)
        self.assertIsNone(found)
        self.assertIn("-m pip install", fatal["remedy"])

    def test_a_release_that_has_moved_its_modules_has_no_hooks(self):
        program = runpy.run_path(str(HERE / "helper.py"))
        self.assertEqual(program["missing_hooks"](), [])
        with unittest.mock.patch.dict(sys.modules, {"scaler.worker.agent.task_manager": None}):
            (reason,) = program["missing_hooks"]()
        self.assertIn("scaler.worker.agent.task_manager", reason)

    def test_releases_from_the_oldest_on_are_taken(self):
        for version in ("2.4.0", "2.10.0", "3.0.0rc1"):
            self.assertEqual(self.said([version]), (version, []))


class WithStack(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.stack = Stack(folder.name)
        self.addCleanup(self.stack.close)
        self.marker = f"{os.getpid()}-{self.id()}"

    def helper(self, **switches):
        helper = Helper(self.stack, self.marker, **switches)
        self.addCleanup(helper.close)
        return helper

    def until_nothing_left(self):
        wait_for("no process left", lambda: not marked_processes(self.marker), 10)

    def connected(self, helper, *names):
        pids = [helper.start(name) for name in names]
        for name in names:
            wait_for(f"{name} at the scheduler", lambda name=name: self.stack.connected(name))
        return pids


class KeptTest(WithStack):
    """Workers that outlive their manager."""

    def kept(self, seconds, **switches):
        """A helper with one worker whose manager has gone."""
        state = self.folder / "state"
        state.mkdir(mode=0o700)
        helper = self.helper(folder=str(state), keep_seconds=seconds, **switches)
        (pid,) = self.connected(helper, "NAT|a")
        helper.sock.close()
        return helper, state, pid

    def next_manager(self, state, **arguments):
        manager = NextManager(state, **arguments)
        self.addCleanup(manager.close)
        return manager

    def test_the_next_manager_takes_workers_over(self):
        self.takes_over()

    def test_the_next_manager_takes_over_workers_that_were_not_forked(self):
        self.takes_over(fork=False)

    def takes_over(self, **switches):
        helper, state, pid = self.kept(600.0, **switches)
        self.assertEqual((state / "helper.sock").stat().st_mode & 0o777, 0o600)
        first = self.next_manager(state, keep_seconds=600.0)
        (kept,) = first.ready["kept"]
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        self.assertEqual(
            (kept["name"], kept["launch"], kept["pid"], kept["started"], kept["exit"]),
            ("NAT|a", "launch", pid, int(stat.rpartition(")")[2].split()[19]), None),
        )
        self.assertEqual((first.ready["pid"], first.ready["version"]), (helper.process.pid, "tested"))
        lock = state / "workers" / "NAT|a"
        self.assertEqual(lock.read_text(), f"{pid} {kept['started']}\n")
        with open(lock) as file, self.assertRaises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        client = Client(self.stack, "print(sum(client.map(work, range(20), [0.01] * 20)))")
        self.assertEqual(client.result(), "190")
        # A start that is asked for again starts nothing.
        first.send({"op": "start", "name": "NAT|a", "launch": "launch"})
        first.start("NAT|b")
        wait_for("NAT|b at the scheduler", lambda: self.stack.connected("NAT|b"))
        first.close()
        # What ends meanwhile is told to the one after.
        os.kill(pid, signal.SIGKILL)
        wait_for("its end", lambda: not lock.exists())
        second = self.next_manager(state)
        kept = {worker["name"]: worker for worker in second.ready["kept"]}
        self.assertEqual(kept["NAT|a"]["exit"], {"asked": False, "signal": signal.SIGKILL})
        self.assertIsNone(kept["NAT|b"]["exit"])
        self.assertFalse((state / "helper.sock").exists(), "one that keeps nothing is found by nobody")
        self.assertEqual(second.ask("NAT|b", "if_idle"), "accepted")
        second.event("exit", name="NAT|b")
        second.close()
        self.assertEqual(helper.process.wait(10), 0)
        self.until_nothing_left()

    def test_workers_hand_back_when_nobody_comes_or_can_come(self):
        for seconds, is_lost in ((0.5, False), (600.0, True)):
            with self.subTest(seconds=seconds, is_lost=is_lost):
                helper, state, _ = self.kept(seconds)
                gate = self.folder / f"gate-{is_lost}"
                client = Client(self.stack, f"print(client.submit(gated, 7, {str(gate)!r}).result())")
                wait_for("the task", client.starts)
                if is_lost:
                    subprocess.run(["rm", "-rf", str(state)], check=True)
                wait_for("the socket gone", lambda state=state: not (state / "helper.sock").exists())
                gate.touch()
                self.assertEqual(client.result(), "7")
                self.assertEqual(client.starts(), ["7"])
                self.assertEqual(helper.process.wait(10), 0)
                self.until_nothing_left()
                subprocess.run(["rm", "-rf", str(state), str(client.starts_file)], check=True)
                self.stack.log.write_text("")

    def test_only_one_manager_has_it(self):
        state = self.folder / "state"
        state.mkdir()
        helper = self.helper(folder=str(state), keep_seconds=0.1)
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(str(state / "helper.sock"))
            other.sendall(b'{"keep_seconds": null}\n')
            other.settimeout(DEADLINE)
            self.assertEqual(json.loads(other.recv(65536))["event"], "fatal")
        self.assertGreater(helper.start("NAT|a"), 0, "the first one still has it")

    def held(self, **switches):
        """A helper with a task in its worker, and the task's gate."""
        state = self.folder / "state"
        state.mkdir()
        helper = self.helper(folder=str(state), **switches)
        self.connected(helper, "NAT|a")
        gate = self.folder / "gate"
        client = Client(self.stack, f"print(client.submit(gated, 7, {str(gate)!r}).result())")
        wait_for("the task", client.starts)
        return helper, client, gate

    def test_a_retired_helper_still_hears_its_manager(self):
        helper, client, _ = self.held(keep_seconds=None)
        helper.send({"op": "retire"})
        # In its turn, so that the hand-back has been asked for.
        self.assertEqual(helper.ask("NAT|a", "if_idle"), "busy")
        self.assertEqual(helper.ask("NAT|a", "now"), "accepted")
        self.assertEqual(helper.event("exit", name="NAT|a").get("signal"), signal.SIGKILL)
        self.assertEqual(helper.process.wait(10), 0)
        self.until_nothing_left()
        client.process.kill()
        client.process.communicate()

    def test_a_retired_helper_ends_with_its_manager(self):
        helper, client, _ = self.held(keep_seconds=None)
        helper.send({"op": "retire"})
        self.assertEqual(helper.ask("NAT|a", "if_idle"), "busy")
        helper.sock.close()
        self.assertEqual(helper.process.wait(15), 0)
        self.until_nothing_left()
        client.process.kill()
        client.process.communicate()

    def test_a_hand_back_is_taken_back_when_its_manager_goes(self):
        helper, client, gate = self.held(keep_seconds=600.0)
        self.assertEqual(helper.ask("NAT|a", "hand_back"), "accepted")
        helper.sock.close()
        manager = self.next_manager(self.folder / "state")
        gate.touch()
        self.assertEqual(client.result(), "7")
        self.assertEqual(manager.ask("NAT|a", "if_idle"), "accepted", "it is still there")
        manager.event("exit", name="NAT|a")

    def test_workers_print_where_the_manager_of_the_time_prints(self):
        state = self.folder / "state"
        state.mkdir()
        read, write = os.pipe()
        helper = self.helper(folder=str(state), keep_seconds=600.0, stdout=write)
        os.close(write)
        self.connected(helper, "NAT|a")
        says = "def says(text):\n        print(text, flush=True); return text\n    print(client.submit(says, {!r}).result())"
        self.assertEqual(Client(self.stack, says.format("to the first")).result(), "to the first")
        helper.sock.close()
        os.close(read)  # whoever read the first one's output has gone with it
        self.assertEqual(Client(self.stack, says.format("to nobody")).result(), "to nobody")
        output = self.folder / "output"
        with open(output, "wb") as file:
            self.next_manager(state, outputs=[file.fileno(), file.fileno()])
        self.assertEqual(Client(self.stack, says.format("to the second")).result(), "to the second")
        wait_for("the line", lambda: "to the second\n" in output.read_text())
        self.assertNotIn("to nobody", output.read_text())

    def test_an_upgrade_that_nobody_heard_of_is_told_to_the_next_manager(self):
        shadow = self.folder / "shadow"
        shadow.mkdir()
        with unittest.mock.patch.dict(os.environ, {"PYTHONPATH": str(shadow)}):
            helper, state, _ = self.kept(600.0, upgrade_seconds=0.05)
        info = shadow / "opengris_scaler-99.0.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: opengris-scaler\nVersion: 99.0.0\n")
        # By the time that it would have been told twice it was seen.
        time.sleep(0.5)
        manager = self.next_manager(state)
        self.assertIn("99.0.0", manager.event("upgraded")["to"])
        self.assertEqual(manager.ask("NAT|a", "if_idle"), "accepted")
        self.assertEqual(helper.process.wait(10) if manager.close() is None else None, 0)

    def test_a_kept_helper_without_workers_ends_with_its_manager(self):
        state = self.folder / "state"
        state.mkdir()
        helper = self.helper(folder=str(state), keep_seconds=600.0)
        helper.sock.close()
        self.assertEqual(helper.process.wait(10), 0)
        self.until_nothing_left()

    def test_a_lost_state_folder_keeps_no_worker_from_starting(self):
        state = self.folder / "state"
        state.mkdir()
        helper = self.helper(folder=str(state), keep_seconds=None)
        subprocess.run(["rm", "-rf", str(state)], check=True)
        self.connected(helper, "NAT|a")


class HelperTest(WithStack):
    """One manager and its helper."""

    def runs_tasks_and_leaves(self, **switches):
        helper = self.helper(**switches)
        self.connected(helper, "NAT|a", "NAT|b")
        client = Client(self.stack, "print(sum(client.map(work, range(20), [0.01] * 20)))")
        self.assertEqual(client.result(), "190")
        self.assertEqual(helper.ask("NAT|a", "if_idle"), "accepted")
        end = helper.event("exit", name="NAT|a")
        self.assertEqual((end.get("code"), end["asked"]), (0, True), end)
        helper.close()
        self.assertEqual(helper.process.returncode, 0)
        self.until_nothing_left()
        return helper.ready

    def test_forked_workers_and_processors(self):
        ready = self.runs_tasks_and_leaves()
        self.assertEqual((ready["workers"], ready["processors"], ready["hooks"]), ("fork", "fork", True), ready)

    def test_forked_workers_with_spawned_processors(self):
        ready = self.runs_tasks_and_leaves(fork_processors=False)
        self.assertEqual((ready["workers"], ready["processors"]), ("fork", "spawn"), ready)

    def test_plainly_started_workers(self):
        ready = self.runs_tasks_and_leaves(fork=False)
        self.assertEqual((ready["workers"], ready["processors"]), ("plain", "spawn"), ready)

    def test_a_busy_worker_stays_and_the_question_is_unsupported_without_hooks(self):
        helper = self.helper()
        self.connected(helper, "NAT|a")
        gate = self.folder / "gate"
        client = Client(self.stack, f"print(client.submit(gated, 1, {str(gate)!r}).result())")
        wait_for("the task", lambda: client.starts() == ["1"])
        self.assertEqual(helper.ask("NAT|a", "if_idle"), "busy")
        gate.touch()
        self.assertEqual(client.result(), "1")
        helper.close()
        plain = self.helper(hooks=False)
        self.connected(plain, "NAT|b")
        self.assertEqual(plain.ask("NAT|b", "if_idle"), "unsupported")
        self.assertEqual(plain.ask("NAT|b", "leave", within=5.0), "accepted")
        self.assertEqual(plain.event("exit", name="NAT|b")["asked"], True)

    def test_a_hand_back_starts_nothing_twice_and_can_be_taken_back(self):
        helper = self.helper()
        self.connected(helper, "NAT|a")
        gate = self.folder / "gate"
        code = f"futures = [client.submit(gated, i, {str(gate)!r}) for i in range(10)]; "
        client = Client(self.stack, code + "print(sum(f.result() for f in futures))")
        wait_for("the first task", lambda: len(client.starts()) == 1)
        self.assertEqual(helper.ask("NAT|a", "hand_back"), "accepted")
        self.assertEqual(helper.ask("NAT|a", "resume"), "accepted")
        self.assertEqual(helper.ask("NAT|a", "hand_back"), "accepted")
        self.connected(helper, "NAT|b")
        gate.touch()
        end = helper.event("exit", name="NAT|a")
        self.assertEqual((end.get("code"), end["asked"]), (0, True), end)
        self.assertEqual(client.result(), "45")
        self.assertEqual(sorted(map(int, client.starts())), list(range(10)))

    def test_after_a_resume_the_queue_runs_where_it_was(self):
        helper = self.helper()
        self.connected(helper, "NAT|a")
        gate = self.folder / "gate"
        code = f"futures = [client.submit(gated, i, {str(gate)!r}) for i in range(10)]; "
        client = Client(self.stack, code + "print(sum(f.result() for f in futures))")
        wait_for("the first task", lambda: len(client.starts()) == 1)
        self.assertEqual(helper.ask("NAT|a", "hand_back"), "accepted")
        self.assertEqual(helper.ask("NAT|a", "resume"), "accepted")
        gate.touch()
        self.assertEqual(client.result(), "45")
        self.assertEqual(sorted(map(int, client.starts())), list(range(10)))
        self.assertEqual(helper.ask("NAT|a", "if_idle"), "accepted")

    def test_nested_tasks_end_during_a_hand_back(self):
        helper = self.helper()
        self.connected(helper, "NAT|a")
        gate = self.folder / "gate"
        client = Client(
            self.stack,
            f"""
    def outer(x, address, gate):
        note(x)
        while not os.path.exists(gate): time.sleep(0.01)
        with Client(address=address) as inner:
            return inner.submit(work, 100 + x, 0.01).result() + x
    futures = [client.submit(outer, i, {self.stack.address!r}, {str(gate)!r}) for i in range(3)]
    print([f.result() for f in futures])""",
        )
        wait_for("the first task", lambda: len(client.starts()) == 1)
        self.assertEqual(helper.ask("NAT|a", "hand_back"), "accepted")
        gate.touch()
        self.assertEqual(helper.event("exit", name="NAT|a")["asked"], True)
        self.connected(helper, "NAT|b")
        self.assertEqual(client.result(), "[100, 102, 104]")
        self.assertEqual(sorted(map(int, client.starts())), [0, 1, 2, 100, 101, 102])

    def test_a_worker_that_stands_still_goes_on(self):
        helper = self.helper()
        (pid,) = self.connected(helper, "NAT|a")
        self.assertEqual(helper.ask("NAT|a", "hold"), "accepted")
        wait_for("it to stand still", lambda: " (stopped)" in pathlib.Path(f"/proc/{pid}/status").read_text())
        self.assertEqual(helper.ask("NAT|a", "resume"), "accepted")
        self.assertEqual(helper.ask("NAT|a", "if_idle"), "accepted")

    def test_without_free_descriptors_a_worker_fails_and_the_others_go_on(self):
        helper = self.helper()
        self.connected(helper, "NAT|a")
        client = Client(self.stack, "print(client.submit(work, 1, 0).result())")
        self.assertEqual(client.result(), "1")  # its processor is there: nothing more is to be opened
        before = helper.leave_free(1)
        helper.send({"op": "start", "name": "NAT|b", "launch": "launch"})
        self.assertIn("cannot fork", helper.event("failed", name="NAT|b")["reason"])
        # Enough for the worker's socket, too little for what its processor brings.
        resource.prlimit(helper.process.pid, resource.RLIMIT_NOFILE, before)
        helper.leave_free(2)
        helper.send({"op": "start", "name": "NAT|c", "launch": "launch"})
        self.assertFalse(helper.event("exit", name="NAT|c")["asked"])
        resource.prlimit(helper.process.pid, resource.RLIMIT_NOFILE, before)
        self.connected(helper, "NAT|d")
        self.assertEqual(helper.ask("NAT|a", "if_idle"), "accepted")

    def test_more_descriptors_than_select_knows(self):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        if before[1] < 2048:
            self.skipTest("the hard limit of descriptors is too low")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 2048), before[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        many = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
        try:
            helper = self.helper(inherited=many)
        finally:
            for fd in many:
                os.close(fd)
        self.connected(helper, "NAT|a")
        self.assertEqual(helper.ask("NAT|a", "if_idle"), "accepted")

    def test_children_have_the_limit_of_descriptors_that_the_manager_gave(self):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[1] // 2, before[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        for fork in (True, False):
            helper = self.helper(fork=fork)
            (pid,) = self.connected(helper, f"NAT|{fork}")
            ours = resource.getrlimit(resource.RLIMIT_NOFILE)
            self.assertEqual(resource.prlimit(helper.process.pid, resource.RLIMIT_NOFILE), (ours[1], ours[1]))
            self.assertEqual(resource.prlimit(pid, resource.RLIMIT_NOFILE), ours)

    def test_an_interpreter_that_vanishes_ends_no_other_worker(self):
        environment = self.folder / "environment"
        (environment / "bin").mkdir(parents=True)
        python = environment / "bin" / "python"
        python.symlink_to(os.path.realpath(sys.executable))
        prefix = pathlib.Path(sys.prefix)
        (environment / "lib").symlink_to(prefix / "lib")
        (environment / "pyvenv.cfg").write_text((prefix / "pyvenv.cfg").read_text())
        helper = self.helper(fork=False, python=str(python))
        self.connected(helper, "NAT|a")
        python.unlink()
        for number in range(5):
            helper.send({"op": "start", "name": f"NAT|{number}", "launch": "launch"})
            self.assertEqual(helper.event("exit", name=f"NAT|{number}")["code"], 1)
        self.assertEqual(helper.ask("NAT|a", "if_idle"), "accepted")

    def kills_leave_nothing(self, **switches):
        helper = self.helper(**switches)
        (first, _) = self.connected(helper, "NAT|a", "NAT|b")
        gate = self.folder / "gate"
        client = Client(self.stack, f"[client.submit(gated, i, {str(gate)!r}) for i in range(2)]; time.sleep(60)")
        self.addCleanup(client.process.wait)
        self.addCleanup(client.process.kill)
        wait_for("a task in each", lambda: len(client.starts()) == 2)
        others = set(marked_processes(self.marker))
        self.assertEqual(len(list(self.folder.glob("scaler_worker_*"))), 2)
        os.kill(first, signal.SIGKILL)
        end = helper.event("exit", name="NAT|a")
        self.assertEqual(len(list(self.folder.glob("scaler_worker_*"))), 1, "the file of its socket goes, too")
        self.assertEqual((end.get("signal"), end["asked"]), (9, False))
        # The worker and its processor.
        wait_for("its processor gone", lambda: len(others - set(marked_processes(self.marker))) >= 2)
        helper.process.kill()
        helper.process.wait()
        self.until_nothing_left()

    def test_kills_leave_nothing(self):
        self.kills_leave_nothing()

    def test_kills_leave_nothing_with_spawned_processors(self):
        self.kills_leave_nothing(fork_processors=False)

    def test_the_end_of_the_manager_ends_all(self):
        helper = self.helper()
        self.connected(helper, "NAT|a", "NAT|b")
        gate = self.folder / "gate"
        client = Client(self.stack, f"[client.submit(gated, i, {str(gate)!r}) for i in range(2)]; time.sleep(60)")
        self.addCleanup(client.process.wait)
        self.addCleanup(client.process.kill)
        wait_for("a task in each", lambda: len(client.starts()) == 2)
        helper.sock.close()
        self.until_nothing_left()

    def test_parameters_reach_the_worker(self):
        module = self.folder / "preloaded_module.py"
        module.write_text(f"def hello(word):\n    open({str(self.folder / 'preloaded')!r}, 'w').write(word)\n")
        os.environ["PYTHONPATH"] = str(self.folder)
        self.addCleanup(os.environ.pop, "PYTHONPATH")
        helper = self.helper(worker={"preload": "preloaded_module:hello('there')", "task_queue_size": 7})
        self.connected(helper, "NAT|a")
        wait_for("the preload", lambda: (self.folder / "preloaded").exists())
        self.assertEqual((self.folder / "preloaded").read_text(), "there")


if __name__ == "__main__":
    unittest.main(verbosity=2)
