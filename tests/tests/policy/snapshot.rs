//! Random snapshots of what a scheduler knows, and random policies for them.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Managers that may be there; workers may be of one that is not.
pub(crate) const MANAGERS: [&str; 4] = ["m1", "m2", "m3", "m4"];
const NAMES: [&str; 3] = ["gpu", "linux", "big"];

/// One snapshot.
pub(crate) fn snapshot(rng: &mut Rng) -> Value {
    let tasks: Vec<Value> = match rng.u8(..5) {
        0 => Vec::new(),
        // As many as bring workers out of work, or drown them.
        1 => vec![group(rng, 1..8)],
        2 => vec![group(rng, 40..300)],
        _ => {
            (0..rng.usize(1..6)).map(|_| if rng.u8(..8) == 0 { group(rng, 0..1) } else { group(rng, 1..60) }).collect()
        }
    };
    let mut managers: Vec<&str> = MANAGERS.into_iter().filter(|_| rng.u8(..5) > 0).collect();
    rng.shuffle(&mut managers);
    let managers: Vec<Value> = managers
        .into_iter()
        .map(|id| json!({"id": id, "max_task_concurrency": limit(rng), "capabilities": capabilities(rng)}))
        .collect();
    let count = if rng.u8(..4) == 0 { 0 } else { rng.usize(1..30) };
    let few = rng.bool();
    let workers: Vec<Value> = (0..count)
        .map(|number| {
            let manager = if few { MANAGERS[rng.usize(..2)] } else { MANAGERS[rng.usize(..MANAGERS.len())] };
            json!({"id": format!("w{number}"), "manager": manager})
        })
        .collect();
    json!({"tasks": tasks, "workers": workers, "managers": managers})
}

/// A waterfall over some of the managers, perhaps with one that never comes.
pub(crate) fn waterfall(rng: &mut Rng) -> String {
    let mut managers: Vec<&str> = MANAGERS.into_iter().filter(|_| rng.u8(..6) > 0).chain(["never"]).collect();
    rng.shuffle(&mut managers);
    let rule = |manager: &str| {
        let priority = rng.i64(-1..4);
        match rng.u8(..6) {
            0..=2 => format!("{priority},{manager}"),
            3..=4 => format!(" {priority} , {manager} , {} # capped", rng.i64(0..12)),
            _ => format!("{priority},{manager},{}", rng.i64(-3..40)),
        }
    };
    managers.into_iter().map(rule).collect::<Vec<_>>().join("\n")
}

fn group(rng: &mut Rng, count: std::ops::Range<u64>) -> Value {
    json!({"capabilities": capabilities(rng), "count": rng.u64(count)})
}

fn limit(rng: &mut Rng) -> i64 {
    match rng.u8(..6) {
        0 => -1,
        1 => 0,
        2 | 3 => rng.i64(1..5),
        _ => rng.i64(5..60),
    }
}

fn capabilities(rng: &mut Rng) -> Value {
    let mut set = Map::new();
    if rng.u8(..3) > 0 {
        for name in NAMES {
            if rng.bool() {
                set.insert(name.to_owned(), json!([-1, 1, 2][rng.usize(..3)]));
            }
        }
    }
    Value::Object(set)
}
