"""Runs tasks of scaler-wm on a host of IBM Spectrum Symphony.

A task's input is one byte array: a pickle of the tuple ``(function, *arguments)``. Its output is one byte array: a
pickle of what the function has returned. A function that raises makes its task fail.

Symphony starts this program, see README.md. It runs on Python 3.6 and later: Symphony's ``soamapi`` decides which.
"""

import array
import sys
import traceback

try:
    # Puts the bytecode of soamapi that fits this interpreter onto the path, where Symphony has it.
    import soamapiversion  # noqa: F401
except ImportError:
    pass

import cloudpickle
import soamapi

# An exception's text travels in a message that people read; a long traceback goes to the log of the service alone.
LONGEST_MESSAGE = 800


class Bytes(soamapi.Message):
    """One byte array, as the C++ ``DefaultByteArrayMessage`` has it."""

    def __init__(self, data=b""):
        super().__init__()
        self.data = data

    def on_serialize(self, stream):
        signed = array.array("b", self.data)
        stream.write_byte_array(signed, 0, len(signed))

    def on_deserialize(self, stream):
        self.data = stream.read_byte_array("b").tobytes()


def answer(data):
    """What the function of this input returns, as a pickle."""
    function, *arguments = cloudpickle.loads(data)
    return cloudpickle.dumps(function(*arguments))


def failure(error):
    """What Symphony takes for a task that has failed and is not to be tried again."""
    message = "%s: %s" % (type(error).__name__, error)
    # A fatal exception ends the task, a failure exception makes Symphony run it once more (see the profile). The same
    # function with the same arguments is taken to raise again.
    try:
        return soamapi.FatalException(message[:LONGEST_MESSAGE])
    except (AttributeError, TypeError):
        # That there is one, and that it takes a message, is inferred from the C++ library.
        return RuntimeError(message[:LONGEST_MESSAGE])


class ScalerService(soamapi.ServiceContainer):
    """Symphony calls on_invoke for one task after the other."""

    def on_create_service(self, service_context):
        pass

    def on_session_enter(self, session_context):
        pass

    def on_invoke(self, task_context):
        task = Bytes()
        task_context.populate_task_input(task)
        try:
            output = answer(task.data)
        except (Exception, SystemExit) as error:  # A task may raise or exit as it likes, and the service goes on.
            traceback.print_exc(file=sys.stderr)
            raise failure(error) from None
        task_context.set_task_output(Bytes(output))

    def on_session_leave(self):
        pass

    def on_destroy_service(self):
        pass


if __name__ == "__main__":
    ScalerService().run()
