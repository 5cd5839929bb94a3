//! Random cases, read by the released package and by us: the same values, or both refuse.

use std::collections::BTreeMap;
use std::{fs, thread};

use fastrand::Rng;
use scaler_wm_tests::{Failure, Result};
use serde_json::{Map, Value};

use crate::cases::{Case, FEATURES, FILE_MISTAKES, Mistake, TYPES, file_case, manager_case, manager_mistakes};
use crate::ours::Ours;
use crate::released::{self, Outcome};

const SEED: u64 = 2_900;
const COMMAND_LINES_EACH: usize = 160;
const FILES: usize = 150;
/// A kind of case that came up less often has shown nothing.
const AT_LEAST: usize = 5;
/// So many differences are printed.
const PRINTED: usize = 12;

#[test]
fn command_lines_mean_what_they_mean_to_the_released_package() -> Result<()> {
    let surface = released::surface()?;
    let mut cases = Vec::new();
    for (index, kind) in (0..).zip(TYPES) {
        let mut rng = Rng::with_seed(SEED + index);
        let mistakes = manager_mistakes(kind);
        for number in 0..COMMAND_LINES_EACH {
            let mistake = (number % 2 == 1).then(|| mistakes[number / 2 % mistakes.len()]);
            cases.push(manager_case(kind, &surface[kind], mistake, &mut rng));
        }
    }
    let of_files = ["table of a group", "several managers"];
    let features = FEATURES.into_iter().filter(|feature| !of_files.contains(feature));
    let mistakes = TYPES.into_iter().flat_map(manager_mistakes).map(Mistake::name);
    enough(&cases, features.chain(mistakes))?;
    compare("command lines", &cases)
}

#[test]
fn whole_files_mean_what_they_mean_to_the_released_package() -> Result<()> {
    let surface = released::surface()?;
    let mut rng = Rng::with_seed(SEED);
    let cases: Vec<Case> = (0..FILES)
        .map(|number| {
            let wrong = (number % 2 == 1).then(|| FILE_MISTAKES[number / 2 % FILE_MISTAKES.len()]);
            file_case(&surface, wrong.map(|(mistake, _)| mistake), wrong.and_then(|(_, needed)| needed), &mut rng)
        })
        .collect();
    let features = ["table of a group", "several managers", "key with hyphens", "array in the file"];
    enough(&cases, features.into_iter().chain(FILE_MISTAKES.map(|(mistake, _)| mistake.name())))?;
    compare("whole files", &cases)
}

/// Fails unless every one of `wanted` came up often enough, and nothing that nobody counts.
fn enough(cases: &[Case], wanted: impl IntoIterator<Item = &'static str>) -> Result<()> {
    let mut counts: BTreeMap<&str, usize> = wanted.into_iter().map(|name| (name, 0)).collect();
    for case in cases {
        for name in case.features.iter().copied().chain(case.mistake) {
            match counts.get_mut(name) {
                Some(count) => *count += 1,
                None if FEATURES.contains(&name) => {}
                None => return Err(Failure::new("count cases", format!("nobody counts `{name}`"))),
            }
        }
    }
    let rare: Vec<_> = counts.iter().filter(|(_, count)| **count < AT_LEAST).collect();
    if !rare.is_empty() {
        return Err(Failure::new("make cases of every kind", format!("too few of {rare:?}")));
    }
    println!("{counts:?}");
    Ok(())
}

fn compare(what: &str, cases: &[Case]) -> Result<()> {
    let ours = Ours::new()?;
    let released = released::outcomes(cases)?;
    let mut differences = Vec::new();
    let mut refused = 0;
    for (case, released) in cases.iter().zip(&released) {
        refused += usize::from(matches!(released, Outcome::Refused(_)));
        match (released, case.mistake) {
            (Outcome::Refused(why), None) => {
                return Err(Failure::new("make a case that runs", why).with_context(told(case)));
            }
            (Outcome::Values(_), Some(mistake)) => {
                let detail = format!("the released package takes this example of: {mistake}");
                return Err(Failure::new("make a case that is refused", detail).with_context(told(case)));
            }
            _ => {}
        }
        let difference = match ours.outcome(case) {
            Ok(ours) => difference(released, &ours).or_else(|| unnamed(case, &ours)),
            Err(failure) => Some(failure.to_string()),
        };
        differences.extend(difference.map(|difference| format!("{difference}\n{}", told(case))));
    }
    println!("{what}: {} compared, {} differ ({refused} refused by both)", cases.len(), differences.len());
    if differences.is_empty() {
        return Ok(());
    }
    let count = differences.len();
    differences.truncate(PRINTED);
    let detail = format!("{count} of {} differ", cases.len());
    Err(Failure::new("read as the released package does", detail).with_context(differences.join("\n---\n")))
}

