//! Our manager at work by way of a server: released scheduler and client, workers on instances that are real processes.

use std::collections::BTreeSet;

use scaler_wm_tests::{
    Ec2Stack, Ec2StackOptions, Instance, Manager, ManagerKind, ManagerOptions, OrbServer, Result, StackOptions,
};

/// What a server's template tells its instances, of the type `t3.medium`, to run.
const USER_DATA: &str = r#"#!/bin/sh
metadata=http://169.254.169.254/latest
token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' $metadata/api/token)
unit=$(curl -sf -H "X-aws-ec2-metadata-token: $token" $metadata/meta-data/instance-id)
scaler_worker_manager baremetal_native SCHEDULER --mode fixed --worker-type "ORB-$unit" --max-task-concurrency 2 \
    --worker-manager-id wm1 --per-worker-task-queue-size 4 --heartbeat-interval-seconds 1
shutdown -h now
"#;

/// A server beside a stack, whose instances have two workers each.
struct Rig {
    server: OrbServer,
    ec2: Ec2Stack,
    template: &'static str,
}

impl Rig {
    fn new(is_told: bool, template: &'static str) -> Result<Self> {
        let stack = StackOptions { is_told, ..StackOptions::default() };
        let ec2 = Ec2Stack::start(Ec2StackOptions { stack, ..Ec2StackOptions::default() })?;
        let scheduler = format!("tcp://127.0.0.1:{}", ec2.stack.ports().scheduler);
        let server = OrbServer::beside(&ec2, &USER_DATA.replace("SCHEDULER", &scheduler))?;
        Ok(Self { server, ec2, template })
    }

    /// A manager of at most two instances, which looks often and lets go of units at once.
    fn manager(&self) -> Result<Manager> {
        let url = self.server.url();
        let extra = ["--orb-url", &url, "--orb-template-id", self.template, "--orb-workers-per-machine", "2"];
        let extra = extra.into_iter().chain(["--observe-interval-seconds", "2"]);
        self.ec2.connected_manager(&ManagerOptions {
            kind: ManagerKind::Ours,
            limit: 4,
            heartbeat: Some(1.0),
            queue_size: Some(4),
            cooldown: Some(0.0),
            extra: extra.map(str::to_owned).collect(),
            environment: vec![("ORB_TOKEN".to_owned(), self.server.token("wm1", "operator", 3_600)?)],
            ..ManagerOptions::default()
        })
    }

    /// The manager returns everything, and ends well; it has asked nothing of AWS itself.
    fn ends_clean(&self, manager: &mut Manager) -> Result<()> {
        manager.terminate();
        let status = manager.wait(20.0).map_err(|failure| self.ec2.explain(failure))?;
        self.ec2.check(status.code() == Some(0), "exit code 0", status)?;
        self.ec2.until_nothing_left(20.0)?;
        let calls = self.ec2.cloud.proxy.calls();
        self.ec2.check(calls.is_empty(), "no call of the manager's own", format!("{calls:?}"))
    }
}

fn ids(units: &[Instance]) -> BTreeSet<String> {
    units.iter().map(|unit| unit.id.clone()).collect()
}

#[test]
fn results_come_from_processes_of_machines_that_come_and_go() -> Result<()> {
    let rig = Rig::new(false, OrbServer::RUN)?;
    let ec2 = &rig.ec2;
    let mut manager = rig.manager()?;
    // The template says what workers are told.
    let said = manager.log().lines_with(&["WARN", "do not reach the workers", "per_worker_task_queue_size"]);
    ec2.check(said.len() == 1, "a word about options that do nothing", manager.log().tail(20))?;
    ec2.work_in_two_units(0.4, 90.0)?;
    // Nothing is left to do, and so nothing is wanted.
    ec2.until_nothing_left(30.0)?;
    // By a return: it does not end by itself as long as its workers run.
    for instance in ec2.cloud.emulator.instances()? {
        ec2.check(instance.state_reason.contains("User"), "an end by a return", format!("{instance:?}"))?;
    }
    rig.ends_clean(&mut manager)
}

#[test]
fn a_killed_manager_finds_its_machines_again_and_a_dead_one_is_replaced() -> Result<()> {
    let rig = Rig::new(true, OrbServer::FLEET)?;
    let ec2 = &rig.ec2;
    let mut first = rig.manager()?;
    ec2.stack.wish(4)?;
    let units = ec2.until_settled(2, 4, 60.0)?;
    first.kill();
    let mut second = rig.manager()?;
    ec2.until("the second manager to know of both", 20.0, || {
        (!second.log().lines_with(&["target changed", "units=2"]).is_empty()).then_some(())
    })?;
    ec2.check(ids(&ec2.units()?) == ids(&units), "the same machines", "others")?;
    // Its workers cannot take their leave; they are told as dead, in their own names, as they are traced to their machine:
    // the scheduler by itself takes 60 s to notice.
    ec2.cloud.emulator.kill_unit(&units[0]);
    ec2.cloud.emulator.terminate(&units[0])?;
    ec2.until("another machine in its place", 40.0, || {
        let there = ids(&ec2.units().ok()?);
        let (ever, now) = (ec2.scheduler().ever_connected(), ec2.connected());
        (there.len() == 2 && !there.contains(&units[0].id) && (ever, now) == (6, 4)).then_some(())
    })?;
    rig.ends_clean(&mut second)
}
