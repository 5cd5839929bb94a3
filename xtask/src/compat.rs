//! `cargo xtask compat`: the whole-process native tests against released versions of the package.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use scaler_wm_tests::{FEATURES, Failure, RELEASE, Result, Venv, newest_release};
use serde_json::{Value, json};

use crate::shell;

/// What is looked at besides the newest: the oldest that is promised, the last of wire version 1, the first of version 2,
/// and that of all other tests.
const RELEASES: [&str; 4] = ["2.4.0", "2.6.0", "2.7.0", "2.9.0"];

/// The first release of wire version 2. What is expected of those before it, the tests of the oldest release say.
const VERSION_2: [u32; 3] = [2, 7, 0];

/// What releases before one cannot do, whoever manages their workers.
const CANNOT: [Cannot; 1] = [Cannot {
    tests: "rebalance::mixed_workloads",
    before: [2, 6, 0],
    reason: "with allocate=capability its scheduler can balance for ever, and answers nobody then (mended in 2.6.0)",
}];

struct Cannot {
    /// What the names of these tests begin with.
    tests: &'static str,
    before: [u32; 3],
    reason: &'static str,
}

/// What came of one test.
#[derive(Clone, Debug)]
enum Outcome {
    Passed,
    Failed,
    DidNotApply(&'static str),
}

/// What came of one release.
struct Row {
    release: String,
    /// Why nothing was tested.
    broken: Option<String>,
    tests: Vec<(String, Outcome)>,
    seconds: f64,
}

/// Tests `named`, or else the list and the newest on the registry. Bad when anything failed.
pub(crate) fn run(named: &[&str]) -> Result<ExitCode> {
    let mut releases: Vec<String> = named.iter().map(|release| (*release).to_owned()).collect();
    if let Some(wrong) = releases.iter().find(|release| numbers(release).is_none()) {
        return Err(Failure::new("read the releases", format!("{wrong} is no version such as 2.9.0")));
    }
    let mut newest = Value::Null;
    if releases.is_empty() {
        releases = RELEASES.map(str::to_owned).into();
        println!("asking the package registry for the newest release");
        let found = newest_release()?;
        let is_known = releases.contains(&found);
        println!("the newest release is {found}{}", if is_known { ", which is one of the list" } else { "" });
        releases.extend((!is_known).then(|| found.clone()));
        newest = found.into();
    }
    let binary = shell::build_binary(&["--features", FEATURES])?;
    let tests = build_tests()?;
    let names = names(&tests)?;
    let rows = releases.into_iter().map(|release| {
        println!("\n==> opengris-scaler {release}");
        let began = Instant::now();
        let outcome =
            Venv::ensure(&release, &|line| println!("{line}")).and_then(|_| test(&release, &names, &tests, &binary));
        let seconds = began.elapsed().as_secs_f64();
        match outcome {
            Ok(tests) => Row { release, broken: None, tests, seconds },
            Err(failure) => {
                eprintln!("{failure}");
                let why = failure.to_string().lines().next().unwrap_or_default().to_owned();
                Row { release, broken: Some(why), tests: Vec::new(), seconds }
            }
        }
    });
    let rows: Vec<Row> = rows.collect();
    print!("\n{}", table(&rows));
    let is_good = rows.iter().all(Row::is_good);
    let path = shell::target().join("compat.json");
    let text = json!({"newest": newest, "good": is_good, "releases": rows.iter().map(Row::json).collect::<Vec<_>>()});
    fs::write(&path, format!("{text:#}\n"))
        .map_err(|error| Failure::new(format!("write {}", path.display()), error))?;
    println!("\nthe same for machines is in {}", path.display());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the whole-process native tests, progress on the terminal, and gives their program: the same for every release,
/// whatever changes in the tree meanwhile.
fn build_tests() -> Result<PathBuf> {
    let operation = "build the native tests";
    let mut command = shell::cargo();
    command.args(["test", "--package", "scaler-wm-tests", "--test", "native", "--no-run"]);
    command.args(["--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let messages = shell::output_of(operation, &mut command)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter(|message| message["target"]["name"] == "native");
    let program = programs.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.ok_or_else(|| Failure::new(operation, "cargo named no program"))
}

/// The names of all of them.
fn names(program: &Path) -> Result<Vec<String>> {
    let said = shell::output_of("list the native tests", Command::new(program).args(["--list", "--format", "terse"]))?;
    let names: Vec<String> = said.lines().filter_map(|line| Some(line.strip_suffix(": test")?.to_owned())).collect();
    if names.is_empty() { Err(Failure::new("list the native tests", "there are none")) } else { Ok(names) }
}

/// What a test of the oldest release is called that has expectations of its own: `None` for any other test.
fn without_oldest(name: &str) -> Option<String> {
    ["_with_the_oldest_release", "_of_the_oldest_release"]
        .into_iter()
        .find(|words| name.contains(words))
        .map(|words| name.replacen(words, "", 1))
}

/// The tests that a release has to pass: of two that are the same but for the release, one.
fn tests_for(release: [u32; 3], all: &[String]) -> Vec<&str> {
    let twins: Vec<String> = all.iter().filter_map(|name| without_oldest(name)).collect();
    let is_old = release < VERSION_2;
    let is_for = |name: &str| match without_oldest(name) {
        Some(_) => is_old,
        None => !(is_old && twins.iter().any(|twin| twin == name)),
    };
    all.iter().map(String::as_str).filter(|name| is_for(name)).collect()
}

/// Runs the tests of a release, each line on the terminal as it comes.
fn test(release: &str, all: &[String], program: &Path, binary: &Path) -> Result<Vec<(String, Outcome)>> {
    let failed = |error: std::io::Error| Failure::new(format!("test opengris-scaler {release}"), error);
    let numbers = numbers(release).unwrap_or_default();
    let cannot = |name: &str| {
        CANNOT.iter().find(|cannot| name.starts_with(cannot.tests) && numbers < cannot.before).map(|it| it.reason)
    };
    let (left_out, wanted): (Vec<&str>, Vec<&str>) =
        tests_for(numbers, all).into_iter().partition(|name| cannot(name).is_some());

    let path = shell::target().join(format!("compat-{release}.log"));
    let mut log = fs::File::create(&path).map_err(failed)?;
    let mut command = Command::new(program);
    command
        .current_dir(shell::root().join("tests"))
        .arg("--exact")
        .args(&wanted)
        .env("SCALER_WM_BIN", binary)
        .env(RELEASE, release);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut outcomes: Vec<(String, Outcome)> = Vec::new();
    for line in BufReader::new(child.stdout.take().expect("it is piped")).lines() {
        let line = line.map_err(failed)?;
        writeln!(log, "{line}").map_err(failed)?;
        let Some((name, outcome)) = told(&line) else { continue };
        println!("{line}");
        outcomes.push((name.to_owned(), outcome));
    }
    child.wait().map_err(failed)?;
    println!("what the tests printed is in {}", path.display());
    // A program that ends early has told nothing of the others.
    let silent: Vec<&str> = wanted.into_iter().filter(|name| outcomes.iter().all(|(told, _)| told != name)).collect();
    outcomes.extend(silent.into_iter().map(|name| (name.to_owned(), Outcome::Failed)));
    outcomes
        .extend(left_out.into_iter().filter_map(|name| Some((name.to_owned(), Outcome::DidNotApply(cannot(name)?)))));
    outcomes.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(outcomes)
}

/// What a line of the test program says of a test.
fn told(line: &str) -> Option<(&str, Outcome)> {
    let (name, word) = line.strip_prefix("test ")?.split_once(" ... ")?;
    match word {
        "ok" => Some((name, Outcome::Passed)),
        "FAILED" => Some((name, Outcome::Failed)),
        _ => None,
    }
}

/// The first three numbers of a version, whatever comes after them.
fn numbers(release: &str) -> Option<[u32; 3]> {
    let mut parts = release.split('.').map(|part| part.parse().ok());
    let first = parts.next()??;
    let mut next = || parts.next().flatten().unwrap_or(0);
    Some([first, next(), next()])
}

impl Row {
    fn count(&self, is_counted: impl Fn(&Outcome) -> bool) -> usize {
        self.tests.iter().filter(|(_, outcome)| is_counted(outcome)).count()
    }

    fn passed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Passed))
    }

    fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failed))
    }

    fn is_good(&self) -> bool {
        self.broken.is_none() && self.failed() == 0 && self.passed() > 0
    }

    fn wire(&self) -> u32 {
        if numbers(&self.release).unwrap_or_default() < VERSION_2 { 1 } else { 2 }
    }

    fn json(&self) -> Value {
        let tests = self.tests.iter().map(|(name, outcome)| match outcome {
            Outcome::Passed => (name.clone(), json!({"outcome": "passed"})),
            Outcome::Failed => (name.clone(), json!({"outcome": "failed"})),
            Outcome::DidNotApply(why) => (name.clone(), json!({"outcome": "did not apply", "reason": why})),
        });
        json!({
            "release": self.release,
            "wire": self.wire(),
            "good": self.is_good(),
            "not_tested": self.broken,
            "passed": self.passed(),
            "failed": self.failed(),
            "seconds": self.seconds.round(),
            "tests": tests.collect::<serde_json::Map<_, _>>(),
        })
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<16} {:>4}  {:>6}  {:>6}  {:>13}  {:>7}  {}\n",
        "opengris-scaler", "wire", "passed", "failed", "did not apply", "seconds", "result"
    );
    for row in rows {
        let left_out = row.tests.len() - row.passed() - row.failed();
        let result = match &row.broken {
            Some(_) => "not tested",
            None if row.is_good() => "good",
            None => "BAD",
        };
        text.push_str(&format!(
            "{:<16} {:>4}  {:>6}  {:>6}  {:>13}  {:>7.0}  {result}\n",
            row.release,
            row.wire(),
            row.passed(),
            row.failed(),
            left_out,
            row.seconds
        ));
    }
    for row in rows {
        let release = &row.release;
        text.extend(row.broken.iter().map(|why| format!("{release} was not tested: {why}\n")));
        text.extend(row.tests.iter().filter_map(|(name, outcome)| match outcome {
            Outcome::Passed => None,
            Outcome::Failed => Some(format!("{release} failed {name}\n")),
            Outcome::DidNotApply(why) => Some(format!("{release} does not do {name}: {why}\n")),
        }));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(outcomes: &[Outcome]) -> Row {
        let tests = outcomes.iter().map(|outcome| ("a_test".to_owned(), outcome.clone())).collect();
        Row { release: "2.9.0".to_owned(), broken: None, tests, seconds: 1.0 }
    }

    #[test]
    fn of_two_tests_that_differ_in_the_release_one_is_run() {
        let all = ["goes", "goes_with_the_oldest_release", "new", "a_run_of_the_oldest_release_is_told"];
        let all = all.map(str::to_owned);
        assert_eq!(tests_for([2, 9, 0], &all), ["goes", "new"]);
        let old = ["goes_with_the_oldest_release", "new", "a_run_of_the_oldest_release_is_told"];
        assert_eq!(tests_for([2, 4, 0], &all), old);
    }

    #[test]
    fn versions_have_an_order() {
        assert_eq!(numbers("2.10.0.post1"), Some([2, 10, 0]));
        assert_eq!(numbers("3.1"), Some([3, 1, 0]));
        assert_eq!(numbers("newest"), None);
    }

    #[test]
    fn only_outcomes_are_told() {
        assert!(matches!(told("test a::b ... ok"), Some(("a::b", Outcome::Passed))));
        assert!(matches!(told("test a::b ... FAILED"), Some(("a::b", Outcome::Failed))));
        assert!(told("test a::b has been running for over 60 seconds").is_none());
        assert!(told("test result: ok. 1 passed; 0 failed").is_none());
    }

    #[test]
    fn a_release_is_good_when_something_passed_and_nothing_failed() {
        assert!(row(&[Outcome::Passed, Outcome::DidNotApply("it has none")]).is_good());
        assert!(!row(&[Outcome::Passed, Outcome::Failed]).is_good());
        assert!(!row(&[Outcome::DidNotApply("it has none")]).is_good());
        let broken = Row { broken: Some("no such release".to_owned()), ..row(&[]) };
        assert!(table(&[broken]).contains("2.9.0 was not tested: no such release"));
    }
}
