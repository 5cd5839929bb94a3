//! Which worker gets a task.

use std::collections::BTreeMap;

use scaler_wm_tests::Result;
use serde_json::{Value, json};

use crate::ask::{ours, released, same};
use crate::branches::Branches;
use crate::sequence::{Sequence, Ties};

const SEED: u64 = 660;
const SEQUENCES: u64 = 500;

/// Compares every answer, the loads after each operation among them; how many sequences there were.
pub(crate) fn compare(release: &str, branches: &mut Branches) -> Result<u64> {
    let kinds = [
        ("even_load", "even_load", Ties::Broken),
        ("capability allocation", "capability", Ties::Avoided),
        ("workers alike", "capability", Ties::Indifferent),
    ];
    for (name, allocate, ties) in kinds {
        let content = format!("allocate={allocate}; scaling=no");
        let sequences: Vec<Vec<Value>> =
            (0..SEQUENCES).map(|seed| Sequence::operations(&content, ties, SEED + seed)).collect();
        // One process for all, which begins anew with each.
        let lines: Vec<Value> =
            sequences.iter().flat_map(|lines| [&[json!({"op": "new"})], &**lines].concat()).collect();
        let answers = released(release, &["replay", "simple", &content], &lines)?;
        let mut at = 0;
        for lines in &sequences {
            at += 1;
            let released = answers.get(at..at + lines.len()).unwrap_or_default();
            at += lines.len();
            let ours = ours("replay", ("simple", &content), lines)?;
            if ties == Ties::Indifferent {
                let [released, ours] =
                    [released, &ours].map(|answers| lines.iter().zip(answers).map(nameless).collect::<Vec<_>>());
                same(&content, lines, &released, &ours)?;
            } else {
                same(&content, lines, released, &ours)?;
            }
            count_branches(name, lines, &ours, branches);
        }
    }
    Ok(kinds.len() as u64 * SEQUENCES)
}

/// What of an answer is the same whichever of several equal workers was taken: whether a task was taken, how many tasks
/// move, and how many tasks workers have.
fn nameless((line, answer): (&Value, &Value)) -> Value {
    let values = || answer.as_object().into_iter().flatten().map(|(_, value)| value);
    match line["op"].as_str().unwrap_or_default() {
        "assign" => json!(answer.is_null()),
        "balance" => json!(values().filter_map(Value::as_array).map(Vec::len).sum::<usize>()),
        "loads" => {
            let mut loads: Vec<u64> = values().filter_map(Value::as_u64).collect();
            loads.sort_unstable();
            json!(loads)
        }
        _ => answer.clone(),
    }
}

/// Which branches the operations took: by what was asked, what was answered, and the loads before.
fn count_branches(name: &'static str, lines: &[Value], answers: &[Value], branches: &mut Branches) {
    let mut hit = |branch| branches.hit(name, branch);
    let mut loads: BTreeMap<String, u64> = BTreeMap::new();
    let mut seen: Vec<&Value> = Vec::new();
    for (line, answer) in lines.iter().zip(answers) {
        let tasks = || answer.as_object().into_iter().flatten().flat_map(|(_, tasks)| tasks.as_array()).flatten();
        match line["op"].as_str().unwrap_or_default() {
            "loads" => {
                let all = answer.as_object().into_iter().flatten();
                loads = all.filter_map(|(worker, load)| Some((worker.clone(), load.as_u64()?))).collect();
            }
            "add_worker" => hit(if answer == &json!(true) { "added" } else { "added twice" }),
            "assign" if answer.is_null() => hit(if loads.is_empty() { "nobody" } else { "full" }),
            "assign" if seen.contains(&&line["task"]) => hit("assigned twice"),
            "assign" => {
                seen.push(&line["task"]);
                hit("assigned");
            }
            "remove_task" => {
                seen.retain(|task| **task != line["task"]);
                hit(if answer.is_null() { "no such task" } else { "task removed" });
            }
            "remove_worker" => {
                let left = answer.as_array().map_or(&[][..], Vec::as_slice);
                seen.retain(|task| !left.contains(task));
                match (line["worker"].as_str().is_some_and(|worker| loads.contains_key(worker)), left) {
                    (false, _) => hit("no such worker"),
                    (true, []) => hit("worker removed"),
                    (true, _) => hit("tasks left over"),
                }
            }
            "balance" if tasks().next().is_none() => hit("balance: nothing"),
            "balance" if name == "even_load" => {
                // Of each worker the first task runs; what it gives must not leave it below the mean of the others.
                let queued: u64 = loads.values().map(|load| load.saturating_sub(1)).sum();
                let mean = queued.div_ceil(loads.len() as u64);
                let over: u64 = loads.values().map(|load| load.saturating_sub(1).saturating_sub(mean)).sum();
                hit(if tasks().count() as u64 == over { "balance: over the mean" } else { "balance: for the idle" });
            }
            "balance" if name == "workers alike" => hit("balance: moves"),
            "balance" => {
                hit("balance: moves");
                let total: u64 = loads.values().sum();
                if total < loads.len() as u64 {
                    hit("balance: more workers than tasks");
                }
                // Somebody keeps more than one above the mean, since nobody else can do it.
                let keeps = |(worker, load): (&String, &u64)| {
                    let given = answer[worker].as_array().map_or(0, Vec::len) as u64;
                    (load - given) * loads.len() as u64 >= total.max(loads.len() as u64) + loads.len() as u64
                };
                if loads.iter().any(keeps) {
                    hit("balance: some stay");
                }
            }
            other => panic!("no such operation: {other}"),
        }
    }
}
