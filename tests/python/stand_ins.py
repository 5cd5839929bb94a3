"""Stands in for programs that the documents tell a reader to run and that no test may run: what would build for minutes,
ask the network, or change the machine. Each looks at its arguments as closely as it can, and fails for whatever it does not
know. Called as `stand_ins.py NAME ARGUMENT...`."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(os.environ["SCALER_WM_DOCS_REPOSITORY"])
READER = Path(os.environ["SCALER_WM_DOCS_READER"])
CARGO = os.environ["SCALER_WM_DOCS_CARGO"]
PYTHON = Path(os.environ["SCALER_WM_DOCS_PYTHON"])
VERSION = "0.1.0"


def refuse(what):
    sys.exit(f"{NAME}: {what}")


def options(arguments, valued, plain=()):
    """Splits arguments into flags with a value, flags without one, and the rest; no other flag is let through."""
    found, rest = {}, []
    arguments = list(arguments)
    while arguments:
        word = arguments.pop(0)
        if word == "--":
            return found, rest, arguments
        if word in valued:
            if not arguments:
                refuse(f"{word} has no value")
            found.setdefault(word, []).append(arguments.pop(0))
        elif word in plain:
            found[word] = True
        elif word.startswith("-"):
            refuse(f"the stand-in knows no flag {word}")
        else:
            rest.append(word)
    return found, rest, []


# --- cargo


def packages():
    command = [CARGO, "metadata", "--no-deps", "--offline", "--format-version", "1"]
    told = subprocess.run([*command, "--manifest-path", ROOT / "Cargo.toml"], capture_output=True, check=True)
    return {package["name"]: package for package in json.loads(told.stdout)["packages"]}


def package_named(name):
    return packages().get(name) or refuse(f"the workspace has no package {name}")


def has_features(package, named):
    for feature in filter(None, re.split("[, ]", ",".join(named))):
        if feature not in package["features"]:
            refuse(f"{package['name']} has no feature {feature}")


def has_target(package, kind, name):
    if not any(kind in target["kind"] and target["name"] == name for target in package["targets"]):
        refuse(f"{package['name']} has no {kind} {name}")


def cargo(task, *arguments):
    valued = ["--path", "--features", "-p", "--package", "--example"]
    plain = ["--no-default-features", "--locked", "--release"]
    if task == "xtask":
        return xtask(list(arguments))
    flags, rest, handed_on = options(arguments, valued, plain)
    if task == "install":
        if path := flags.get("--path"):
            manifest = (Path(path[0]) / "Cargo.toml").resolve()
            package = next((one for one in packages().values() if Path(one["manifest_path"]) == manifest), None)
            package = package or refuse(f"there is no package at {path[0]}")
        else:
            package = package_named(*rest)
            rest = []
        if not any("bin" in target["kind"] for target in package["targets"]):
            refuse(f"{package['name']} has no program to install")
    elif task in ("run", "build"):
        package = package_named((flags.get("-p") or flags.get("--package") or refuse("no package is named"))[0])
        for example in flags.get("--example", []):
            has_target(package, "example", example)
        if handed_on and task == "build":
            refuse("a build hands nothing on")
    else:
        refuse(f"the stand-in knows no task {task}")
    if rest:
        refuse(f"what is {rest}?")
    has_features(package, flags.get("--features", []))


def xtask(words):
    """The tasks are those of `cargo xtask help`, as they are declared."""
    declared = re.findall(r'call: "([^"]+)"', (ROOT / "xtask/src/tasks.rs").read_text())
    for call in declared:
        fixed = call.split(" [")[0].split()
        if words == fixed or ("[" in call and words[: len(fixed)] == fixed):
            break
    else:
        refuse(f"`cargo xtask help` has no {' '.join(words)}")
    if words[0] == "dist":
        has_features(package_named("scaler-wm"), words[1:])
        dist()


def dist():
    """Packages with nothing in them, under the names and in the form that real ones have."""
    name = f"scaler-wm-{VERSION}-x86_64-unknown-linux-musl"
    folder = READER / "target/packages"
    tree = folder / "made" / name
    for file in ["bin/scaler-wm", "share/man/man1/scaler-wm.1"]:
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        (tree / file).write_text("")
    shutil.copytree(ROOT / "packaging/systemd", tree / "lib/systemd/system", dirs_exist_ok=True)
    with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as archive:
        archive.add(tree, name)
    (folder / f"scaler_wm-{VERSION}-py3-none-manylinux_2_17_x86_64.whl").write_text("")


# --- Python


def pip(task, *names):
    if task != "install" or not names:
        refuse("the stand-in installs, and nothing else")
    for name in names:
        if name.endswith(".whl"):
            if not Path(name).is_file() or not Path(name).name.startswith("scaler_wm-"):
                refuse(f"{name} is no wheel of ours that is there")
            continue
        known, _, release = name.partition("==")
        try:
            there = importlib.metadata.version(known)
        except importlib.metadata.PackageNotFoundError:
            refuse(f"{known} is nothing that the tests' environments have")
        if release not in ("", there):
            refuse(f"{known} is {there} in the tests' environment, and not {release}")


def venv(folder):
    """An environment with all that a reader installs, made of links to one that is there."""
    folder = Path(folder).absolute()
    (folder / "bin").mkdir(parents=True)
    shutil.copy(PYTHON / "pyvenv.cfg", folder)
    (folder / "lib").symlink_to(PYTHON / "lib")
    for program in (PYTHON / "bin").iterdir():
        if not program.name.startswith(("pip", "activate", "Activate")):
            (folder / "bin" / program.name).symlink_to(program)
    (folder / "bin/pip").symlink_to(READER.parent / "stand-ins/pip")
    (folder / "bin/activate").write_text(
        f'export VIRTUAL_ENV="{folder}"\nexport PATH="$VIRTUAL_ENV/bin:$PATH"\n'
    )


# --- the machine


def sudo(*command):
    os.execvp(command[0], command)


def systemctl(*arguments):
    flags, (task, *units), _ = options(arguments, [], ["--now"])
    known = {"daemon-reload": 0, "enable": 1, "restart": 1, "status": 1}
    if known.get(task) != len(units) or (flags and task != "enable"):
        refuse(f"the stand-in knows no {' '.join(arguments)}")
    for unit in units:
        name, _, instance = unit.removesuffix(".service").partition("@")
        file = f"{name}@.service" if instance else f"{name}.service"
        if not (READER.parent / "usr/lib/systemd/system" / file).is_file():
            refuse(f"nothing that was unpacked is the unit {file}")
        enabled = READER.parent / f"enabled-{unit}"
        if task == "enable":
            enabled.touch()
        elif not enabled.is_file():
            refuse(f"{unit} was never enabled")


def podman(task, *arguments):
    built = READER.parent / "images"
    if task == "build":
        flags, rest, _ = options(arguments, ["--format", "-f", "-t", "--target"])
        stages = re.findall(r"^FROM .* AS (\S+)$", Path(flags["-f"][0]).read_text(), re.MULTILINE)
        if flags["--format"] != ["docker"] or rest != ["."]:
            refuse("an image is built from the folder of the repository, with its health check")
        for target in flags.get("--target", []):
            if target not in stages:
                refuse(f"{flags['-f'][0]} has no stage {target}")
        built.mkdir(exist_ok=True)
        (built / flags["-t"][0]).touch()
        return
    if task != "run":
        refuse(f"the stand-in knows no task {task}")
    flags, rest = {}, list(arguments)
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        if flag == "-v":
            flags.setdefault(flag, []).append(rest.pop(0))
        elif flag != "--rm":
            refuse(f"the stand-in knows no flag {flag}")
    image, *command = rest
    if not (built / image).is_file():
        refuse(f"nobody has built {image}")
    mounted = {}
    for volume in flags.get("-v", []):
        source, target, *_ = volume.split(":")
        mounted[target] = source
        if source.startswith((".", "/")) and not Path(source).exists():
            refuse(f"{source} is not there")
    # What would run is shown instead, with the files where they are outside.
    command = [mounted.get(word, word) for word in command]
    subprocess.run(["scaler-wm", "config", "show", *command], check=True, stdout=subprocess.DEVNULL)


def docker(task, *arguments):
    """`aws_hpc build-image` calls it: it looks whether the folder has what an image is made of."""
    if task == "login":
        sys.stdin.read()
    elif task == "build":
        if not {"Containerfile", "job_runner.py"} <= set(os.listdir(arguments[-1])):
            refuse("the folder has no job runner")
    elif task not in ("push", "version"):
        refuse(f"the stand-in knows no task {task}")


def make(*arguments):
    flags, targets, _ = options(arguments, ["-C"])
    subprocess.run(["/usr/bin/make", "-n", *arguments], check=True, stdout=subprocess.DEVNULL)
    made = Path(flags["-C"][0]) / "build/sdk/libscaler_soam.so"
    if targets or not str(made).startswith("crates/scaler-wm-symphony/shim"):
        refuse("it makes the shim, and nothing else")
    # The SDK is IBM's; the simulator has the same border.
    made.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(os.environ["SCALER_WM_DOCS_SYMPHONY"], made)


def curl(*arguments):
    """What asks the metadata of an instance, in a script for one."""
    if not any(word.startswith("http://169.254.169.254/latest/") for word in arguments):
        os.execv("/usr/bin/curl", ["curl", *arguments])
    print("i-0123456789abcdef0")


def shutdown(*arguments):
    if arguments != ("-h", "now"):
        refuse("it ends the instance at once, or not at all")


NAME = sys.argv[1]
STAND_INS = {f.__name__: f for f in [cargo, pip, venv, sudo, systemctl, podman, docker, make, curl, shutdown]}
STAND_INS[NAME](*sys.argv[2:])
