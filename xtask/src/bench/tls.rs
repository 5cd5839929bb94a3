//! What encryption costs.

use std::{fs, path::Path, process::Command, thread, time::Duration};

use scaler_wm_tests::{
    Authority, Failure, Good, ManagerKind, ManagerOptions, Result, Stack, StackOptions, Transport, memory_of,
};

use super::{cases::median, report::Row};
use crate::shell;

/// Managers of which the memory is taken, and runs of the round trip.
const RUNS: usize = 5;
/// So long after its first heartbeat a manager is at rest.
const AT_REST: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Measured {
    plain: Side,
    secured: Side,
    with: u64,
    without: u64,
}

#[derive(Debug)]
struct Side {
    memory: f64,
    round_trip: f64,
}

pub(crate) fn measure() -> Result<Measured> {
    let size = |features: &[&str]| -> Result<u64> {
        let binary = shell::build_binary(&[&["--release"], features].concat())?;
        Ok(fs::metadata(&binary).map_err(|error| Failure::new("look at the binary", error))?.len())
    };
    let without = size(&["--no-default-features", "--features", "native"])?;
    let with = size(&["--no-default-features", "--features", "native,tls"])?;
    let binary = shell::build_binary(&["--release"])?;

    let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder for certificates", error))?;
    let made = |error| Failure::new("make certificates", error);
    let authority = Authority::new(folder.path(), "authority").map_err(made)?;
    let shown = authority.sign(folder.path(), "scheduler", &["127.0.0.1"], Good::Now).map_err(made)?;
    let plain = side(&binary, Transport::Tcp, None)?;
    let secured = side(&binary, Transport::Tls(shown.file, shown.key), Some(&authority.file))?;
    Ok(Measured { plain, secured, with, without })
}

fn side(binary: &Path, transport: Transport, authority: Option<&Path>) -> Result<Side> {
    let stack = Stack::start(StackOptions { transport, ..StackOptions::default() })?;
    let extra = authority.map(|file| vec!["--tls-ca".to_owned(), file.display().to_string()]).unwrap_or_default();
    let mut memory = Vec::new();
    for run in 0..RUNS {
        let manager = stack.connected_manager(&ManagerOptions {
            kind: ManagerKind::Ours,
            binary: Some(binary.to_owned()),
            id: format!("wm{run}"),
            extra: extra.clone(),
            ..ManagerOptions::default()
        })?;
        thread::sleep(AT_REST);
        memory.push(memory_of(manager.pid()).proportional as f64);
    }
    let mut trips = Vec::new();
    for _ in 0..RUNS {
        let mut command = shell::cargo();
        command.args(["run", "--quiet", "--release", "--package", "scaler-wm-wire", "--example", "round_trip", "--"]);
        command.arg(stack.address()).args(authority);
        trips.push(microseconds(&mut command)?);
    }
    eprintln!("{}: memory {memory:.0?}, round trips {trips:?} us", stack.address());
    Ok(Side { memory: median(memory), round_trip: median(trips) })
}

fn microseconds(command: &mut Command) -> Result<f64> {
    let text = shell::output_of("run round_trip", command)?;
    let found = text.lines().find_map(|line| line.strip_prefix("microseconds ")?.parse().ok());
    found.ok_or_else(|| Failure::new("read the round trip", text))
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files")]
pub(crate) fn rows(measured: &Measured) -> Vec<Row> {
    let Measured { plain, secured, with, without } = measured;
    let added = (secured.memory - plain.memory) / 1e6;
    let trips = secured.round_trip / plain.round_trip;
    vec![
        Row::alone("memory that TLS adds to a manager", added, "MB", "at most 2 MB", added <= 2.0),
        Row::alone("heartbeat round trip, plain", plain.round_trip, "us", "", true),
        Row::alone("heartbeat round trip, TLS", secured.round_trip, "us", "at most 2 times plain", trips <= 2.0),
        Row::alone("slim release binary", *without as f64 / 1e6, "MB", "", true),
        Row::alone("slim release binary with `tls`", *with as f64 / 1e6, "MB", "", true),
    ]
}
