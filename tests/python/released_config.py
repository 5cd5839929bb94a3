"""What the released commands would run with, told without starting anything.

Standard input is JSON lines. A case is {"id", "type", "argv", "toml", "env"} for `scaler_worker_manager TYPE argv…` (the
file is written and its name put where argv has {file}) or {"id", "file"} for `scaler FILE`; the answer is {"id",
"values"} or {"id", "refused"}. {"id", "describe": true} gives the options of every type and section. Everything is taken
from the installed package: its own main functions run, and are stopped as soon as the configuration is made.
"""

import argparse
import contextlib
import dataclasses
import enum
import io
import json
import math
import os
import sys
import tempfile
import typing

import scaler.entry_points.scaler as all_in_one
import scaler.entry_points.worker_manager as one_manager
from scaler.config.config_class import ConfigClass
from scaler.config.mixins import ConfigType
from scaler.config.type_utils import is_config_class
from scaler.config.types.worker import WorkerCapabilities

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


class Made(BaseException):
    """Carries a configuration out of a main function that would go on and run it."""

    def __init__(self, config):
        super().__init__()
        self.config = config


class Broken(BaseException):
    """This script no longer fits the package: never to be taken for a refusal."""


def long_name(field):
    return field.metadata.get("long", "--" + field.name.replace("_", "-"))


def fields(cls, group=None):
    """Every option of a configuration class: (group, field), those of the classes inside it included."""
    for field in dataclasses.fields(cls):
        if is_config_class(field.type):
            yield from fields(field.type, field.name)
        else:
            yield group, field


def values(config):
    found = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, ConfigClass):
            found.update(values(value))
            continue
        if value is not None and field.metadata.get("env_var") in CREDENTIALS:
            value = "(hidden)"
        found[long_name(field).lstrip("-").replace("-", "_")] = plain(value)
    return found


def plain(value):
    if isinstance(value, WorkerCapabilities):
        items = sorted(value.capabilities.items())
        return ",".join(name if count == -1 else f"{name}={count}" for name, count in items)
    if isinstance(value, ConfigType):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.name.lower()
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def manager(config):
    """A manager's values, with what the package fills in only when it uses them."""
    found = values(config)
    addresses = config.worker_manager_config
    found["worker_scheduler_address"] = str(addresses.effective_worker_scheduler_address)
    if "worker_type" in found and found["worker_type"] is None:
        found["worker_type"] = "FIX" if found["mode"] == "fixed" else "NAT"
    return {"type": config._tag, **found}


def run_one(case):
    sys.argv = ["scaler_worker_manager", case["type"], *case["argv"]]
    parse = ConfigClass.__dict__["parse_with_section"].__func__

    def stop(cls, *args, **kwargs):
        raise Made(parse(cls, *args, **kwargs))

    ConfigClass.parse_with_section = classmethod(stop)
    try:
        one_manager.main()
    except Made as made:
        return made.config
    finally:
        ConfigClass.parse_with_section = classmethod(parse)
    raise Broken("the main function ended by itself")


def run_all(path):
    """Its main function checks the configuration once more before it touches signals: it is stopped there."""
    sys.argv = ["scaler", path]
    made = []
    parse, signal = ConfigClass.__dict__["parse"].__func__, all_in_one.signal

    class Stop:
        def __getattr__(self, name):
            raise Made(made[0])

    def keep(cls, *args, **kwargs):
        made.append(parse(cls, *args, **kwargs))
        return made[0]

    ConfigClass.parse, all_in_one.signal = classmethod(keep), Stop()
    try:
        all_in_one.main()
    except Made as stopped:
        return stopped.config
    finally:
        ConfigClass.parse, all_in_one.signal = classmethod(parse), signal
    raise Broken("the main function ended by itself")


def sections(config):
    found = {}
    for field in dataclasses.fields(config):
        section, value = field.metadata.get("section"), getattr(config, field.name)
        if section is None or value is None or value == []:
            continue
        told = manager if "discriminator" in field.metadata else values
        found[section] = [told(item) for item in value] if isinstance(value, list) else told(value)
    return found


def describe():
    described = {tag: options(cls) for tag, cls in one_manager._TYPE_MAP.items()}
    for field in dataclasses.fields(all_in_one.ScalerAllConfig):
        if "section" in field.metadata and "discriminator" not in field.metadata:
            described[field.metadata["section"]] = options(typing.get_args(field.type)[0])
    return described


def options(cls):
    """The options of a class with all their flags: its parser may know other names of some."""
    found = []
    parser = argparse.ArgumentParser(add_help=False)
    cls.configure_parser(parser)
    for group, field in fields(cls):
        flags = [flag for action in parser._actions if action.dest == field.name for flag in action.option_strings]
        found.append({"key": long_name(field).lstrip("-").replace("-", "_"), "group": group, "flags": flags})
    return found


def answer(case):
    if case.get("describe"):
        return {"values": describe()}
    for name in CREDENTIALS:
        os.environ.pop(name, None)
    os.environ.update(case.get("env") or {})
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "config.toml")
        text = case.get("toml", case.get("file"))
        if text is not None:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        try:
            with contextlib.redirect_stderr(said):
                if "file" in case:
                    config, told = run_all(path), sections
                else:
                    argv = [word.replace("{file}", path) for word in case["argv"]]
                    config, told = run_one({**case, "argv": argv}), manager
        except SystemExit as end:
            return {"refused": (said.getvalue().strip().splitlines() or [f"exit {end.code}"])[-1]}
        except Exception as error:
            return {"refused": f"{type(error).__name__}: {error}"}
    return {"values": told(config)}


def main():
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps({"id": case["id"], **answer(case)}), file=out, flush=True)


if __name__ == "__main__":
    main()
