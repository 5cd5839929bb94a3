//! What managers are asked for.

use fastrand::Rng;
use scaler_wm_tests::Result;
use serde_json::{Value, json};

use crate::ask::{ours, released, same};
use crate::branches::Branches;
use crate::snapshot::{snapshot, waterfall};

const SEED: u64 = 66;
const SNAPSHOTS: usize = 2_000;
/// So many different waterfalls share them.
const WATERFALLS: usize = 40;

/// Compares decisions; how many snapshots there were.
pub(crate) fn compare(release: &str, branches: &mut Branches) -> Result<usize> {
    let mut rng = Rng::with_seed(SEED);
    let mut compared = 0;
    for scaling in ["no", "vanilla", "capability"] {
        let content = format!("allocate=even_load; scaling={scaling}");
        compared += batch(release, scaling, ("simple", &content), SNAPSHOTS, &mut rng, branches)?;
    }
    for _ in 0..WATERFALLS {
        let content = waterfall(&mut rng);
        let policy = ("waterfall_v1", &*content);
        compared += batch(release, "waterfall_v1", policy, SNAPSHOTS / WATERFALLS, &mut rng, branches)?;
    }
    Ok(compared)
}

fn batch(
    release: &str,
    name: &'static str,
    policy: (&str, &str),
    count: usize,
    rng: &mut Rng,
    branches: &mut Branches,
) -> Result<usize> {
    let snapshots: Vec<Value> = (0..count).map(|_| snapshot(rng)).collect();
    let released = released(release, &["eval", policy.0, policy.1], &snapshots)?;
    let with_causes = ours("eval", policy, &snapshots)?;
    let ours: Vec<Value> = with_causes.iter().map(without_causes).collect();
    same(policy.1, &snapshots, &released, &ours)?;
    for (snapshot, answer) in snapshots.iter().zip(&with_causes) {
        for decision in list(&answer["decisions"]) {
            count_branches(name, policy.1, snapshot, decision, branches);
        }
    }
    Ok(snapshots.len())
}

fn without_causes(answer: &Value) -> Value {
    let decisions = list(&answer["decisions"]).iter();
    let decisions: Vec<Value> =
        decisions.map(|decision| json!({"manager": decision["manager"], "requests": decision["requests"]})).collect();
    json!({ "decisions": decisions })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Which branches led to this decision: by what it says of its cause, and by the snapshot.
fn count_branches(name: &'static str, content: &str, snapshot: &Value, decision: &Value, branches: &mut Branches) {
    let mut hit = |branch| branches.hit(name, branch);
    let because = &decision["because"];
    let parts = list(&because["verdict"]["asks"]);
    let workers = list(&snapshot["workers"]).len();
    match because["verdict"]["silent"].as_str() {
        Some("never_asks") => return hit("never asks"),
        Some("no_rule") => return hit("no rule"),
        _ => {}
    }
    let is_unlimited = list(&snapshot["managers"])
        .iter()
        .any(|manager| manager["id"] == decision["manager"] && manager["max_task_concurrency"] == -1);
    if is_unlimited && !parts.is_empty() {
        hit("no limit");
    }
    for (index, part) in parts.iter().enumerate() {
        let passed = list(&part["passed"]);
        let left = passed.last().map_or(&part["wanted"], |last| &last["leaves"]).as_u64().unwrap_or_default();
        let cap = part["cap"]["value"].as_i64();
        let is_capped = cap.is_some_and(|cap| i64::try_from(left).unwrap_or(i64::MAX) > cap);
        let is_special = part["capabilities"] != json!({});
        match (name, part["reason"]["kind"].as_str().unwrap_or_default()) {
            ("vanilla", "no_tasks") => hit(if workers == 0 { "no task, no worker" } else { "no task, workers" }),
            ("vanilla", "no_workers") => hit("no worker"),
            ("vanilla", "backlog") => hit("backlog"),
            ("vanilla", "slack") => hit("slack"),
            ("vanilla", "steady") => hit("steady"),
            ("waterfall_v1", "hold") => hit("hold"),
            ("waterfall_v1", "no_tasks") => hit("nothing"),
            ("waterfall_v1", "share") => {
                hit(if is_special { "special work" } else { "share" });
                match (index, passed) {
                    (0, []) => hit("first in line"),
                    (0, _) => hit("after others"),
                    (_, []) => {}
                    _ => hit("special work after others"),
                }
                if left == 0 {
                    hit("nothing left");
                }
                if passed.iter().any(|passed| passed["cap"].as_i64() < Some(0)) || cap < Some(0) {
                    hit("below 0");
                }
                match part["cap"]["source"].as_str() {
                    Some("rule") if is_capped => hit("capped by rule"),
                    Some("manager") if is_capped => hit("capped by manager"),
                    _ => {}
                }
            }
            ("capability", "share") => {}
            other => panic!("no such reason: {other:?}"),
        }
        if name != "waterfall_v1" && !is_unlimited {
            hit(if is_capped { "capped" } else { "not capped" });
        }
    }
    let sets: Vec<&Value> = list(&snapshot["tasks"]).iter().map(|group| &group["capabilities"]).collect();
    let names = |set: &Value| set.as_object().map(|set| set.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    match name {
        "capability" => {
            hit(match parts.len() {
                0 => "no task",
                1 => "one group",
                _ => "several groups",
            });
            if sets.iter().any(|one| sets.iter().any(|other| names(one) == names(other) && one != other)) {
                hit("mixed quantities");
            }
        }
        "waterfall_v1" => {
            let is_sent = |set: &Value| parts.iter().any(|part| names(&part["capabilities"]) == names(set));
            if sets.iter().any(|set| !names(set).is_empty() && !is_sent(set)) {
                hit("special work for nobody here");
            }
            let rules: Vec<Vec<&str>> =
                content.lines().map(|line| line.split([',', '#']).map(str::trim).collect()).collect();
            let is_there = |id: &str| list(&snapshot["managers"]).iter().any(|manager| manager["id"] == id);
            if rules.iter().any(|rule| rule[1] != "never" && !is_there(rule[1])) {
                hit("absent manager");
            }
            let own = rules.iter().find(|rule| decision["manager"] == rule[1]);
            if rules.iter().any(|rule| own.is_some_and(|own| own[0] == rule[0] && own[1] != rule[1])) {
                hit("equal priorities");
            }
        }
        _ => {}
    }
}
