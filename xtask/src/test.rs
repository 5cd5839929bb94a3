//! `cargo xtask test`: everything that is tested.

use std::process::{Command, ExitCode};
use std::time::Instant;

use scaler_wm_tests::{
    FEATURES as BINARY_FEATURES, LATEST, OLDEST, Result, Venv, install_browser, source_distribution,
};

use crate::shell;

/// Tests of the Python helper, run with the interpreter of each release.
const HELPER_TESTS: &str = "crates/scaler-wm-native/python/test_helper.py";

/// Beside the default ones: what is tested has all there is.
const FEATURES: [&str; 2] = [
    "--features",
    "scaler-wm/manual,scaler-wm/zmq,scaler-wm/aws,scaler-wm/external,scaler-wm/symphony,scaler-wm-sim/chaos",
];

pub(crate) fn run() -> Result<ExitCode> {
    let began = Instant::now();
    let mut steps: Vec<(String, f64, Result<()>)> = Vec::new();
    let mut step = |name: &str, work: &mut dyn FnMut() -> Result<()>| {
        println!("\n==> {name}");
        let start = Instant::now();
        let outcome = work();
        if let Err(failure) = &outcome {
            eprintln!("{failure}");
        }
        let fine = outcome.is_ok();
        steps.push((name.to_owned(), start.elapsed().as_secs_f64(), outcome));
        fine
    };

    let mut venvs = Vec::new();
    let ready = step("virtual environments", &mut || {
        for release in [LATEST, OLDEST] {
            venvs.push(Venv::ensure(release, &|line| println!("{line}"))?);
            println!("opengris-scaler {release} is ready");
        }
        Venv::with_emulator(&|line| println!("{line}"))?;
        Venv::with_moto(&|line| println!("{line}"))?;
        println!("the emulators of AWS are ready");
        Venv::with_orb_server(&|line| println!("{line}"))?;
        println!("the server of Open Resource Broker is ready");
        Venv::with_prometheus(&|line| println!("{line}"))?;
        println!("the parsers of Prometheus are ready");
        Venv::with_maturin(&|line| println!("{line}"))?;
        Venv::with_hadolint(&|line| println!("{line}"))?;
        println!("what builds wheels and reads container files is ready");
        Venv::with_aws(LATEST, &|line| println!("{line}"))?;
        Venv::with_orb(LATEST, &|line| println!("{line}"))?;
        println!("opengris-scaler {LATEST} with its AWS managers is ready");
        Venv::with_grpc(LATEST, &|line| println!("{line}"))?;
        println!("opengris-scaler {LATEST} with what a plug-in needs is ready");
        source_distribution(LATEST, &|line| println!("{line}"))?;
        println!("the documents of opengris-scaler {LATEST} are ready");
        Ok(())
    });
    let seen = step("browser", &mut || {
        install_browser(&|line| println!("{line}"))?;
        println!("Chromium and its driver are ready");
        Ok(())
    });
    let mut binary = None;
    let built = step("build", &mut || {
        binary = Some(shell::build_binary(&["--features", BINARY_FEATURES])?);
        shell::run("build the tests", shell::cargo().args(["test", "--workspace", "--no-run"]).args(FEATURES))
    });
    if let (true, true, true, Some(binary)) = (ready, seen, built, &binary) {
        step("helper tests", &mut || venvs.iter().try_for_each(helper_tests));
        step("frames for the releases", &mut || venvs.iter().try_for_each(frames_read_by));
        step("Rust tests", &mut || {
            // Every crate's tests are run even when some fail: one run shows all there is.
            let mut command = shell::cargo();
            command.args(["test", "--workspace", "--no-fail-fast"]).args(FEATURES).env("SCALER_WM_BIN", binary);
            shell::run("run the Rust tests", &mut command)
        });
    }

    println!("\nsummary ({:.0} s)", began.elapsed().as_secs_f64());
    for (name, seconds, outcome) in &steps {
        println!("  {:<22} {:>6.1} s  {}", name, seconds, if outcome.is_ok() { "good" } else { "BAD" });
    }
    let good = steps.iter().all(|(_, _, outcome)| outcome.is_ok());
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Encodes the golden messages anew and lets the release itself read them.
fn frames_read_by(venv: &Venv) -> Result<()> {
    let version = if venv.release() == OLDEST { "1" } else { "2" };
    let golden = shell::root().join("crates/scaler-wm-wire/tests/golden").join(venv.release());
    let folder = shell::target().join("reencoded").join(venv.release());
    let mut encode = shell::cargo();
    encode.args(["run", "--quiet", "--package", "scaler-wm-wire", "--example", "reencode", "--", version]);
    shell::run("encode the golden messages", encode.arg(golden).arg(&folder))?;
    let script = shell::root().join("tests/python/golden.py");
    let what = format!("let opengris-scaler {} read our frames", venv.release());
    shell::run(&what, Command::new(venv.python()).arg(script).arg("--verify").arg(folder))
}

fn helper_tests(venv: &Venv) -> Result<()> {
    let script = shell::root().join(HELPER_TESTS);
    if !script.is_file() {
        println!("there is no {HELPER_TESTS}");
        return Ok(());
    }
    println!("with opengris-scaler {}", venv.release());
    let what = format!("run {HELPER_TESTS} with {}", venv.python().display());
    shell::run(&what, Command::new(venv.python()).arg(script).env("VIRTUAL_ENV", venv.folder()))
}
