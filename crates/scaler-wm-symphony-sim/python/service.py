"""A service instance: takes one task after the other, as a service of Symphony does. Argument: its own file.

A command is one line, `run PATH` or `die PATH`, without the ending of the task's files. `PATH.task` is read, `PATH.out` is
written, and one byte says so. When the other side has gone, the task in hand is finished and the instance ends.
"""

import fcntl
import os
import pickle
import signal
import socket
import struct
import sys

try:
    import cloudpickle as codec
except ImportError:
    codec = pickle


def answer(path, doomed):
    with open(path + ".task", "rb") as file:
        data = file.read()
    # In front of the payload is the tag: its length and one more, 0 if there is none.
    (size,) = struct.unpack_from("<Q", data)
    try:
        function, *arguments = codec.loads(memoryview(data)[8 + max(size - 1, 0) :])
        if doomed:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"+" + codec.dumps(function(*arguments))
    except BaseException as error:
        try:
            return b"-" + f"{type(error).__name__}: {error}".encode(errors="replace")
        except Exception:
            return b"-" + type(error).__name__.encode(errors="replace")


def run(path, doomed):
    result = answer(path, doomed)
    with open(path + ".new", "wb") as file:
        file.write(result)
    # In one step: whoever looks finds all of it or nothing.
    os.replace(path + ".new", path + ".out")


def main(own):
    link = socket.socket(fileno=os.dup(0))
    # What a task reads and prints has nothing to do with the link.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Whoever comes later sees by this lock that we live. It is not inherited by what a task starts.
    lock = os.open(own, os.O_RDWR)
    fcntl.lockf(lock, fcntl.LOCK_EX)
    link.sendall(b".")
    for line in link.makefile("r", encoding="utf-8", errors="surrogateescape", newline="\n"):
        how, path = line.rstrip("\n").split(" ", 1)
        run(path, how == "die")
        sys.stdout.flush()
        sys.stderr.flush()
        link.sendall(b".")


code = 1
try:
    main(sys.argv[1])
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
