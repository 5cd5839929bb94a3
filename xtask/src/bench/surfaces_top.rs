//! What `scaler-wm top` costs for as long as it is looked at.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use scaler_wm_tests::{Failure, LogFile, Process, Result, build, cpu_time, descendants, until};

use super::sheet::Sheet;

/// So long after its first picture it is at rest.
const AT_REST: Duration = Duration::from_secs(3);
/// For so long its processor time is taken.
const TAKEN: Duration = Duration::from_secs(20);

/// Adds the rows.
pub(super) fn rows(binary: &Path, sheet: &mut Sheet) -> Result<()> {
    let crowd = build("scaler-wm-control", "crowd", &["--example", "crowd", "--release"], true)?;
    for (units, (width, height), row) in [
        (100, (80, 24), "`top`, 100 units, 80x24"),
        (1000, (80, 24), "`top`, 1,000 units, 80x24"),
        (1000, (200, 60), "`top`, 1,000 units, 200x60"),
    ] {
        eprintln!("{row}, {} s", TAKEN.as_secs());
        let percent = watched(binary, &crowd, units, (width, height))?;
        sheet.alone(row, percent, "% of a core", ("under 2 %", percent < 2.0));
    }
    Ok(())
}

fn watched(binary: &Path, crowd: &Path, units: u32, (width, height): (u16, u16)) -> Result<f64> {
    let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder", error))?;
    let socket = folder.path().join("crowd.sock");
    let log = LogFile::new(folder.path().join("crowd.log"));
    let mut command = Command::new(crowd);
    let _crowd = Process::start("crowd", command.arg(&socket).arg(units.to_string()), log.clone())?;
    until("the crowd ready", 30.0, || log.text().contains("ready").then_some(()))?;

    // A pseudo-terminal of `script`, which keeps what is drawn. There are no lines in it.
    let file = folder.path().join("seen");
    let seen = || String::from_utf8_lossy(&fs::read(&file).unwrap_or_default()).into_owned();
    let top =
        format!("stty rows {height} cols {width}; exec '{}' top --socket '{}'", binary.display(), socket.display());
    let open = File::create(&file).map_err(|error| Failure::new("keep what is drawn", error))?;
    let mut command = Command::new("script");
    command.args(["-qfc", &top, "/dev/null"]).env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
    let script = command.stdin(Stdio::null()).stdout(open).stderr(Stdio::null()).spawn();
    let mut script = script.map_err(|error| Failure::new("start script", error))?;
    let measured = (|| {
        let drawn = format!("Units: {units}");
        until("the units drawn", 20.0, || seen().contains(&drawn).then_some(()))?;
        let of_script = descendants(script.id().cast_signed());
        let top = of_script.iter().find(|process| process.command.contains(" top "));
        let top = top.ok_or_else(|| Failure::new("find `top`", "script has no such child"))?.pid;
        thread::sleep(AT_REST);
        let before = (cpu_time(top), seen().len());
        thread::sleep(TAKEN);
        let taken = cpu_time(top) - before.0;
        eprintln!("{} bytes drawn", seen().len() - before.1);
        Ok(taken.as_secs_f64() / TAKEN.as_secs_f64() * 100.0)
    })();
    // `top` ends with its terminal.
    let _ = script.kill();
    let _ = script.wait();
    measured
}
