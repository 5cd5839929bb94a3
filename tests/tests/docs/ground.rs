//! A machine of a reader's own: folders, programs, files that a document takes for granted.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use scaler_wm_tests::{
    Authority, Failure, Good, LATEST, Result, Venv, manager_binary, python_scripts, symphony_library,
};

/// By which everything that a reader starts is found again; the harness has the same.
const MARKER: &str = "SCALER_WM_TEST_STACK";

/// Programs that `stand_ins.py` stands in for.
const STAND_INS: [&str; 10] =
    ["cargo", "pip", "venv", "sudo", "systemctl", "podman", "docker", "make", "curl", "shutdown"];

/// Folders of the repository that commands name.
const LINKS: [&str; 2] = ["packaging", "proto"];

/// Makes all of it below `root`, and gives the environment of a shell in its folder `work`.
pub(crate) fn prepare(root: &Path, repository: &Path, marker: &str) -> Result<BTreeMap<String, String>> {
    let venv = Venv::with_grpc(LATEST, &|line| eprintln!("{line}"))?;
    let failed = |error: io::Error| Failure::new("make a reader's folders", error);
    for folder in [
        "bin",
        "home",
        "work/target",
        "tmp",
        "opt/scaler",
        "etc/scaler-wm",
        "run/user/1000",
        "var/lib",
        "usr",
        "soam/conf",
    ] {
        fs::create_dir_all(root.join(folder)).map_err(failed)?;
    }
    let environment = environment(root, repository, marker, &venv)?;
    programs(root, &venv).map_err(failed)?;
    for name in LINKS {
        symlink(repository.join(name), root.join("work").join(name)).map_err(failed)?;
    }
    crates(root, repository).map_err(failed)?;
    files(root)?;
    let mut command = Command::new(root.join("stand-ins/venv"));
    let status = command.arg(root.join("venv")).env_clear().envs(&environment).status();
    match status {
        Ok(status) if status.success() => Ok(environment),
        other => Err(Failure::new("make a reader's environment", format!("{other:?}"))),
    }
}

/// What a build of the simulator of Symphony makes, and what `make` has in the place of the shim.
pub(crate) fn plant_symphony(root: &Path) -> Result<()> {
    let failed = |error: io::Error| Failure::new("plant the library of Symphony", error);
    let library = symphony_library()?;
    let built = root.join("work/target/debug");
    fs::create_dir_all(&built).map_err(failed)?;
    for place in [built.join("libscaler_wm_symphony_sim.so"), root.join("simulator.so")] {
        if !place.exists() {
            symlink(&library, place).map_err(failed)?;
        }
    }
    Ok(())
}

fn environment(root: &Path, repository: &Path, marker: &str, venv: &Venv) -> Result<BTreeMap<String, String>> {
    let below = |name: &str| root.join(name).display().to_string();
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let path = [&*below("stand-ins"), &below("bin"), &below("venv/bin"), "/usr/bin", "/bin"].join(":");
    let mut pairs = vec![
        ("PATH", path),
        ("HOME", below("home")),
        ("TMPDIR", below("tmp")),
        ("LANG", "C.UTF-8".to_owned()),
        ("TERM", "xterm".to_owned()),
        ("PYTHONUNBUFFERED", "1".to_owned()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        (MARKER, marker.to_owned()),
        ("SCALER_WM_DOCS_REPOSITORY", repository.display().to_string()),
        ("SCALER_WM_DOCS_READER", below("work")),
        ("SCALER_WM_DOCS_CARGO", cargo),
        ("SCALER_WM_DOCS_PYTHON", venv.folder().display().to_string()),
        ("SCALER_WM_DOCS_SYMPHONY", below("simulator.so")),
        ("SOAM_HOME", below("soam")),
        ("SCALER_SOAM_SIM_DIR", below("tmp/symphony")),
        ("SCALER_SOAM_SIM_PYTHON", venv.python().display().to_string()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        // Without a cloud there is nobody to call.
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9".to_owned()),
    ];
    // Where cargo finds what it has fetched.
    for name in ["CARGO_HOME", "RUSTUP_HOME"] {
        let usual = env::var("HOME").map(|home| format!("{home}/.{}", name[..name.len() - 5].to_lowercase()));
        pairs.extend(env::var(name).or(usual).map(|value| (name, value)));
    }
    Ok(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The binary, and programs that stand in for others.
fn programs(root: &Path, venv: &Venv) -> io::Result<()> {
    let binary = manager_binary().map_err(io::Error::other)?;
    symlink(binary, root.join("bin/scaler-wm"))?;
    let script = python_scripts().join("stand_ins.py");
    let stand_in = |name: &str| format!("exec {} {} {name} \"$@\"\n", venv.python().display(), script.display());
    let write = |name: &str, text: String| {
        let file = root.join("stand-ins").join(name);
        fs::write(&file, format!("#!/bin/sh\n{text}"))?;
        fs::set_permissions(file, fs::Permissions::from_mode(0o755))
    };
    fs::create_dir_all(root.join("stand-ins"))?;
    for name in STAND_INS {
        write(name, stand_in(name))?;
    }
    Ok(())
}

/// The crates, with a shim that can be built without a trace in the repository.
fn crates(root: &Path, repository: &Path) -> io::Result<()> {
    let (from, to) = (repository.join("crates"), root.join("work/crates"));
    let link_all = |from: &Path, to: &Path, but: &str| -> io::Result<()> {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            if name != but {
                symlink(from.join(&name), to.join(&name))?;
            }
        }
        Ok(())
    };
    const SYMPHONY: &str = "scaler-wm-symphony";
    link_all(&from, &to, SYMPHONY)?;
    link_all(&from.join(SYMPHONY), &to.join(SYMPHONY), "shim")?;
    link_all(&from.join(SYMPHONY).join("shim"), &to.join(SYMPHONY).join("shim"), "build")
}

/// What documents take for granted: certificates, secrets, what an SDK sets.
fn files(root: &Path) -> Result<()> {
    let work = root.join("work");
    let failed = |error: rcgen::Error| Failure::new("make certificates", error);
    let authority = Authority::new(&work, "ca").map_err(failed)?;
    authority.sign(&work, "control", &["localhost", "127.0.0.1"], Good::Now).map_err(failed)?;
    let files: [(PathBuf, &str); 4] = [
        (work.join("control.token"), "0123456789abcdef0123456789abcdef\n"),
        (work.join("requirements.txt"), "opengris-scaler==2.9.0\n"),
        (root.join("etc/scaler-wm/symphony.password"), "a password\n"),
        (root.join("soam/conf/profile.soam"), "export SOAM_VERSION=7.3.2 BINARY_TYPE=linux-x86_64\n"),
    ];
    for (file, text) in files {
        let written =
            fs::write(&file, text).and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o600)));
        written.map_err(|error| Failure::new(format!("write {}", file.display()), error))?;
    }
    Ok(())
}
