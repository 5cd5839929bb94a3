//! `cargo xtask soak chaos`: whole managers among faults, and defects that have to be found.

use std::fs;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use scaler_wm_tests::{Failure, Result};

use crate::{shell, terminal};

/// Seeds if nobody says how many.
const SEEDS: NonZeroU64 = NonZeroU64::new(10_000).expect("not 0");
/// A defect is found within so many seeds.
const SEEDS_FOR_MUTANTS: &str = "2000";
/// What a copy of the repository needs so that cargo builds a part of it.
const COPIED: [&str; 6] = ["Cargo.toml", "Cargo.lock", ".cargo/", "crates/", "tests/", "xtask/"];

/// A defect that is planted in the code.
struct Mutant {
    name: &'static str,
    file: &'static str,
    /// Text that is in the file once, and what takes its place.
    from: &'static str,
    to: &'static str,
}

const MUTANTS: [Mutant; 8] = [
    Mutant {
        name: "a new token on retry",
        file: "manager/act.rs",
        from: "self.call(launch, false);",
        to: "self.call(Launch { token: crate::Token::from(format!(\"{}-again\", launch.token)), ..launch }, false);",
    },
    Mutant {
        name: "a skipped journal write",
        file: "manager/act.rs",
        from: "let recorded = if is_first { journal.open(&launch).await } else { Ok(()) };",
        to: "let recorded = if is_first { drop(journal); Ok(()) } else { Ok(()) };",
    },
    Mutant {
        name: "no listing lag",
        file: "manager/outcome.rs",
        from: "let lag = self.provider.info().list_lag;",
        to: "let lag = Duration::ZERO;",
    },
    Mutant {
        name: "busy units first",
        file: "plan/rank.rs",
        from: "    (loss(unit, now), tasks, unit.since)\n",
        to: "    let loss = match loss(unit, now) {\n        Loss::Nothing => Loss::Work,\n        Loss::Work => Loss::Nothing,\n        \
             Loss::Perhaps => Loss::Perhaps,\n    };\n    (loss, u32::MAX - tasks, unit.since)\n",
    },
    Mutant {
        name: "a lost wake-up",
        file: "manager/outcome.rs",
        from: "self.observing.is_under_way = false;",
        to: "self.observing.is_under_way = false;\n                self.observing.is_wanted = false;",
    },
    Mutant {
        name: "no backoff",
        file: "backoff.rs",
        from: "wait.mul_f64(1.0 - 0.25 * self.random.f64())",
        to: "wait.mul_f64(0.0 * self.random.f64())",
    },
    Mutant {
        name: "a limit off by one",
        file: "plan/decide.rs",
        from: "Limit::AtMost(limit) => limit.saturating_sub(present),",
        to: "Limit::AtMost(limit) => (limit + 1).saturating_sub(present),",
    },
    Mutant {
        name: "un-drain after launch",
        file: "plan/decide.rs",
        from: "        let missing = missing - u32::try_from(drains.len()).unwrap_or(missing);\n",
        to: "",
    },
];

impl Mutant {
    fn path(&self, root: &Path) -> PathBuf {
        root.join("crates/scaler-wm-core/src").join(self.file)
    }

    /// The file without the defect, and with it.
    fn texts(&self, root: &Path) -> Result<(String, String)> {
        let path = self.path(root);
        let text =
            fs::read_to_string(&path).map_err(|error| Failure::new(format!("read {}", path.display()), error))?;
        if text.matches(self.from).count() != 1 {
            let what = format!("plant {:?}: change what it looks for in xtask/src/soak/chaos.rs", self.name);
            return Err(Failure::new(what, format!("{} does not have this once: {}", path.display(), self.from)));
        }
        let changed = text.replace(self.from, self.to);
        Ok((text, changed))
    }
}

/// What the task is told.
#[derive(Debug, PartialEq)]
enum Asked {
    Sweep { seeds: NonZeroU64, has_mutants: bool },
    Replay { seed: u64 },
}

impl Asked {
    /// Reads `--seeds N`, `--mutants`, or `--replay SEED`.
    fn read(arguments: &[&str]) -> Result<Self> {
        let failed = |detail: String| Failure::new("read what the soak is told", detail);
        let (mut seeds, mut has_mutants, mut rest) = (SEEDS, false, arguments);
        loop {
            rest = match rest {
                [] => return Ok(Self::Sweep { seeds, has_mutants }),
                ["--mutants", rest @ ..] => {
                    has_mutants = true;
                    rest
                }
                ["--seeds", count, rest @ ..] => {
                    seeds = count.parse().map_err(|error| failed(format!("--seeds {count}: {error}")))?;
                    rest
                }
                ["--replay", seed] => {
                    let seed = seed.parse().map_err(|error| failed(format!("--replay {seed}: {error}")))?;
                    return Ok(Self::Replay { seed });
                }
                other => {
                    let detail = "is none of --seeds N, --mutants, and --replay SEED by itself";
                    return Err(failed(format!("`{}` {detail}", other.join(" "))));
                }
            };
        }
    }
}

