//! The tasks there are: how each is called, what it does, and what runs it. The help is made of the same.

use std::process::ExitCode;

use scaler_wm_tests::{Failure, LATEST, Result, Venv};

use crate::{bench, codegen, compat, demo, deny, dist, features, fuzz, protos, reference, soak, test};

/// One task.
struct Task {
    /// Its words, and then what it may be given, in brackets: without these it takes nothing.
    call: &'static str,
    /// What it does; a line break begins a new line of the help.
    what: &'static str,
    run: fn(&[&str]) -> Result<ExitCode>,
}

/// A task that says no more than whether it went well.
macro_rules! plain {
    ($task:expr) => {
        |_| $task.map(|()| ExitCode::SUCCESS)
    };
}

/// The same of one that is given something.
macro_rules! told {
    ($task:expr) => {
        |given| ($task)(given).map(|()| ExitCode::SUCCESS)
    };
}

const TASKS: &[Task] = &[
    Task {
        call: "demo",
        what: "watch a released scheduler scale local workers through scaler-wm",
        run: |_| demo::run(),
    },
    Task { call: "test", what: "everything that is tested (environments and builds included)", run: |_| test::run() },
    Task {
        call: "bench all [--from NAME] [--without-features]",
        what: "every bench below in one run, and one table of all figures; docs/figures.md, docs/figures.json\n\
               (those that it leaves out stay as they are on record: in target/bench/NAME.json of this checkout, else\n\
               in docs/figures.json; --from: go on after an interruption)",
        run: told!(bench::all),
    },
    Task {
        call: "bench native --released-only",
        what: "the released manager alone, and no table",
        run: plain!(bench::released_only()),
    },
    Task {
        call: "soak stack [--minutes N] [--seed N]",
        what: "the real stack under changing load, with kills, for half an hour: flat memory, no descriptor left open,\n\
               right results; target/soak/stack.json, target/soak/stack.svg",
        run: told!(soak::stack),
    },
    Task {
        call: "soak chaos [--seeds N] [--mutants] [--replay SEED]",
        what: "whole managers in simulated time among crashes and faults, 10,000 seeds: no rule is broken\n\
               (--mutants: defects are planted first, in a copy, and each has to be found; --replay: how one goes)",
        run: told!(soak::chaos),
    },
    Task {
        call: "soak consent",
        what: "show that the check for double starts can fail (consent of workers switched off)",
        run: plain!(soak::consent()),
    },
    Task {
        call: "soak churn [SEED]",
        what: "600 tasks while workers come and go, over and over with new seeds, until Ctrl-C",
        run: told!(|given| soak::churn(seed(given, 1)?)),
    },
    Task {
        call: "soak rebalance [SEED]",
        what: "200 mixed workloads, 100 per release: what taking work back does, and that it is right",
        run: told!(|given| soak::rebalance(seed(given, 1)?)),
    },
    Task {
        call: "soak ecs [SEED]",
        what: "50 managers of ECS are killed at all moments of launches and stops; the next ones make it good",
        run: told!(|given| soak::ecs(seed(given, 0)?)),
    },
    Task {
        call: "soak ec2 [SEED]",
        what: "the same with 50 managers of EC2",
        run: told!(|given| soak::ec2(seed(given, 0)?)),
    },
    Task {
        call: "soak budget",
        what: "budgets over days in 1,000 simulations with random infrastructure",
        run: plain!(soak::budget()),
    },
    Task {
        call: "soak fuzz [TARGET...] [--minutes N]",
        what: "hostile input for whatever parses bytes from outside, 10 minutes each; fuzz/corpus keeps what\n\
               reaches new code, and target/fuzz/corpus all that was found",
        run: told!(fuzz::run),
    },
    Task {
        call: "soak dist [FEATURES]",
        what: "builds the packages twice, in two places: they are the same, byte for byte",
        run: told!(|given| dist::again(one(given, "")?)),
    },
    Task {
        call: "dist [FEATURES]",
        what: "build what users install: archive, wheel, what they are made of, sums; into target/packages\n\
               (FEATURES: zmq,aws)",
        run: told!(|given| dist::run(one(given, "")?)),
    },
    Task {
        call: "features [--names]",
        what: "show what each cargo feature of the binary brings, and that it is nothing else",
        run: told!(|given: &[&str]| match given {
            [] => features::run(),
            ["--names"] => {
                features::names();
                Ok(())
            }
            other => Err(too_much(other)),
        }),
    },
    Task {
        call: "deny",
        what: "look at licences, sources, versions and advisories of what we depend on",
        run: plain!(deny::run()),
    },
    Task {
        call: "compat [VERSION...]",
        what: "native tests against released versions of the package, by default some old ones and\n\
               the newest on the registry; target/compat.json",
        run: compat::run,
    },
    Task {
        call: "codegen [--check]",
        what: "generate the code of the schemas and docs/reference.md anew, or check that they are fresh",
        run: told!(|given: &[&str]| match given {
            [] => generate(false),
            ["--check"] => generate(true),
            other => Err(too_much(other)),
        }),
    },
    Task {
        call: "venv [VERSION]",
        what: "make the virtual environment with that release of opengris-scaler, print its folder",
        run: told!(|given| venv(one(given, LATEST)?)),
    },
];