/// Whether we refuse for another reason than the one thing that is wrong.
fn unnamed(case: &Case, ours: &Outcome) -> Option<String> {
    let (Outcome::Refused(why), Some(key)) = (ours, &case.wrong) else { return None };
    let names: &[&str] = match key.as_str() {
        "scheduler_address" => &["scheduler_address", "ADDRESS"],
        "image_id" => &["image_id", "python_version", "requirements_txt"],
        key => &[key],
    };
    let why_in_keys = why.replace('-', "_");
    let is_named = names.iter().any(|name| why_in_keys.contains(name));
    (!is_named).then(|| format!("we refuse without naming {key}: {why}"))
}

/// How two outcomes differ. Of values, those count that the released package has.
pub(crate) fn difference(released: &Outcome, ours: &Outcome) -> Option<String> {
    match (released, ours) {
        (Outcome::Refused(_), Outcome::Refused(_)) => None,
        (Outcome::Refused(why), Outcome::Values(_)) => Some(format!("only the released package refuses: {why}")),
        (Outcome::Values(_), Outcome::Refused(why)) => Some(format!("only we refuse: {why}")),
        (Outcome::Values(released), Outcome::Values(ours)) => {
            let mut lines = Vec::new();
            // One manager is shown as a file with nothing else.
            match (released.get("type"), &ours["worker_manager"]) {
                (Some(_), Value::Array(all)) if all.len() == 1 => values("", released, &all[0], &mut lines),
                (Some(_), other) => lines.push(format!("we show no single manager: {other}")),
                (None, _) => {
                    let names = |all: &Value| all.as_object().map(|all| all.keys().cloned().collect::<Vec<_>>());
                    if names(released) != names(ours) {
                        lines.push(format!("sections: {:?} released, {:?} ours", names(released), names(ours)));
                    }
                    values("", released, ours, &mut lines);
                }
            }
            (!lines.is_empty()).then(|| lines.join("\n"))
        }
    }
}

fn values(place: &str, released: &Value, ours: &Value, lines: &mut Vec<String>) {
    match (released, ours) {
        // Tags are values: what only we have counts there.
        (Value::Object(all), _) if !place.ends_with("instance_tags") && ours.is_object() => {
            for (key, value) in all {
                let place = format!("{place}.{key}");
                match ours.get(key) {
                    // The package's manager shows a limit there that it never follows: see `differences`.
                    Some(ours) if is_without_limit(all, key, ours) && value.as_u64() == cpus()[0] => {}
                    Some(ours) => values(&place, value, ours, lines),
                    None => lines.push(format!("{place}: {value} released, nothing ours")),
                }
            }
        }
        (Value::Array(all), Value::Array(some)) if all.len() == some.len() => {
            for (index, (value, ours)) in all.iter().zip(some).enumerate() {
                values(&format!("{place}[{index}]"), value, ours, lines);
            }
        }
        // The default: every CPU there, against those that this process may use (affinity and quotas of a container).
        (Value::Number(value), Value::Number(ours))
            if place.ends_with("max_task_concurrency") && [value.as_u64(), ours.as_u64()] == cpus() => {}
        // The package keeps 2.0 where 2 is meant, and 30 where 30.0 is.
        (Value::Number(value), Value::Number(ours)) if value.as_f64() == ours.as_f64() => {}
        _ if released == ours => {}
        _ => lines.push(format!("{place}: {released} released, {ours} ours")),
    }
}

/// Whether it is the limit of a manager that has none unless one is given.
fn is_without_limit(of: &Map<String, Value>, key: &str, ours: &Value) -> bool {
    key == "max_task_concurrency" && of.get("type") == Some(&"aws_hpc".into()) && *ours == -1
}

/// The CPUs that are there, and those that this process may use.
fn cpus() -> [Option<u64>; 2] {
    let there = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let there = there.lines().filter(|line| line.starts_with("processor")).count();
    [Some(there as u64), thread::available_parallelism().ok().map(|count| count.get() as u64)]
}

fn told(case: &Case) -> String {
    let kind = case.kind.as_deref().unwrap_or("(a whole file)");
    let file = case.toml.as_deref().map(|toml| format!("\nfile:\n{toml}")).unwrap_or_default();
    format!("{kind} {:?}\nenvironment: {:?}, mistake: {:?}{file}", case.arguments, case.environment, case.mistake)
}
