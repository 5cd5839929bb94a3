//! What each set of cargo features costs: to build, to keep on a disk, and to run.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use scaler_wm_tests::{
    Backend, BatchEmulator, CloudStack, CloudStackOptions, Ec2Emulator, Emulation, Emulator, Failure, ManagerKind,
    ManagerOptions, Plugin, Result, Stack, StackOptions, Symphony, memory_of,
};

use super::{
    cases::median,
    machine,
    record::{self, Record},
    sheet::Sheet,
};
use crate::{dist::megabytes, features::crates_of, shell};

/// Each backend by itself, then what people install.
const SETS: [&str; 8] = ["native", "symphony", "external", "ecs", "ec2", "batch", "default", "default,aws"];

/// Managers of each set that are measured.
const RUNS: usize = 3;
/// So long after its first heartbeat a manager is at rest.
const AT_REST: Duration = Duration::from_secs(5);
/// What the kernel counts processor time in, a second.
const TICKS: f64 = 100.0;

pub(super) fn measure() -> Result<Sheet> {
    // The first set is not to wait for what the network brings.
    shell::run("fetch the crates", shell::cargo().args(["fetch", "--locked"]))?;
    let mut sheet = Sheet::default();
    for set in SETS {
        sheet.append(known(set).map_or_else(|| measure_set(set), Ok)?);
    }
    // They were for a run that is interrupted. The next one measures anew.
    SETS.iter().for_each(|set| drop(fs::remove_file(record::file(&part(set)))));
    Ok(sheet)
}

fn measure_set(set: &str) -> Result<Sheet> {
    let began = Instant::now();
    let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder", error))?;
    let made = build(set, folder.path())?;
    let mut sheet = Sheet::default();
    let mut row = |what: &str, figure: f64, unit| {
        eprintln!("{set}: {what} {figure:.3} {unit}");
        sheet.alone(format!("{set}: {what}"), figure, unit, ("", true));
    };
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    row("crates", crates_of(set)?.len() as f64, "");
    row("build from nothing", made.wall, "s");
    row("processor time of that", made.cpu, "s");
    row("binary", megabytes(&made.binary)?, "MB");
    row("resident memory of a manager at rest", at_rest(set, &made.binary)?, "MB");
    Record::new(&part(set), began.elapsed(), &sheet)?.write()?;
    Ok(sheet)
}

/// The name of what is on record of one set.
fn part(set: &str) -> String {
    format!("features-{set}")
}

/// What a run that was interrupted has found of a set, at this very commit: all of them take more than an hour.
fn known(set: &str) -> Option<Sheet> {
    let known = Record::read(&part(set)).filter(|known| known.is_of(&machine::commit()))?;
    eprintln!("{set}: measured before the interruption, {}", known.at);
    Some(known.rows.into())
}

struct Made {
    binary: PathBuf,
    wall: f64,
    cpu: f64,
}

/// As a user installs it, with nothing that was built before.
fn build(set: &str, folder: &Path) -> Result<Made> {
    eprintln!("building {set}");
    let (began, before) = (Instant::now(), children_cpu_time()?);
    let mut command = shell::cargo();
    command.args(["install", "--quiet", "--locked", "--path", "crates/scaler-wm", "--no-track"]);
    command.args(["--no-default-features", "--features", set]);
    command.arg("--root").arg(folder).arg("--target-dir").arg(folder.join("target"));
    shell::run(&format!("build {set}"), &mut command)?;
    let (wall, cpu) = (began.elapsed().as_secs_f64(), children_cpu_time()? - before);
    let failed = |error| Failure::new("empty the target directory", error);
    fs::remove_dir_all(folder.join("target")).map_err(failed)?;
    Ok(Made { binary: folder.join("bin/scaler-wm"), wall, cpu })
}

/// Processor time, in seconds, of all processes that this one has waited for.
fn children_cpu_time() -> Result<f64> {
    let failed = |detail: String| Failure::new("read /proc/self/stat", detail);
    let text = fs::read_to_string("/proc/self/stat").map_err(|error| failed(error.to_string()))?;
    // After the name, which may have anything in it, come state and 10 other fields, then user and system time of this
    // process, then those of its children.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = fields.get(13..15).unwrap_or_default().iter().filter_map(|field| field.parse::<f64>().ok());
    Ok(ticks.sum::<f64>() / TICKS)
}

/// Resident memory, in MB, of a manager that has nothing to do: of the set's own kind, else a local one.
fn at_rest(set: &str, binary: &Path) -> Result<f64> {
    match set {
        "ecs" => in_cloud::<Emulator>(binary),
        "ec2" => in_cloud::<Ec2Emulator>(binary),
        "batch" => in_cloud::<BatchEmulator>(binary),
        "symphony" => here(binary, |stack| Ok(Symphony::new(stack)?.backend())),
        "external" => {
            let stack = Stack::start(StackOptions::default())?;
            let plugin = Plugin::start(&stack)?;
            resident(&stack, binary, &plugin.backend())
        }
        _ => here(binary, |_| Ok(Backend::Native)),
    }
}

fn here(binary: &Path, backend: impl FnOnce(&Stack) -> Result<Backend>) -> Result<f64> {
    let stack = Stack::start(StackOptions::default())?;
    let backend = backend(&stack)?;
    resident(&stack, binary, &backend)
}

fn in_cloud<E: Emulation>(binary: &Path) -> Result<f64>
where
    E::Options: Default,
{
    let cloud = CloudStack::<E>::start(CloudStackOptions::default())?;
    resident(&cloud.stack, binary, &E::backend(cloud.cloud.proxy.endpoint()))
}

fn resident(stack: &Stack, binary: &Path, backend: &Backend) -> Result<f64> {
    let mut found = Vec::new();
    for run in 0..RUNS {
        let manager = stack.connected_manager(&ManagerOptions {
            kind: ManagerKind::Ours,
            backend: backend.clone(),
            binary: Some(binary.to_owned()),
            id: format!("rest{run}"),
            log_name: format!("rest{run}"),
            ..ManagerOptions::default()
        })?;
        thread::sleep(AT_REST);
        #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
        found.push(memory_of(manager.pid()).resident as f64 / 1e6);
    }
    Ok(median(found))
}
