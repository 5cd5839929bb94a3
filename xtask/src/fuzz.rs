//! `cargo xtask soak fuzz`: hostile and broken input, made by libFuzzer, for everything that parses bytes from outside.
//!
//! A run works on a folder of its own below `target/fuzz/corpus` and begins with what is kept in `fuzz/corpus`. Of what it
//! finds only inputs that reach new code are kept there: the tests of `scaler-wm-hostile` try them all, every time.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use scaler_wm_hostile::{PROPERTIES, Property};
use scaler_wm_tests::{Failure, Result, is_interrupted};

use crate::shell;
use crate::terminal::{self, Progress};
use crate::tools::FUZZ;

/// Coverage is instrumented by options that only this toolchain takes.
const TOOLCHAIN: &str = "nightly";
const MINUTES: u64 = 10;
/// Megabytes and seconds that one input may take.
const MOST_MEMORY: u64 = 1024;
/// Megabytes in one piece: inputs have some kilobytes, and whatever is made of one is not far larger. The address sanitizer
/// alone sees it.
const LARGEST_PIECE: u64 = 16;
const LONGEST: u64 = 20;
/// Inputs that are kept of a target, and bytes of each: the repository has them for ever, and the tests try all.
const MOST_KEPT: usize = 300;
const MOST_BYTES_KEPT: usize = 1000;
/// How often it is looked how far a run is.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Lines of a run that are shown when it fails.
const LAST_LINES: usize = 30;

/// `arguments` are targets, all if there is none, and `--minutes N`.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let (properties, minutes) = read(arguments)?;
    terminal::clean_up_on_signals()?;
    let tool = FUZZ.ensure()?;
    let host = host()?;
    // All of them first: whoever edits meanwhile does not slow the runs down, and each tries the same code.
    let build = |property| Target::build(property, &tool, &host);
    let targets = properties.into_iter().map(build).collect::<Result<Vec<_>>>()?;
    let mut outcomes = Vec::new();
    for target in targets {
        let outcome = target.run(Duration::from_secs(minutes * 60))?;
        if outcome.failure.is_none() {
            target.keep()?;
        }
        outcomes.push((target, outcome));
        if is_interrupted() {
            break;
        }
    }
    print_table(&outcomes);
    let failures = outcomes.iter().filter_map(|(_, outcome)| outcome.failure.as_deref()).collect::<Vec<_>>();
    if is_interrupted() {
        return Err(Failure::new("run every target to its end", "interrupted"));
    }
    if failures.is_empty() { Ok(()) } else { Err(Failure::new("see every target hold", failures.join("\n"))) }
}

fn read(arguments: &[&str]) -> Result<(Vec<&'static Property>, u64)> {
    let (mut properties, mut minutes) = (Vec::new(), MINUTES);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if *argument == "--minutes" {
            let number = arguments.next().and_then(|number| number.parse().ok()).filter(|number| *number > 0);
            minutes = number.ok_or_else(|| Failure::new("read --minutes", "write a whole number above 0 behind it"))?;
            continue;
        }
        let found = PROPERTIES.iter().find(|property| property.name == *argument);
        properties.push(found.ok_or_else(|| {
            let known: Vec<&str> = PROPERTIES.iter().map(|property| property.name).collect();
            Failure::new(format!("find the target {argument}"), format!("there is {}", known.join(", ")))
        })?);
    }
    if properties.is_empty() {
        properties = PROPERTIES.iter().collect();
    }
    Ok((properties, minutes))
}

/// With the toolchain that instruments: this program itself is run by another.
fn with_toolchain(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(shell::root()).env("RUSTUP_TOOLCHAIN", TOOLCHAIN);
    for name in ["CARGO", "RUSTC", "CARGO_TARGET_DIR"] {
        command.env_remove(name);
    }
    command
}

fn host() -> Result<String> {
    let advice = format!("ask the compiler for its host (`rustup toolchain install {TOOLCHAIN}` gets it)");
    shell::host_of(&advice, &mut with_toolchain("rustc"))
}

/// One property as a program of libFuzzer.
struct Target {
    property: &'static Property,
    program: PathBuf,
}

/// What came of a run.
#[derive(Debug, Default)]
struct Outcome {
    executions: u64,
    edges: u64,
    /// Inputs that it went on from, and how many bytes they have.
    corpus: String,
    failure: Option<String>,
}

