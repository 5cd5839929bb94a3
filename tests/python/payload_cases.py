"""What a client makes for the tests of payloads: serializers, functions and arguments, and what is to come of them.

Everything stands inside of functions, so that cloudpickle takes it by value: nobody who reads it has it by its name.
"""

import pickle

import cloudpickle


def plain():
    """A serializer of bytes, and of functions by their names: whoever writes inputs for it knows what comes back."""

    def join(*values):
        return b"".join(len(value).to_bytes(4, "little") + value for value in values)

    def fail(name, text):
        import builtins

        raise getattr(builtins, name.decode())(text.decode())

    def lock(text):
        import threading

        error = ValueError(text.decode())
        error.held = threading.Lock()
        raise error

    def local(text):
        class Local(Exception):
            pass

        raise Local(text.decode())

    def mute():
        class Mute(Exception):
            def __str__(self):
                raise ValueError("it has no text")

        raise Mute()

    functions = {function.__name__: function for function in [join, fail, lock, local, mute, object]}

    class Plain:
        @staticmethod
        def serialize(value):
            return b"r" + value

        @staticmethod
        def deserialize(data):
            kind, rest = data[:1], data[1:]
            if kind == b"v":
                return rest
            if kind == b"f":
                return functions[rest.decode()]
            raise ValueError("no value: " + rest.decode())

    return Plain


def by_value():
    """What the released package's own serializer does, by a class of ours."""

    class Codec:
        def __init__(self, protocol):
            self.protocol = protocol

        def serialize(self, value):
            return cloudpickle.dumps(value, self.protocol)

        def deserialize(self, data):
            return cloudpickle.loads(data)

    return Codec(pickle.HIGHEST_PROTOCOL)


def serializers():
    found = {"by value": by_value()}
    try:
        from scaler.client.serializer.default import DefaultSerializer

        found["released"] = DefaultSerializer()
    except ImportError:
        pass
    return found


def calls():
    """Functions, arguments, and what comes of them: `returned` and its repr, or `raised`, its type and arguments."""
    base = 10

    class Point:
        def __init__(self, x):
            self.x = x

    class Local(Exception):
        pass

    def factorial(number):
        return number * factorial(number - 1) if number else 1

    def fail(error):
        raise error

    def fail_locked():
        import threading

        error = OSError(2, "gone")
        error.held = threading.Lock()
        raise error

    def chained():
        try:
            raise KeyError("first")
        except KeyError as error:
            raise LookupError("second") from error

    def lock():
        import threading

        return threading.Lock()

    def generate():
        yield 1

    strange = "\u00fc'\n\U0001f40d"
    broken = b"\xffno pickle"
    return [
        (lambda *values: base + sum(values), [1, 2, 3], "returned", "16", None),
        (lambda *values: len(values), list(range(300)), "returned", "300", None),
        (factorial, [20], "returned", "2432902008176640000", None),
        (lambda point: point.x, [Point(5)], "returned", "5", None),
        (lambda: None, [], "returned", "None", None),
        (lambda text: [text], [strange], "returned", repr([strange]), None),
        (lambda: ValueError, [], "returned", "<class 'ValueError'>", None),
        (len, [b"x" * 2**20], "returned", "1048576", None),
        (lambda: 1 / 0, [], "raised", "builtins.ZeroDivisionError", ["division by zero"]),
        (fail, [ValueError("bad", 3)], "raised", "builtins.ValueError", ["bad", "3"]),
        (fail, [KeyError("k")], "raised", "builtins.KeyError", ["k"]),
        (fail, [OSError(2, "gone")], "raised", "builtins.FileNotFoundError", ["2", "gone"]),
        (lambda: b"\xff".decode(), [], "raised", "builtins.UnicodeDecodeError", None),
        (lambda: missing, [], "raised", "builtins.NameError", ["name 'missing' is not defined"]),  # noqa: F821
        (lambda one: one, [], "raised", "builtins.TypeError", None),
        (3, [], "raised", "builtins.TypeError", ["'int' object is not callable"]),
        (chained, [], "raised", "builtins.LookupError", ["second"]),
        (fail, [Local("by value")], "raised", "TaskExceptionNotSerializableError", ["Local: by value"]),
        (fail_locked, [], "raised", "TaskExceptionNotSerializableError", ["FileNotFoundError: [Errno 2] gone"]),
        (lock, [], "raised", "builtins.TypeError", None),
        (generate, [], "raised", "builtins.TypeError", None),
        (broken, [], "raised", "DeserializeObjectError", None),
        (len, [broken], "raised", "DeserializeObjectError", None),
    ], broken


def made():
    listed, broken = calls()
    codec = by_value()

    def serialized(thing):
        return (thing if thing is broken else codec.serialize(thing)).hex()

    def carried(thing):
        return cloudpickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL).hex()

    names = ["function", "arguments", "outcome", "what", "texts"]
    cases = [(serialized(call), [serialized(each) for each in arguments], *rest) for call, arguments, *rest in listed]
    return {
        "plain": carried(plain()),
        "serializers": {name: carried(each) for name, each in serializers().items()},
        "calls": [dict(zip(names, case)) for case in cases],
    }