/// Whole managers in simulated time among faults; fails when a rule is broken, or a planted defect is not found.
pub(crate) fn chaos(arguments: &[&str]) -> Result<()> {
    let asked = Asked::read(arguments)?;
    terminal::clean_up_on_signals()?;
    match asked {
        Asked::Replay { seed } => {
            let mut program = Command::new(build(shell::root())?);
            shell::run("replay the seed", program.args(["--replay", &seed.to_string()]))
        }
        Asked::Sweep { seeds, has_mutants } => {
            if has_mutants {
                mutants()?;
            }
            shell::run("break no rule", Command::new(build(shell::root())?).arg(seeds.to_string()))
        }
    }
}

/// Plants each defect in a copy, and sees that it is found.
fn mutants() -> Result<()> {
    let copy = copy()?;
    let mut caught = 0;
    for mutant in &MUTANTS {
        let (text, changed) = mutant.texts(copy.path())?;
        let path = mutant.path(copy.path());
        let write = |text: &str| fs::write(&path, text).map_err(|error| Failure::new("plant a defect", error));
        write(&changed)?;
        let program = build(copy.path())?;
        let Output { status, stdout, .. } = Command::new(program)
            .arg(SEEDS_FOR_MUTANTS)
            .output()
            .map_err(|error| Failure::new("run the seeds", error))?;
        write(&text)?;
        let said = String::from_utf8_lossy(&stdout);
        let first = said.lines().next().unwrap_or_default();
        // Anything but a rule that was broken would be a failure of its own.
        if status.code() == Some(1) && said.contains("events are needed for it") {
            caught += 1;
            println!("{}: {first}", mutant.name);
        } else {
            println!("{}: not caught in {SEEDS_FOR_MUTANTS} seeds", mutant.name);
        }
    }
    println!("{caught}/{} mutants caught", MUTANTS.len());
    if caught == MUTANTS.len() { Ok(()) } else { Err(Failure::new("catch every mutant", "see above")) }
}

/// Builds the program that runs seeds, and gives its path.
fn build(root: &Path) -> Result<PathBuf> {
    // Never the same for a copy and what it is a copy of: cargo takes the one for the other.
    let target = shell::target().join(if root == shell::root() { "chaos" } else { "chaos-mutants" });
    let mut command = shell::cargo();
    command.current_dir(root).args(["build", "--quiet", "--release", "--locked", "--package", "scaler-wm-sim"]);
    command.args(["--features", "chaos", "--example", "chaos"]).env("CARGO_TARGET_DIR", &target);
    // Built nine times, and run for minutes.
    command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    shell::run("build what runs the seeds", &mut command)?;
    Ok(target.join("release/examples/chaos"))
}

/// A copy of the sources as they lie here, committed or not.
fn copy() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder", error))?;
    let mut command = Command::new("git");
    command.current_dir(shell::root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]);
    let files = shell::output_of("list the sources", command.args(COPIED))?;
    for file in files.split_terminator('\0') {
        let (from, to) = (shell::root().join(file), folder.path().join(file));
        let failed = |error| Failure::new(format!("copy {file}"), error);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        // One that is gone and not committed as gone.
        if from.exists() {
            fs::copy(from, to).map_err(failed)?;
        }
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_is_told_is_read_before_anything_is_built() {
        assert_eq!(Asked::read(&[]).expect("read"), Asked::Sweep { seeds: SEEDS, has_mutants: false });
        let all = Asked::read(&["--seeds", "5", "--mutants"]).expect("read");
        assert_eq!(all, Asked::Sweep { seeds: NonZeroU64::new(5).expect("not 0"), has_mutants: true });
        assert_eq!(Asked::read(&["--replay", "0"]).expect("read"), Asked::Replay { seed: 0 });
        for wrong in
            [&["--seeds"][..], &["--seeds", "0"], &["--seeds", "x"], &["--replay"], &["--replay", "1", "2"], &["7"]]
        {
            assert!(Asked::read(wrong).is_err(), "{wrong:?}");
        }
    }

    /// They are planted by `soak chaos --mutants` alone, which is not run every day.
    #[test]
    fn every_defect_can_be_planted() {
        for mutant in &MUTANTS {
            let (text, changed) = mutant.texts(shell::root()).unwrap();
            assert_ne!(text, changed, "{}", mutant.name);
        }
    }
}
