//! Tasks of ECS.

use std::collections::BTreeSet;

use scaler_wm_tests::{EcsStack, EcsStackOptions, EmulatorOptions, Result, Task};
use serde_json::{Value, json};

use crate::planted::{clear_socket, is_refused, options, plant_launch, settled, states, told};

const EXTRA: [&str; 4] = ["--ecs-task-cpu", "1", "--observe-interval-seconds", "1"];

/// Starts a task behind every manager's back, like this one, by the same definition.
fn run(ecs: &EcsStack, like: &Task, started_by: &str, tags: &[(&str, &str)]) -> Result<String> {
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}});
    let call = json!({
        "cluster": like.cluster,
        "taskDefinition": like.description["taskDefinitionArn"],
        "startedBy": started_by,
        "tags": tags,
        "launchType": "FARGATE",
        "networkConfiguration": network,
    });
    let answer = ecs.cloud.emulator.client().ecs("RunTask", &call)?.ok()?;
    Ok(answer["tasks"][0]["taskArn"].as_str().expect("a task").to_owned())
}

fn of<'a>(units: &'a [Task], manager: &str) -> Vec<&'a Task> {
    units.iter().filter(|unit| unit.tags.get("scaler-wm:manager").is_some_and(|id| id == manager)).collect()
}

#[test]
fn everything_that_a_killed_manager_leaves_is_found_and_deleted() -> Result<()> {
    let emulator = EmulatorOptions { executes: false, ..EmulatorOptions::default() };
    let ecs = EcsStack::start(EcsStackOptions { emulator, stack: told() })?;
    let (ours, other) = (options("wm1", &EXTRA), options("other", &EXTRA));
    let mut killed = ecs.connected_manager(&ours)?;
    let _lives = ecs.manager(&other)?;
    ecs.stack.wish(2)?;
    ecs.until("two tasks of each on record", 30.0, || {
        let both = ["wm1", "other"].map(|id| settled(&ecs.stack, id));
        (both == [Some(2), Some(2)]).then_some(())
    })?;
    killed.kill();
    clear_socket(&ecs.stack, "wm1");

    let units = ecs.units()?;
    let owned = of(&units, "wm1");
    let by = &owned[0].started_by;
    let lost = run(&ecs, owned[0], by, &[("scaler-wm:manager", "wm1"), ("scaler-wm:launch", "lost")])?;
    let untagged = run(&ecs, owned[0], by, &[])?;
    let strange = run(&ecs, owned[0], "somebody", &[])?;
    plant_launch(&ecs.stack, "wm1", "open-launch");

    let report = ecs.doctor(&ours, &["--json"])?;
    let wanted = states([
        (&*owned[0].arn, "waiting"),
        (&owned[1].arn, "waiting"),
        (&lost, "unmanaged"),
        (&untagged, "foreign"),
        ("open-launch", "open"),
    ]);
    ecs.check(report.found()? == wanted && report.code == Some(1), "each of them found", format!("{report:?}"))?;
    let refused = ecs.doctor(&ours, &["--delete"])?;
    ecs.check(is_refused(&refused), "a refusal", format!("{refused:?}"))?;
    ecs.check(ecs.units()?.len() == units.len() + 3, "all of them still there", format!("{:?}", ecs.units()?))?;

    let report = ecs.doctor(&ours, &["--delete", "--yes", "--json"])?;
    ecs.check(report.code == Some(0), "a good end", format!("{report:?}"))?;
    let left: BTreeSet<String> = ecs.units()?.into_iter().map(|unit| unit.arn).collect();
    let others = of(&units, "other").into_iter().map(|unit| unit.arn.clone());
    let others: BTreeSet<String> = others.chain([untagged.clone(), strange]).collect();
    ecs.check(left == others, "everybody else's tasks", format!("{left:?} instead of {others:?}"))?;
    let found = report.found()?;
    ecs.check(found == states([(&*untagged, "foreign")]), "no more than that", format!("{found:?}"))
}
