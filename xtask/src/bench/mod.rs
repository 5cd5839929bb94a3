//! `cargo xtask bench`: scaler-wm beside the released Python package, in one run on one machine.

mod agent;
mod batch;
mod cases;
mod cloud;
mod control;
mod ec2;
mod ecs;
mod entry;
mod features;
mod flood;
mod policy;
mod report;
mod sheet;
mod sim;
mod small;
mod surfaces;
mod surfaces_top;
mod symphony;
mod tls;

use std::{env, fs, path::Path};

use scaler_wm_tests::{Failure, LATEST, ManagerKind, Result, Venv, manager_binary};

use crate::{shell, terminal};
use cases::Case;
use sheet::Sheet;

/// `bench entry`: how quick the command line is, and how long a full stack takes until everything is up.
pub(crate) fn entry() -> Result<()> {
    terminal::clean_up_on_signals()?;
    Venv::ensure(LATEST, &say)?;
    eprintln!("building");
    let binary = shell::build_binary(&["--release"])?;
    publish("entry", &entry::rows(&entry::measure(&binary)?))
}

/// `bench policy`: what decisions and allocations cost.
pub(crate) fn policy() -> Result<()> {
    terminal::clean_up_on_signals()?;
    publish("policy", &policy::rows(&policy::measure()?))
}

/// `bench sim`: how quick a simulation is, and a policy of ours beside the scheduler's own.
pub(crate) fn sim() -> Result<()> {
    terminal::clean_up_on_signals()?;
    Venv::ensure(LATEST, &say)?;
    eprintln!("building");
    let binary = shell::build_binary(&["--release"])?;
    publish("sim", &sim::rows(&sim::measure(&binary)?))
}

/// `bench ecs`: many tasks of ECS at once, and a thousand that are found again. Fails when a target is missed.
pub(crate) fn ecs() -> Result<()> {
    in_cloud("ecs", &[|| Venv::with_aws(LATEST, &say), || Venv::with_emulator(&say)], ecs::measure)
}

/// `bench ec2`: what instances cost in calls, time and memory. Fails when a target is missed.
pub(crate) fn ec2() -> Result<()> {
    in_cloud("ec2", &[|| Venv::with_orb(LATEST, &say), || Venv::with_moto(&say)], ec2::measure)
}

/// `bench batch`: what tasks as jobs of Batch cost in time, calls and memory. Fails when a target is missed.
pub(crate) fn batch() -> Result<()> {
    in_cloud("batch", &[|| Venv::with_aws(LATEST, &say), || Venv::with_moto(&say)], batch::measure)
}

/// `bench agent`: a worker that hands its tasks on, beside the released proxy. Fails when a target is missed.
pub(crate) fn agent() -> Result<()> {
    here("agent", agent::measure)
}

/// `bench symphony`: what the ABI, the backend and the whole path cost. Fails when a target is missed.
pub(crate) fn symphony() -> Result<()> {
    here("symphony", symphony::measure)
}

/// `bench control`: what the control plane costs. Fails when a target is missed.
pub(crate) fn control() -> Result<()> {
    here("control", control::measure)
}

/// `bench flood`: what a manager costs while its scheduler floods it, and how many frames go through a connection. Fails when a
/// target is missed.
pub(crate) fn flood() -> Result<()> {
    here("flood", flood::measure)
}

/// `bench surfaces`: what people look at. Fails when a target is missed.
pub(crate) fn surfaces() -> Result<()> {
    here("surfaces", surfaces::measure)
}

/// `bench features`: what sets of cargo features cost, and what `bench flood` tells. Fails when a target is missed.
pub(crate) fn features() -> Result<()> {
    let needed: [fn() -> Result<Venv>; 3] =
        [|| Venv::with_emulator(&say), || Venv::with_moto(&say), || Venv::with_grpc(LATEST, &say)];
    needed.iter().try_for_each(|make| make().map(drop))?;
    here("features", features::measure)
}

/// With the latest release alone.
fn here(name: &str, measure: fn() -> Result<Sheet>) -> Result<()> {
    terminal::clean_up_on_signals()?;
    Venv::ensure(LATEST, &say)?;
    eprintln!("building");
    let sheet = measure()?;
    publish(name, &sheet.rows)?;
    sheet.verdict()
}

/// `name` is that of the feature of the binary, too.
fn in_cloud(name: &str, needed: &[fn() -> Result<Venv>], measure: fn(&Path) -> Result<Sheet>) -> Result<()> {
    terminal::clean_up_on_signals()?;
    Venv::ensure(LATEST, &say)?;
    // Before any clock runs.
    needed.iter().try_for_each(|make| make().map(drop))?;
    let binary = match env::var_os("SCALER_WM_BIN") {
        Some(_) => manager_binary()?,
        None => {
            eprintln!("building with the AWS SDK, some minutes");
            shell::build_binary(&["--release", "--features", name])?
        }
    };
    let sheet = measure(&binary)?;
    publish(name, &sheet.rows)?;
    sheet.verdict()
}

fn say(line: &str) {
    eprintln!("{line}");
}

/// `bench tls`: what encryption costs.
pub(crate) fn tls() -> Result<()> {
    terminal::clean_up_on_signals()?;
    Venv::ensure(LATEST, &say)?;
    eprintln!("building: slim without and with TLS, then default");
    publish("tls", &tls::rows(&tls::measure()?))
}

/// `bench native`: measures, prints the table and writes `target/bench/native.json`. With `released_only` just the
/// released manager is measured, and no table is made.
pub(crate) fn run(released_only: bool) -> Result<()> {
    terminal::clean_up_on_signals()?;
    Venv::ensure(LATEST, &say)?;
    if released_only {
        let measured = cases::measure(&Case { kind: ManagerKind::Released, binary: None })?;
        println!("{measured:#?}");
        return Ok(());
    }
    // The slim build first: both end up under the same name, and the default build is the one that is measured.
    eprintln!("building: slim, then default");
    let slim = shell::build_binary(&["--release", "--no-default-features", "--features", "native"])?;
    let slim_bytes = fs::metadata(&slim).map_err(|error| Failure::new("look at the slim binary", error))?.len();
    let binary = shell::build_binary(&["--release"])?;
    let small = small::measure(slim_bytes)?;
    let case = Case { kind: ManagerKind::Ours, binary: Some(binary) };
    let ours = cases::measure(&case)?;
    let own = cases::measure_own(&case)?;
    let released = cases::measure(&Case { kind: ManagerKind::Released, binary: None })?;

    publish("native", &report::rows(&ours, &own, &released, &small))
}

/// Prints the table and writes it as JSON.
fn publish(name: &str, rows: &[report::Row]) -> Result<()> {
    println!("{}", report::table(rows));
    let folder = shell::target().join("bench");
    let path = folder.join(format!("{name}.json"));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&path, report::json(rows)))
        .map_err(|error| Failure::new(format!("write {}", path.display()), error))?;
    eprintln!("written to {}", path.display());
    Ok(())
}