/// Columns of a call in the help; a longer one has a line of its own.
const WIDTH: usize = 24;

/// Runs what the arguments ask for.
pub(crate) fn run(arguments: &[&str]) -> Result<ExitCode> {
    if let [] | ["help" | "--help" | "-h"] = arguments {
        println!("{}", help());
        return Ok(ExitCode::SUCCESS);
    }
    let found = TASKS.iter().find_map(|task| Some((task, task.given(arguments)?)));
    match (found, arguments) {
        (Some((task, given)), _) => (task.run)(given),
        (None, ["bench", name]) => bench::run(name).map(|()| ExitCode::SUCCESS),
        (None, other) => {
            eprintln!("no such task: {}\n\n{}", other.join(" "), help());
            Ok(ExitCode::from(2))
        }
    }
}

impl Task {
    /// What follows its words, if it is meant.
    fn given<'a, 'b>(&self, arguments: &'a [&'b str]) -> Option<&'a [&'b str]> {
        let words: Vec<&str> = self.call.split(" [").next().unwrap_or_default().split(' ').collect();
        let given = arguments.strip_prefix(&words[..])?;
        (given.is_empty() || self.call.contains('[')).then_some(given)
    }
}

/// What there is, and how it is called.
fn help() -> String {
    let mut text = String::from("tasks of this repository:\n\n");
    for task in TASKS {
        text.push_str(&lines(task.call, task.what));
        if task.call.starts_with("bench all") {
            for bench in &bench::BENCHES {
                text.push_str(&lines(&format!("bench {}", bench.name), bench.what));
            }
        }
    }
    text.push_str(&lines("help", "this text"));
    text.push_str(
        "\nenvironment: PYTHON (the interpreter, python3), SCALER_WM_CACHE (where virtual environments are kept),\n\
         SCALER_WM_BIN (a scaler-wm that is built already), SCALER_WM_KEEP_LOGS (keep the logs of every stack)",
    );
    text
}

fn lines(call: &str, what: &str) -> String {
    let indent = " ".repeat("  cargo xtask ".len() + WIDTH);
    let gap = if call.len() < WIDTH { " ".repeat(WIDTH - call.len()) } else { format!("\n{indent}") };
    format!("  cargo xtask {call}{gap}{}\n", what.replace('\n', &format!("\n{indent}")))
}

/// The one thing that is given, or what stands in for it.
fn one<'a>(given: &[&'a str], otherwise: &'a str) -> Result<&'a str> {
    match given {
        [] => Ok(otherwise),
        [one] => Ok(one),
        [_, other @ ..] => Err(too_much(other)),
    }
}

fn too_much(given: &[&str]) -> Failure {
    Failure::new("read what the task is given", format!("`{}` is too much: see cargo xtask help", given.join(" ")))
}

fn seed(given: &[&str], otherwise: u64) -> Result<u64> {
    match one(given, "")? {
        "" => Ok(otherwise),
        seed => seed.parse().map_err(|error| Failure::new("read the seed", error)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn meant<'a>(arguments: &'a [&'a str]) -> Option<(&'static str, &'a [&'a str])> {
        TASKS.iter().find_map(|task| Some((task.call, task.given(arguments)?)))
    }

    #[test]
    fn a_task_takes_what_its_call_names_and_no_more() {
        assert_eq!(meant(&["soak", "ecs", "7"]), Some(("soak ecs [SEED]", &["7"][..])));
        assert_eq!(meant(&["bench", "all", "--from", "ecs"]).map(|(_, given)| given), Some(&["--from", "ecs"][..]));
        assert_eq!(meant(&["dist"]), Some(("dist [FEATURES]", &[][..])));
        assert_eq!(meant(&["demo", "now"]), None);
        assert_eq!(meant(&["soak"]), None);
        assert!(seed(&["1", "2"], 0).is_err());
    }

    #[test]
    fn the_help_has_every_bench_once() {
        let help = help();
        for bench in &bench::BENCHES {
            let call = format!("cargo xtask bench {} ", bench.name);
            let others = if bench.name == "native" { 2 } else { 1 };
            assert_eq!(help.matches(&call).count(), others, "{call}");
        }
        assert!(help.lines().all(|line| line.len() <= 150), "{help}");
    }
}
