//! Tasks of this repository, run by `cargo xtask`.

mod bench;
mod codegen;
mod compat;
mod demo;
mod deny;
mod dist;
mod features;
mod fuzz;
mod protos;
mod reference;
mod shell;
mod soak;
mod terminal;
mod test;
mod tools;

use std::process::ExitCode;

use scaler_wm_tests::{Failure, LATEST, Result, Venv, is_interrupted};

const HELP: &str = "\
tasks of this repository:

  cargo xtask demo               watch a released scheduler scale local workers through scaler-wm
  cargo xtask test               everything that is tested (environments and builds included)
  cargo xtask bench native       measure beside the released Python manager; writes target/bench/native.json
  cargo xtask bench entry        measure the command line and `up`, beside the released `scaler`; target/bench/entry.json
  cargo xtask bench policy       measure policy decisions and allocations beside the released package's; target/bench/policy.json
  cargo xtask bench sim          measure simulations, and target_wait beside the released manager; target/bench/sim.json
  cargo xtask bench ecs          measure 100 and 1,000 tasks of ECS beside the released manager; target/bench/ecs.json
  cargo xtask bench ec2          measure 20 and 100 instances of EC2 beside the released manager; target/bench/ec2.json
  cargo xtask bench batch        measure 20, 100 and 1,000 jobs of Batch beside the released proxy; target/bench/batch.json
  cargo xtask bench agent        measure a worker that hands its tasks on, beside the released proxy; target/bench/agent.json
  cargo xtask bench symphony     measure tasks of Symphony beside the released proxy with a stub of soamapi; target/bench/symphony.json
  cargo xtask bench control      measure what the control plane costs; target/bench/control.json
  cargo xtask bench surfaces     measure what people look at: the status page, `top`; target/bench/surfaces.json
  cargo xtask bench flood        measure memory under a flood of 1 GB, and frames a second, beside the released package's;
                                 target/bench/flood.json
  cargo xtask bench features     build every set of cargo features from nothing, and measure it; target/bench/features.json
  cargo xtask bench tls          measure what encryption costs; target/bench/tls.json
  cargo xtask soak consent       show that the check for double starts can fail (consent of workers switched off)
  cargo xtask soak churn [SEED]  600 tasks while workers come and go, over and over with new seeds, until Ctrl-C
  cargo xtask soak rebalance [SEED]
                                 200 mixed workloads, 100 per release: what taking work back does, and that it is right
  cargo xtask soak ecs [SEED]    50 managers of ECS are killed at all moments of launches and stops; the next ones make it good
  cargo xtask soak ec2 [SEED]    the same with 50 managers of EC2
  cargo xtask soak budget        budgets over days in 1,000 simulations with random infrastructure
  cargo xtask soak fuzz [TARGET...] [--minutes N]
                                 hostile input for whatever parses bytes from outside, 10 minutes each; fuzz/corpus keeps what
                                 reaches new code, and target/fuzz/corpus all that was found
  cargo xtask soak dist [FEATURES]
                                 builds the packages twice, in two places: they are the same, byte for byte
  cargo xtask dist [FEATURES]    build what users install: archive, wheel, what they are made of, sums; into target/packages
                                 (FEATURES: zmq,aws)
  cargo xtask features [--names] show what each cargo feature of the binary brings, and that it is nothing else
  cargo xtask deny               look at licences, sources, versions and advisories of what we depend on
  cargo xtask compat [VERSION...]
                                 native tests against released versions of the package, by default some old ones and
                                 the newest on the registry; target/compat.json
  cargo xtask codegen [--check]  generate the code of the schemas and docs/reference.md anew, or check that they are fresh
  cargo xtask venv [VERSION]     make the virtual environment with that release of opengris-scaler, print its folder
  cargo xtask help               this text

environment: PYTHON (the interpreter, python3), SCALER_WM_CACHE (where virtual environments are kept),
SCALER_WM_BIN (a scaler-wm that is built already), SCALER_WM_KEEP_LOGS (keep the logs of every stack)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(_) if is_interrupted() => {
            eprintln!("\ninterrupted; what was started has been stopped");
            ExitCode::from(130)
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode> {
    match arguments {
        [] | ["help" | "--help" | "-h"] => println!("{HELP}"),
        ["demo"] => return demo::run(),
        ["test"] => return test::run(),
        ["bench", "native"] => bench::run(false)?,
        ["bench", "native", "--released-only"] => bench::run(true)?,
        ["bench", "entry"] => bench::entry()?,
        ["bench", "policy"] => bench::policy()?,
        ["bench", "sim"] => bench::sim()?,
        ["bench", "ecs"] => bench::ecs()?,
        ["bench", "ec2"] => bench::ec2()?,
        ["bench", "batch"] => bench::batch()?,
        ["bench", "agent"] => bench::agent()?,
        ["bench", "symphony"] => bench::symphony()?,
        ["bench", "control"] => bench::control()?,
        ["bench", "surfaces"] => bench::surfaces()?,
        ["bench", "flood"] => bench::flood()?,
        ["bench", "features"] => bench::features()?,
        ["bench", "tls"] => bench::tls()?,
        ["soak", "consent"] => soak::consent()?,
        ["soak", "churn"] => soak::churn(1)?,
        ["soak", "churn", seed] => soak::churn(seed.parse().map_err(|error| Failure::new("read the seed", error))?)?,
        ["soak", "ecs"] => soak::ecs(0)?,
        ["soak", "ecs", seed] => soak::ecs(seed.parse().map_err(|error| Failure::new("read the seed", error))?)?,
        ["soak", "ec2"] => soak::ec2(0)?,
        ["soak", "ec2", seed] => soak::ec2(seed.parse().map_err(|error| Failure::new("read the seed", error))?)?,
        ["soak", "budget"] => soak::budget()?,
        ["soak", "fuzz", arguments @ ..] => fuzz::run(arguments)?,
        ["soak", "rebalance"] => soak::rebalance(1)?,
        ["soak", "rebalance", seed] => {
            soak::rebalance(seed.parse().map_err(|error| Failure::new("read the seed", error))?)?;
        }
        ["soak", "dist"] => dist::again("")?,
        ["soak", "dist", features] => dist::again(features)?,
        ["dist"] => dist::run("")?,
        ["dist", features] => dist::run(features)?,
        ["features"] => features::run()?,
        ["features", "--names"] => features::names(),
        ["deny"] => deny::run()?,
        ["compat", releases @ ..] => return compat::run(releases),
        ["codegen"] => generate(false)?,
        ["codegen", "--check"] => generate(true)?,
        ["venv"] => venv(LATEST)?,
        ["venv", release] => venv(release)?,
        other => {
            eprintln!("no such task: {}\n\n{HELP}", other.join(" "));
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn generate(check: bool) -> Result<()> {
    let failed = |error| Failure::new("generate the code of the schemas", error);
    codegen::run(check).map_err(failed)?;
    protos::run(&codegen::root().map_err(failed)?, check)?;
    reference::run(check)
}

fn venv(release: &str) -> Result<()> {
    let venv = Venv::ensure(release, &|line| eprintln!("{line}"))?;
    println!("{}", venv.folder().display());
    Ok(())
}
