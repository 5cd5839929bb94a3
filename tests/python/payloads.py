"""Pickles, looked at by Python itself: one JSON line for each request on standard input, bytes as hex.

A client (`make`) and a service (`open_payload`, `call`) are two processes, as they are in life: a service has nothing
of a client's classes but what has travelled. Runs in every Python from 3.6 on, with cloudpickle or without. The tests
are in tests/tests/agent/payload.
"""

import codecs
import faulthandler
import importlib.util
import io
import json
import os
import pickle
import pickletools
import resource
import sys
import types

try:
    import cloudpickle

    MISSING = None
except Exception as error:
    cloudpickle, MISSING = None, repr(error)


def dump_late(thing, protocol):
    """As someone pickles who has pickled much before, and remembers it."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol)
    pickler.dump([str(number) for number in range(300)])
    stream.seek(0)
    stream.truncate()
    pickler.dump(thing)
    return stream.getvalue()


class Made:
    """Pickled as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


LOADERS = {"pickle": pickle.loads, "pure Python": pickle._loads}
DUMPERS = {
    "pickle": pickle.dumps,
    "pure Python": pickle._dumps,
    "late": dump_late,
    "optimized": lambda value, protocol: pickletools.optimize(pickle.dumps(value, protocol)),
}
if cloudpickle is not None:
    LOADERS["cloudpickle"] = cloudpickle.loads
    DUMPERS["cloudpickle"] = cloudpickle.dumps
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
# Bytes of this length differ by their frames alone.
LARGE = 2**17
# So long a request may take: whoever hangs says where and ends.
SECONDS = 120
# A pickle that is broken can ask for any amount of memory.
MEMORY = 2**30


def qualified(kind):
    return kind.__module__ + "." + kind.__qualname__


def own_error(name):
    """What an error of the released package becomes here: itself, where that package is and has it."""
    try:
        return qualified(getattr(importlib.import_module("scaler.utility.exceptions"), name))
    except (ImportError, AttributeError):
        return "builtins.RuntimeError"


def hello():
    names = ["DeserializeObjectError", "TaskExceptionNotSerializableError"]
    return {
        "version": sys.version.split()[0],
        "prefix": os.path.realpath(sys.prefix),
        "protocol": pickle.HIGHEST_PROTOCOL,
        "cloudpickle": cloudpickle and [cloudpickle.__version__, os.path.dirname(cloudpickle.__file__)],
        "missing": MISSING,
        "tblib": importlib.util.find_spec("tblib") is not None,
        "errors": {name: own_error(name) for name in names},
    }


def make():
    import payload_cases

    return payload_cases.made()


class BrokenFinder:
    """Finds no package, and says so in a way that nobody expects."""

    def __init__(self, package):
        self.package = package

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == self.package:
            raise ValueError(name + " is broken")


def put(package, what):
    """Puts something else in the place of a package: one that is broken, or `tblib` as it was in release 1.3."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    if what == "broken":
        sys.meta_path.insert(0, BrokenFinder(package))
    else:
        old, support = types.ModuleType("tblib"), types.ModuleType("tblib.pickling_support")
        old.pickling_support, support.install = support, lambda: None
        sys.modules.update({"tblib": old, "tblib.pickling_support": support})


def function_of(loader, form, data):
    """The function in a payload, looked for as whoever runs it does, and what else is in there."""
    payload = LOADERS[loader](bytes.fromhex(data))
    if form == "tuple":
        assert type(payload) is tuple and len(payload) == 1, payload
        return payload[0], {}
    assert type(payload) is dict, payload
    return payload.pop("function"), payload


def open_payload(loader, form, data):
    """What a payload holds, without calling it."""
    function, others = function_of(loader, form, data)
    assert callable(function)
    held = {name: cell.cell_contents for name, cell in zip(function.__code__.co_freevars, function.__closure__)}
    parts = [held["serializer"], held["function"]] + list(held["arguments"])
    assert {type(part) for part in parts} == {bytes} and type(held["arguments"]) is tuple
    return {"parts": [part.hex() for part in parts], "others": others}


def call(loader, form, data, dumper, protocol):
    """What comes back when a payload has run, pickled by whoever ran it."""
    function, others = function_of(loader, form, data)
    returned = function(*others.get("arguments", []))
    assert type(returned) is bytes, returned
    return DUMPERS[dumper](returned, protocol).hex()


def value(data):
    return repr(cloudpickle.loads(bytes.fromhex(data)))


def describe(loader, data):
    """An exception, out of its pickle."""
    error = LOADERS[loader](bytes.fromhex(data))
    assert isinstance(error, BaseException), error
    frames, traceback = [], error.__traceback__
    while traceback is not None:
        # Comprehensions are functions of their own before Python 3.12.
        name = traceback.tb_frame.f_code.co_name
        frames += [] if name.startswith("<") else [name]
        traceback = traceback.tb_next
    arguments = [argument if isinstance(argument, str) else repr(argument) for argument in error.args]
    return {"type": qualified(type(error)), "arguments": arguments, "frames": frames}


def pickles(thing, protocols):
    """All pickles of a thing, with those who make them so."""
    made = {}
    for protocol in protocols:
        for name, dumps in DUMPERS.items():
            if name != "optimized" or type(thing) is not bytes or len(thing) < LARGE:
                made.setdefault(dumps(thing, protocol), []).append("%s %d" % (name, protocol))
    return [[", ".join(names), data.hex()] for data, names in made.items()]


def dump(data):
    return pickles(bytes.fromhex(data), PROTOCOLS[2:])


def things():
    """Pickles of all that is no bytes, and of bytes in forms that nobody uses any more."""
    tagged = b"\0a"
    others = ["\0a", "", bytearray(tagged), bytearray(), [tagged], [], (tagged,), (tagged, tagged), ()]
    others += [{tagged: tagged}, {tagged}, frozenset([tagged])]
    others += [0, 1, 255, 2**15, 2**31, -1, 2**70, 2**3000, 0.5, 1j, None, True, False]
    others += [bytes, len, memoryview, ValueError("a"), slice(1), range(3), object(), Ellipsis]
    # Calls that look like that which bytes are under protocol 2.
    others += [Made(codecs.encode, "\0\u00fc", "utf8"), Made(codecs.utf_8_encode, "\0a", "latin1"), Made(bytes, 1)]
    others += [Made(codecs.encode, "\0\u0100", "latin1"), Made(codecs.encode, "\0a"), Made(bytearray), Made(list)]
    found = [[repr(thing) + ": " + names, data] for thing in others for names, data in pickles(thing, PROTOCOLS)]
    return found + [["bytes: " + names, data] for names, data in pickles(tagged, PROTOCOLS[:2])]


def loads(data):
    """What each pickle is: bytes, or nothing that has a pickle."""
    found = []
    for each in data:
        try:
            loaded = pickle.loads(bytes.fromhex(each))
            found.append(loaded.hex() if type(loaded) is bytes else repr(loaded))
        except Exception:
            found.append(None)
    return found


ANSWERS = [hello, make, put, open_payload, call, value, describe, dump, things, loads]

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answers = {answer.__name__: answer for answer in ANSWERS}
    for line in sys.stdin:
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        request = json.loads(line)
        print(json.dumps(answers[request.pop("do")](**request)), flush=True)
