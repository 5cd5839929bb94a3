"""A stub of IBM's `soamapi`, as far as the released manager for Symphony uses it: tasks run in this process.

One thread runs them, one after the other, and tells their outputs: it waits for nothing, and with the lock of the
interpreter more threads would not be quicker. With SOAMAPI_STUB_ANSWER, bytes in hexadecimal, nothing is run, and they are
the answer to every task.
"""

import itertools
import os
import queue
import threading

import cloudpickle

_ANSWER = bytes.fromhex(os.environ.get("SOAMAPI_STUB_ANSWER", ""))


def initialize():
    pass


def connect(application, security_callback):
    return _Connection()


class DefaultSecurityCallback:
    def __init__(self, user, password):
        pass


class Message:
    pass


class SessionCallback:
    pass


class SessionFlags:
    PARTIAL_ASYNC = 0


class SessionCreationAttributes:
    callback = None

    def set_session_type(self, name):
        pass

    def set_session_name(self, name):
        pass

    def set_session_flags(self, flags):
        pass

    def set_session_callback(self, callback):
        self.callback = callback


class TaskSubmissionAttributes:
    message = None

    def set_task_input(self, message):
        self.message = message


class _Stream:
    """One byte array."""

    data = b""

    def write_byte_array(self, array, offset, length):
        self.data = array[offset : offset + length].tobytes()

    def read_byte_array(self, kind):
        return self.data


class _Connection:
    def get_id(self):
        return "stub"

    def create_session(self, attributes):
        return _Session(attributes.callback)


class _Session:
    def __init__(self, callback):
        self._callback = callback
        self._inputs = queue.SimpleQueue()
        self._numbers = itertools.count(1)
        threading.Thread(target=self._work, daemon=True).start()

    def get_id(self):
        return "1"

    def send_task_input(self, attributes):
        stream = _Stream()
        attributes.message.on_serialize(stream)
        task = str(next(self._numbers))
        self._inputs.put((task, stream))
        return _Task(task)

    def _work(self):
        while True:
            self._callback.on_response(_Output(*self._inputs.get()))


class _Task:
    def __init__(self, task):
        self._task = task

    def get_id(self):
        return self._task


class _Output(_Task):
    def __init__(self, task, stream):
        super().__init__(task)
        self._stream, self._exception = stream, None
        try:
            stream.data = _ANSWER or _run(stream.data)
        except Exception as exception:
            self._exception = _Exception(exception)

    def is_successful(self):
        return self._exception is None

    def populate_task_output(self, message):
        message.on_deserialize(self._stream)

    def get_exception(self):
        return self._exception


class _Exception(Exception):
    def get_embedded_exception(self):
        return self.args[0]


def _run(data):
    function, *arguments = cloudpickle.loads(data)
    return cloudpickle.dumps(function(*arguments))