impl Target {
    fn build(property: &'static Property, tool: &Path, host: &str) -> Result<Self> {
        let sanitizer = sanitizer(property);
        // A folder for each: their flags differ, and so everything in them.
        let folder = shell::target().join("fuzz").join(sanitizer);
        println!("{}: building it (sanitizer: {sanitizer})", property.name);
        let mut build = with_toolchain(tool);
        build.args(["build", property.name, "--sanitizer", sanitizer, "--target-dir"]).arg(&folder);
        shell::run("build a fuzz target", &mut build)?;
        Ok(Self { property, program: folder.join(host).join("release").join(property.name) })
    }

    /// What is kept.
    fn kept(&self) -> PathBuf {
        shell::root().join("fuzz/corpus").join(self.property.name)
    }

    /// What runs have found so far.
    fn found(&self) -> PathBuf {
        shell::target().join("fuzz/corpus").join(self.property.name)
    }

    /// It takes so many bytes of an input.
    fn command(&self, most_bytes: usize) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(format!("-max_len={}", self.property.most_bytes.min(most_bytes)))
            .arg(format!("-rss_limit_mb={MOST_MEMORY}"));
        command.arg(format!("-malloc_limit_mb={LARGEST_PIECE}")).arg(format!("-timeout={LONGEST}"));
        command
    }

    fn run(&self, time: Duration) -> Result<Outcome> {
        let name = self.property.name;
        let failed = |error| Failure::new(format!("run {name}"), error);
        let artifacts = shell::root().join("fuzz/artifacts").join(name);
        for folder in [&self.kept(), &self.found(), &artifacts] {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut command = self.command(self.property.most_bytes);
        command.arg(format!("-max_total_time={}", time.as_secs())).arg("-print_final_stats=1");
        command.arg(format!("-artifact_prefix={}/", artifacts.display()));
        let words = shell::root().join("fuzz/dictionaries").join(format!("{name}.dict"));
        if words.is_file() {
            command.arg(format!("-dict={}", words.display()));
        }
        // What is new goes to the first folder.
        command.arg(self.found()).arg(self.kept());
        // The message of a panic is told, and libFuzzer's own calls are not.
        command.env("RUST_BACKTRACE", "0");
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(failed)?;
        let (outcome, last) = watch(name, child, time)?;
        Ok(Outcome { failure: outcome.failure.map(|failure| self.explain(&failure, &last)), ..outcome })
    }

    fn explain(&self, failure: &str, last: &str) -> String {
        let Self { property, .. } = self;
        let mut told = format!("{}: {failure}\n{last}\n", property.name);
        if let Some(input) = last.lines().find_map(|line| Some(line.split_once("Test unit written to ")?.1)) {
            let input = Path::new(input);
            let input = input.strip_prefix(shell::root()).unwrap_or(input).display();
            let (name, sanitizer) = (property.name, sanitizer(property));
            told += &format!(
                "the input is {input}\nrun it again: cargo +{TOOLCHAIN} fuzz run --sanitizer {sanitizer} {name} {input}\nmake it \
                 smaller: cargo +{TOOLCHAIN} fuzz tmin --sanitizer {sanitizer} {name} {input}\nonce it is mended, keep it for \
                 the tests: cp {input} fuzz/corpus/{name}"
            );
        }
        told
    }

    /// Keeps what reaches code that nothing does which is kept, as far as there is room. How often code is run makes no
    /// difference here: there would be thousands.
    fn keep(&self) -> Result<()> {
        let what = format!("keep what {} found", self.property.name);
        let failed = |error| Failure::new(&*what, error);
        let kept =
            || -> std::io::Result<Vec<PathBuf>> { fs::read_dir(self.kept())?.map(|entry| Ok(entry?.path())).collect() };
        let before = kept().map_err(failed)?;
        let mut merge = self.command(MOST_BYTES_KEPT);
        merge.args(["-set_cover_merge=1", "-use_counters=0"]).arg(self.kept()).arg(self.found());
        shell::output_of(&what, &mut merge)?;
        let mut new = kept().map_err(failed)?;
        new.retain(|path| !before.contains(path));
        // What reaches most was written first.
        new.sort_by_cached_key(|path| path.metadata().and_then(|about| about.modified()).ok());
        new.iter().skip(MOST_KEPT.saturating_sub(before.len())).try_for_each(fs::remove_file).map_err(failed)
    }
}

const fn sanitizer(property: &Property) -> &'static str {
    if property.has_unsafe { "address" } else { "none" }
}

