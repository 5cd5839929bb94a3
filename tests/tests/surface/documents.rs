//! Every TOML block of the released package's documentation and tests, read by that package and by us. They are taken from
//! its source distribution when the test runs; nothing of them is kept here.

use std::collections::BTreeSet;

use scaler_wm_tests::{Failure, LATEST, Result, json_lines, released_script, source_distribution};
use serde_json::Value;

use crate::cases::{Case, TYPES};
use crate::differential::difference;
use crate::ours::Ours;
use crate::released::{self, Outcome};

/// Fewer blocks, or fewer that mean the same, and something was overlooked.
const BLOCKS_AT_LEAST: usize = 35;
const SAME_AT_LEAST: usize = 30;

/// Managers that we do not have: what is around their entries is compared.
const OTHERS: [&str; 2] = ["oci_hpc", "oci_raw"];

/// What a section, or an entry of a type, must say and an example may leave to the command line, with what is filled in then.
const NEEDED: [(&str, &str, &str); 7] = [
    ("object_storage_server", "bind_address", "tcp://127.0.0.1:8517"),
    ("scheduler", "bind_address", "tcp://127.0.0.1:8516"),
    ("scheduler", "object_storage_address", "tcp://127.0.0.1:8517"),
    ("worker_manager", "scheduler_address", "tcp://127.0.0.1:8516"),
    ("worker_manager", "worker_manager_id", "manager-"),
    ("orb_aws_ec2", "aws_region", "us-east-1"),
    ("gui", "monitor_address", "tcp://127.0.0.1:8518"),
];

/// What an example leaves to its reader, and what a reader could write: the package finds out at its first call.
const REGION: (&str, &str) = ("<REGION>", "us-east-1");

/// One block: where it is, what it says, and what that means as TOML.
struct Block {
    place: String,
    text: String,
    data: Value,
}

/// What came of a block.
#[derive(Debug)]
enum Verdict {
    /// The same values, in this many ways of reading it.
    Same(usize),
    /// Both refuse it, in every way of reading it; why the package does.
    Refused(String),
    /// It is no configuration that we could read, and why.
    Other(String),
    /// We read it in another way.
    Differs(String),
}

#[test]
fn blocks_of_the_released_documents_mean_what_they_mean_to_the_released_package() -> Result<()> {
    let surface = released::surface()?;
    let ours = Ours::new()?;
    let (mut same, mut refused, mut other, mut differs) = (0, 0, 0, Vec::new());
    let (mut filled_in, mut partly) = (0, 0);
    let blocks = blocks()?;
    for block in &blocks {
        let place = &block.place;
        let rest = without_others(&block.text);
        if rest.is_some() {
            partly += 1;
            println!("{place}: without the managers that we do not have");
        }
        let text = rest.as_ref().unwrap_or(&block.text);
        // Both may refuse an example for what it leaves to the command line; then that is filled in.
        let verdict = match verdict(text, &block.data, &surface, &ours)? {
            Verdict::Refused(why) => match filled_in_of(text, &block.data) {
                Some((text, keys)) => {
                    filled_in += 1;
                    println!("{place}: {} filled in, as it is refused by both: {why}", keys.join(", "));
                    verdict(&text, &block.data, &surface, &ours)?
                }
                None => Verdict::Refused(why),
            },
            verdict => verdict,
        };
        match verdict {
            Verdict::Same(readings) => {
                same += 1;
                println!("{place}: the same values in {readings} ways of reading it");
            }
            Verdict::Refused(why) => {
                refused += 1;
                println!("{place}: refused by both: {why}");
            }
            Verdict::Other(why) => {
                other += 1;
                println!("{place}: not read: {why}");
            }
            Verdict::Differs(how) => differs.push(format!("{place}: {how}\n{}", block.text)),
        }
    }
    println!(
        "{} blocks: {same} the same ({filled_in} with keys filled in, {partly} without managers that we do not have), \
         {refused} refused by both, {other} not read, {} differ",
        blocks.len(),
        differs.len()
    );
    if !differs.is_empty() {
        let detail = format!("{} of {} differ", differs.len(), blocks.len());
        return Err(Failure::new("read as the released package does", detail).with_context(differs.join("\n---\n")));
    }
    assert_eq!(same + refused + other, blocks.len(), "every block has a verdict");
    assert!(blocks.len() >= BLOCKS_AT_LEAST, "{} blocks", blocks.len());
    assert!(same >= SAME_AT_LEAST, "{same} blocks mean the same");
    Ok(())
}

/// The blocks of the source distribution.
fn blocks() -> Result<Vec<Block>> {
    let archive = source_distribution(LATEST, &|line| eprintln!("{line}"))?;
    let answers = json_lines(released_script(LATEST, "released_documents.py")?.arg(archive), &[])?;
    let block = |answer: &Value| {
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        let written = text("text")?.replace(REGION.0, REGION.1);
        Some(Block { place: text("place")?, text: written, data: answer["data"].clone() })
    };
    let read = |answer| block(&answer).ok_or_else(|| Failure::new("read a block", answer));
    answers.into_iter().map(read).collect()
}

