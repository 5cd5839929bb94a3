//! Every bench in one run, and one table of all of them.

use std::panic;

use scaler_wm_tests::{Failure, Result, is_interrupted};

use super::figures::Figures;
use super::list::{BENCHES, Bench, FEATURES, named};
use super::record::{self, Record};
use super::{machine, measured};

/// What is to be measured, and what was measured before.
pub(super) struct Plan {
    /// Those of which the figures are taken as they were written.
    before: Vec<&'static Bench>,
    now: Vec<&'static Bench>,
}

impl Plan {
    /// Reads `--from NAME` and `--without-features`.
    pub(super) fn read(arguments: &[&str]) -> Result<Self> {
        let (mut from, mut without_features, mut rest) = (0, false, arguments);
        loop {
            rest = match rest {
                [] => break,
                ["--without-features", rest @ ..] => {
                    without_features = true;
                    rest
                }
                ["--from", name, rest @ ..] => {
                    let names: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
                    from = names.iter().position(|known| known == name).ok_or_else(|| {
                        Failure::new(format!("go on from {name}"), format!("there are {}", names.join(", ")))
                    })?;
                    rest
                }
                other => {
                    let detail = format!("`{}` is neither --from NAME nor --without-features", other.join(" "));
                    return Err(Failure::new("run every bench", detail));
                }
            };
        }
        let mut before: Vec<&'static Bench> = BENCHES.iter().filter_map(|bench| named(bench.name)).collect();
        let mut now = before.split_off(from);
        before.extend(now.pop_if(|bench| without_features && bench.name == FEATURES));
        Ok(Self { before, now })
    }

    /// Measures what is to be measured. One that fails does not lose the others' figures.
    pub(super) fn run(&self) -> Result<()> {
        // Before anything is measured: it takes nothing, and may fail.
        let head = machine::head()?;
        if !self.now.is_empty() {
            self.announce();
        }
        let (mut records, mut failed) = (Vec::new(), Vec::new());
        for bench in &self.before {
            match Record::read(bench.name) {
                Some(record) => records.push(record),
                None if bench.name == FEATURES => println!("there are no figures of {FEATURES} on record: left out"),
                None => failed.push((bench.name.to_owned(), "there are no figures of it on record".to_owned())),
            }
        }
        for (at, bench) in self.now.iter().enumerate() {
            println!("\n==> {} of {}: bench {}", at + 1, self.now.len(), bench.name);
            // A panic is one bench's end, too.
            let outcome = panic::catch_unwind(|| measured(bench));
            let outcome = outcome.unwrap_or_else(|_| Err(Failure::new("measure", "it panicked")));
            // What was running may have come to its end all the same.
            let next = if outcome.is_ok() { self.now.get(at + 1) } else { Some(bench) };
            if let Some(next) = next.filter(|_| is_interrupted()) {
                eprintln!("\ngo on with: cargo xtask bench all --from {}", next.name);
                return Err(Failure::new("run every bench", "interrupted"));
            }
            match outcome {
                Ok((record, _)) => records.push(record),
                Err(failure) => {
                    eprintln!("{failure}");
                    failed.push((bench.name.to_owned(), failure.to_string()));
                }
            }
        }
        let figures = Figures { head, records, failed };
        println!("\n{}", figures.table());
        figures.write()?;
        figures.verdict()
    }

    fn announce(&self) {
        println!("{} to be measured, and about how long each takes:", self.now.len());
        let minutes = |bench: &Bench| {
            Record::read(bench.name).map_or_else(|| f64::from(bench.minutes), |record| record.seconds / 60.0)
        };
        for bench in &self.now {
            println!("  {:<10} {:>4.0} min  {}", bench.name, minutes(bench).ceil(), bench.what);
        }
        let all: f64 = self.now.iter().map(|bench| minutes(bench)).sum();
        println!("  together   {all:>4.0} min, on a machine that does nothing else");
        if !self.before.is_empty() {
            let names: Vec<&str> = self.before.iter().map(|bench| bench.name).collect();
            println!("  as they were measured before: {}", names.join(", "));
        }
        println!("each leaves {}; after an interruption go on with --from NAME", record::file("NAME").display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(benches: &[&'static Bench]) -> Vec<&'static str> {
        benches.iter().map(|bench| bench.name).collect()
    }

    #[test]
    fn a_run_goes_on_where_it_was_interrupted() {
        let whole = Plan::read(&[]).expect("a plan");
        assert!(whole.before.is_empty());
        assert_eq!(whole.now.len(), BENCHES.len());
        let rest = Plan::read(&["--from", "flood", "--without-features"]).expect("a plan");
        assert_eq!(names(&rest.now), ["flood", "tls"]);
        assert_eq!(rest.before.len() + rest.now.len(), BENCHES.len());
        assert_eq!(rest.before.last().map(|bench| bench.name), Some(FEATURES), "as it was measured before");
        let none = Plan::read(&["--without-features", "--from", FEATURES]).expect("a plan");
        assert!(none.now.is_empty());
    }

    #[test]
    fn what_it_does_not_know_it_says() {
        let refused = |arguments: &[&str]| Plan::read(arguments).err().expect("a refusal").to_string();
        assert!(refused(&["--from", "nothing"]).contains("there are native, entry"));
        assert!(refused(&["--from"]).contains("neither --from NAME nor --without-features"));
    }
}
