"""A service instance: takes one task after the other, as a service of Symphony does. Argument: its own file.

A command is one line, `run PATH` or `die PATH`, without the ending of the task's files. `PATH.task` is read, `PATH.out` is
written, and one byte says so. When the other side has gone, the task in hand is finished and the instance ends.

With SCALER_SOAM_SIM_SERVICE that program runs the tasks: a service that is written for Symphony's hosts, which finds a
`soamapi` of ours there.
"""

import array
import fcntl
import os
import pickle
import runpy
import signal
import socket
import struct
import sys
import types

try:
    import cloudpickle as codec
except ImportError:
    codec = pickle


def call(_session, data, begin):
    function, *arguments = codec.loads(data)
    begin()
    return codec.dumps(function(*arguments))


class Stream:
    """One byte array, which is signed as IBM's is."""

    def __init__(self, data=b""):
        self.data = data

    def write_byte_array(self, values, offset, length):
        if not isinstance(values, array.array):
            raise TypeError("write_byte_array takes an array")
        self.data += values[offset : offset + length].tobytes()

    def read_byte_array(self, kind):
        return array.array(kind, self.data)


class Message:
    pass


class SoamException(Exception):
    pass


class FatalException(SoamException):
    pass


class FailureException(SoamException):
    pass


class TaskContext:
    def __init__(self, data):
        self.data = data
        self.output = None

    def populate_task_input(self, message):
        message.on_deserialize(Stream(self.data))

    def set_task_output(self, message):
        stream = Stream()
        message.on_serialize(stream)
        self.output = stream.data


class ServiceContainer:
    """What a service derives from. Its methods are called as Symphony calls them, one after the other."""

    _session = None

    def run(self):
        self.on_create_service(None)
        serve(sys.argv[1], self._invoke)
        self._leave()
        self.on_destroy_service()

    def _invoke(self, session, data, begin):
        if session != self._session:
            self._leave()
            self.on_session_enter(None)
            self._session = session
        context = TaskContext(bytes(data))
        begin()
        self.on_invoke(context)
        if context.output is None:
            raise FailureException("the service has set no output")
        return context.output

    def _leave(self):
        if self._session is not None:
            self.on_session_leave()
            self._session = None


def host(program):
    """Runs a service for Symphony's hosts. Whether IBM's `soamapi` is like this one was never seen."""
    soamapi = types.ModuleType("soamapi")
    for own in [Message, ServiceContainer, SoamException, FatalException, FailureException]:
        setattr(soamapi, own.__name__, own)
    sys.modules["soamapi"] = soamapi
    runpy.run_path(program, run_name="__main__")


def answer(path, doomed, work):
    with open(path + ".task", "rb") as file:
        data = file.read()
    # In front of the payload is the tag: its length and one more, 0 if there is none.
    (size,) = struct.unpack_from("<Q", data)

    def begin():
        if doomed:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        session = os.path.basename(os.path.dirname(path))
        return b"+" + work(session, memoryview(data)[8 + max(size - 1, 0) :], begin)
    except BaseException as error:
        try:
            return b"-" + f"{type(error).__name__}: {error}".encode(errors="replace")
        except Exception:
            return b"-" + type(error).__name__.encode(errors="replace")


def run(path, doomed, work):
    result = answer(path, doomed, work)
    with open(path + ".new", "wb") as file:
        file.write(result)
    # In one step: whoever looks finds all of it or nothing.
    os.replace(path + ".new", path + ".out")


def serve(own, work):
    link = socket.socket(fileno=os.dup(0))
    # What a task reads and prints has nothing to do with the link.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Whoever comes later sees by this lock that we live. It is not inherited by what a task starts.
    lock = os.open(own, os.O_RDWR)
    fcntl.lockf(lock, fcntl.LOCK_EX)
    link.sendall(b".")
    for line in link.makefile("r", encoding="utf-8", errors="surrogateescape", newline="\n"):
        how, path = line.rstrip("\n").split(" ", 1)
        run(path, how == "die", work)
        sys.stdout.flush()
        sys.stderr.flush()
        link.sendall(b".")


code = 1
try:
    service = os.environ.get("SCALER_SOAM_SIM_SERVICE")
    if service:
        host(service)
    else:
        serve(sys.argv[1], call)
    code = 0
except (BrokenPipeError, ConnectionResetError):
    code = 0
except BaseException:
    import traceback

    traceback.print_exc()
finally:
    sys.stderr.flush()
    # At once, whatever a task has left running in this process.
    os._exit(code)