/// Waits for the end of a run, and shows how far it is; with its last lines.
fn watch(name: &str, mut child: Child, time: Duration) -> Result<(Outcome, String)> {
    let failed = |error| Failure::new(format!("watch {name}"), error);
    let said = Arc::new(Mutex::new((Outcome::default(), VecDeque::new())));
    let reader = child.stderr.take().map(|stderr| {
        let said = Arc::clone(&said);
        thread::spawn(move || listen(stderr, &said))
    });
    let (began, mut progress) = (Instant::now(), Progress::new());
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if is_interrupted() {
            child.kill().map_err(failed)?;
        }
        let seconds = began.elapsed().as_secs().min(time.as_secs());
        let now = said.lock().unwrap_or_else(PoisonError::into_inner);
        let Outcome { executions, edges, corpus, .. } = &now.0;
        let line = format!(
            "{name}: {seconds} of {} s, {executions} executions, {edges} edges, corpus {corpus}",
            time.as_secs()
        );
        drop(now);
        progress.show(line);
        thread::sleep(LOOK_EVERY);
    };
    progress.end();
    if let Some(reader) = reader {
        reader.join().map_err(|_| Failure::new(format!("watch {name}"), "a thread panicked"))?;
    }
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    let (outcome, last) = (std::mem::take(&mut said.0), said.1.make_contiguous().join("\n"));
    let failure = if !status.success() && !is_interrupted() {
        Some(format!("it ended with {status} after {} executions", outcome.executions))
    } else if outcome.edges == 0 {
        Some("it covered no edge of the code, so nothing was tested".to_owned())
    } else {
        None
    };
    Ok((Outcome { failure, ..outcome }, last))
}

/// Notes what a run says until it ends.
fn listen(stderr: ChildStderr, said: &Mutex<(Outcome, VecDeque<String>)>) {
    for line in BufReader::new(stderr).split(b'\n').map_while(std::result::Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.0.note(&line);
        // Figures say nothing of how it ended, nor does how it began.
        if line.is_empty() || ["#", "stat::", "INFO:", "WARNING:", "\tNEW_"].iter().any(|start| line.starts_with(start))
        {
            continue;
        }
        if said.1.len() == LAST_LINES {
            said.1.pop_front();
        }
        said.1.push_back(line);
    }
}

impl Outcome {
    /// Reads `#1234 NEW cov: 56 ft: 78 corp: 9/10b …` and `stat::number_of_executed_units: 1234`.
    fn note(&mut self, line: &str) {
        let after = |word: &str| line.split_once(word).and_then(|(_, rest)| rest.split_whitespace().next());
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
        if let Some(executions) = number(after("stat::number_of_executed_units:")) {
            self.executions = executions;
        }
        let Some(rest) = line.strip_prefix('#') else { return };
        if let Some(executions) = number(rest.split_whitespace().next()) {
            self.executions = self.executions.max(executions);
        }
        if let Some(edges) = number(after(" cov: ")) {
            self.edges = edges;
        }
        if let Some(corpus) = after(" corp: ") {
            corpus.clone_into(&mut self.corpus);
        }
    }
}

fn print_table(outcomes: &[(Target, Outcome)]) {
    println!("\n{:<16}{:>14}{:>8}  {:<16}{:>6}", "target", "executions", "edges", "corpus", "kept");
    for (target, Outcome { executions, edges, corpus, failure }) in outcomes {
        let kept = fs::read_dir(target.kept()).map_or(0, Iterator::count);
        let mark = if failure.is_some() { "  FAILED" } else { "" };
        println!("{:<16}{executions:>14}{edges:>8}  {corpus:<16}{kept:>6}{mark}", target.property.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_off_what_a_run_says() {
        let mut outcome = Outcome::default();
        for line in [
            "INFO: Seed: 7",
            "#2\tINITED cov: 11 ft: 12 corp: 1/1b exec/s: 0 rss: 30Mb",
            "#1337\tREDUCE cov: 56 ft: 78 corp: 9/10Kb lim: 21 exec/s: 0 rss: 31Mb L: 1/4 MS: 1 EraseBytes-",
            "Done 2000 runs in 61 second(s)",
            "stat::number_of_executed_units: 2000",
        ] {
            outcome.note(line);
        }
        assert_eq!((outcome.executions, outcome.edges, &*outcome.corpus), (2000, 56, "9/10Kb"));
    }

    #[test]
    fn arguments_are_targets_and_minutes() {
        let names = |arguments: &[&str]| {
            let (properties, minutes) = read(arguments).expect("these are arguments");
            (properties.iter().map(|property| property.name).collect::<Vec<_>>(), minutes)
        };
        assert_eq!(names(&[]).0.len(), PROPERTIES.len());
        assert_eq!(names(&["policy", "--minutes", "3", "trace"]), (vec!["policy", "trace"], 3));
        assert!(read(&["polisy"]).expect_err("there is none").to_string().contains("policy"));
        assert!(read(&["--minutes", "0"]).is_err());
    }
}