fn verdict(text: &str, data: &Value, surface: &released::Surface, ours: &Ours) -> Result<Verdict> {
    let Some(data) = data.as_object() else { return Ok(Verdict::Other("it is no TOML".to_owned())) };
    let is_ours = |section: &str| section == "worker_manager" || surface.contains_key(section);
    if data.is_empty() {
        return Ok(Verdict::Other("it says nothing".to_owned()));
    }
    // Keys without a section belong to that which has them.
    if data.values().all(|value| !value.is_object() && !value.is_array()) {
        let has = |section: &str| data.keys().all(|key| surface[section].iter().any(|option| option.key == *key));
        return match surface.keys().find(|section| !TYPES.contains(&section.as_str()) && has(section)) {
            Some(section) => {
                let keys = NEEDED.iter().filter(|(of, ..)| of == section);
                let keys: String = keys.map(|(_, key, value)| format!("{key} = \"{value}\"\n")).collect();
                readings(&[Case::file(&format!("[{section}]\n{keys}{text}"))], ours)
            }
            None => Ok(Verdict::Other(format!("no section has the keys {:?}", data.keys()))),
        };
    }
    if !data.keys().any(|section| is_ours(section)) {
        let sections: Vec<&str> = data.keys().map(String::as_str).collect();
        return Ok(Verdict::Other(format!("it has no section of the command: {}", sections.join(", "))));
    }
    let mut kinds: BTreeSet<&str> =
        data.get("worker_manager").into_iter().flat_map(entries).filter_map(|entry| entry["type"].as_str()).collect();
    kinds.retain(|kind| TYPES.contains(kind));
    // As a whole, and by each of its managers alone.
    let alone = kinds.iter().map(|kind| Case::line(kind, &[]).with_file(text));
    let cases: Vec<Case> = [Case::file(text)].into_iter().chain(alone).collect();
    readings(&cases, ours)
}

/// The block without its entries of managers that we do not have. `None` if it has none.
fn without_others(text: &str) -> Option<String> {
    let mut tables: Vec<String> = vec![String::new()];
    for line in text.lines() {
        if line.trim_start().starts_with('[') {
            tables.push(String::new());
        }
        tables.iter_mut().last().into_iter().for_each(|table| *table += &format!("{line}\n"));
    }
    let count = tables.len();
    tables.retain(|table| !OTHERS.iter().any(|kind| table.contains(&format!("type = \"{kind}\""))));
    (tables.len() < count).then(|| tables.concat())
}

fn entries(section: &Value) -> impl Iterator<Item = &Value> {
    let one = section.is_object().then_some(section);
    one.into_iter().chain(section.as_array().into_iter().flatten())
}

/// Compares each of these readings of one block.
fn readings(cases: &[Case], ours: &Ours) -> Result<Verdict> {
    let (mut same, mut refused) = (0, None);
    for (case, released) in cases.iter().zip(released::outcomes(cases)?) {
        let outcome = ours.outcome(case)?;
        if let Some(difference) = difference(&released, &outcome) {
            return Ok(Verdict::Differs(format!("{:?}: {difference}", case.kind)));
        }
        match released {
            Outcome::Values(_) => same += 1,
            Outcome::Refused(why) => refused = Some(why),
        }
    }
    Ok(match refused {
        Some(why) if same == 0 => Verdict::Refused(why),
        _ => Verdict::Same(same),
    })
}

/// The block with what its sections must say and do not, below their names, and these keys. `None` if nothing is missing.
fn filled_in_of(text: &str, data: &Value) -> Option<(String, Vec<&'static str>)> {
    let (mut filled, mut keys, mut managers) = (String::new(), Vec::new(), 0);
    for line in text.lines() {
        filled.push_str(line);
        filled.push('\n');
        let section = line.trim().trim_matches(['[', ']']);
        if !line.trim_start().starts_with('[') {
            continue;
        }
        let here = match &data[section] {
            Value::Array(all) => {
                managers += 1;
                all.get(managers - 1).unwrap_or(&Value::Null)
            }
            here => here,
        };
        for (of, key, value) in NEEDED.iter().filter(|(_, key, _)| here.get(key).is_none()) {
            if *of != section && here["type"] != *of {
                continue;
            }
            // Ids of a file are different.
            let number = if *key == "worker_manager_id" { managers.to_string() } else { String::new() };
            filled.push_str(&format!("{key} = \"{value}{number}\"\n"));
            keys.push(*key);
        }
    }
    (!keys.is_empty()).then_some((filled, keys))
}
