//! `cargo xtask soak stack`: a released scheduler and client, and our managers of local workers and of ECS, for half an hour
//! under load that changes, while whatever runs is killed. Every result must be right, memory and descriptors of our managers
//! flat, and nothing may be left at the end.

mod judge;
mod load;
mod managers;
mod picture;
mod report;
mod seen;
mod victims;
mod work;

use scaler_wm_tests::{Failure, LATEST, Result, Venv};

use crate::{bench, terminal};
use report::Report;
use work::Soak;

/// What a run is told.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Asked {
    minutes: f64,
    seed: u64,
}

impl Asked {
    fn read(arguments: &[&str]) -> Result<Self> {
        let (mut asked, mut rest) = (Self { minutes: 30.0, seed: 1 }, arguments);
        let number = |name: &str, value: &str| {
            let number: Option<f64> = value.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
            number.ok_or_else(|| Failure::new(format!("read {name}"), format!("`{value}` is no number above 0")))
        };
        loop {
            rest = match rest {
                [] => return Ok(asked),
                ["--minutes", minutes, rest @ ..] => {
                    asked.minutes = number("--minutes", minutes)?;
                    rest
                }
                ["--seed", seed, rest @ ..] => {
                    asked.seed = seed.parse().map_err(|error| Failure::new("read --seed", error))?;
                    rest
                }
                other => {
                    let detail = format!("`{}` is neither --minutes N nor --seed N", other.join(" "));
                    return Err(Failure::new("read what the soak is told", detail));
                }
            };
        }
    }
}

/// The real stack under changing load, with kills; fails when a result is wrong, memory grows, or something is left.
pub(crate) fn stack(arguments: &[&str]) -> Result<()> {
    let asked = Asked::read(arguments)?;
    terminal::clean_up_on_signals()?;
    let head = bench::head()?;
    Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
    let binary = bench::with_cloud("ecs")?;
    println!("{} minutes, seed {}; a line every 10 seconds, and one for each kill", asked.minutes, asked.seed);
    let mut soak = Soak::start(&binary, asked.minutes * 60.0, asked.seed)?;
    let outcome = soak.run();
    // Whatever came of it: what was seen until then helps to explain it.
    let report = Report { head, asked: [asked.minutes.to_string(), asked.seed.to_string()], seen: soak.seen() };
    report.write(outcome.as_ref().err())?;
    outcome?;
    report.verdict()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_hour_unless_told_otherwise() {
        assert_eq!(Asked::read(&[]).expect("it is read"), Asked { minutes: 30.0, seed: 1 });
        let told = Asked::read(&["--seed", "7", "--minutes", "2.5"]).expect("it is read");
        assert_eq!(told, Asked { minutes: 2.5, seed: 7 });
        for wrong in [&["--minutes"][..], &["--minutes", "0"], &["--minutes", "long"], &["5"]] {
            assert!(Asked::read(wrong).is_err(), "{wrong:?}");
        }
    }
}
