//! The provider by itself: machines asked for, seen, and returned.

use std::time::{Duration, Instant};

use scaler_wm_core::{
    Clock, Error, ErrorKind, LaunchId, ManagerId, OpenLaunch, Provider, Settled, Stop, StopAnswer, Tier, Unit, UnitId,
    UnitState,
};
use scaler_wm_ec2::{OrbConfig, OrbProvider};
use scaler_wm_tests::{Ec2Cloud, Ec2Options, Failure, OrbServer, Result, Shortage};
use tokio::runtime::Runtime;

/// A server before a cloud, and a provider over it.
struct Rig {
    runtime: Runtime,
    server: OrbServer,
    cloud: Ec2Cloud,
    provider: OrbProvider,
    open: Vec<OpenLaunch>,
}

fn config(server: &OrbServer, template: &str, role: &str) -> Result<OrbConfig> {
    let mut config = OrbConfig::new(server.url(), template, ManagerId::from("m 1"));
    config.token = Some(server.token("somebody", role, 3_600)?);
    config.observe_every = Duration::from_millis(300);
    Ok(config)
}

fn told(error: Error) -> Failure {
    Failure::new("use the provider", error)
}

impl Rig {
    fn new(template: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let cloud = Ec2Cloud::start(&Ec2Options { executes: false, ..Ec2Options::default() })?;
        let server = OrbServer::start(&cloud)?;
        let provider = runtime.block_on(OrbProvider::start(config(&server, template, "operator")?)).map_err(told)?;
        Ok(Self { runtime, server, cloud, provider, open: Vec::new() })
    }

    fn launch(&mut self, count: u32) -> Result<()> {
        let count = count.try_into().expect("not 0");
        let launch = self.provider.prepare(count, &Tier::default(), Clock::system().now()).map_err(told)?;
        let launched = self.runtime.block_on(self.provider.launch(&launch)).map_err(told)?;
        assert!(launched.units.is_empty() && launched.failed.is_empty());
        self.open.push(OpenLaunch { launch, receipt: launched.receipt });
        Ok(())
    }

    /// Looks until `is_so`; all units that were told of, and the outcome of the launches that settled.
    fn look(&mut self, what: &str, is_so: impl Fn(&[Unit]) -> bool) -> Result<(Vec<Unit>, Vec<Settled>)> {
        let end = Instant::now() + Duration::from_secs(30);
        let mut settled = Vec::new();
        loop {
            let observed = self.runtime.block_on(self.provider.observe(&self.open)).map_err(told)?;
            self.open.retain(|open| observed.settled.iter().all(|(launch, _)| *launch != open.launch.id));
            settled.extend(observed.settled.into_iter().map(|(_, settled)| settled));
            let units: Vec<Unit> = observed.units.iter().map(|unit| (**unit).clone()).collect();
            if is_so(&units) {
                return Ok((units, settled));
            }
            if Instant::now() > end {
                return Err(
                    Failure::new(format!("see {what}"), format!("{units:?}")).with_context(self.server.log().tail(30))
                );
            }
            self.wait();
        }
    }

    fn running(&mut self, count: usize) -> Result<(Vec<UnitId>, Vec<Settled>)> {
        let all_run =
            |units: &[Unit]| units.len() == count && units.iter().all(|unit| unit.state == UnitState::Running);
        let (units, settled) = self.look("machines that run", all_run)?;
        Ok((units.into_iter().map(|unit| unit.id).collect(), settled))
    }

    /// Until all is to be asked about again.
    fn wait(&self) {
        self.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(320)).await });
    }

    /// The instances in this state.
    fn instances(&self, state: &str) -> Result<Vec<String>> {
        let mut instances = self.cloud.emulator.instances()?;
        instances.retain(|instance| instance.state == state);
        let mut ids: Vec<String> = instances.into_iter().map(|instance| instance.id).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    fn stop(&self, units: &[UnitId]) -> Vec<std::result::Result<StopAnswer, ErrorKind>> {
        let answers = self.runtime.block_on(self.provider.stop(units, Stop::Now));
        answers.into_iter().map(|(_, answer)| answer.map_err(|error| error.kind())).collect()
    }
}

fn is_gone(unit: &Unit) -> bool {
    matches!(unit.state, UnitState::Gone(_))
}

fn names(units: &[UnitId]) -> Vec<&str> {
    let mut names: Vec<&str> = units.iter().map(UnitId::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn machines_come_and_go() -> Result<()> {
    let mut rig = Rig::new(OrbServer::RUN)?;
    assert_eq!(rig.provider.info().largest_batch.get(), 10);
    for _ in 0..2 {
        rig.launch(1)?;
    }
    let (units, settled) = rig.running(2)?;
    assert_eq!(names(&units), rig.instances("running")?);
    assert_eq!(settled.len(), 2);
    assert!(settled.iter().all(|settled| settled.units.len() == 1 && settled.missing == 0));

    assert_eq!(rig.stop(&units), [Ok(StopAnswer::Accepted); 2]);
    let (units, _) = rig.look("both to be gone", |units| units.iter().any(is_gone))?;
    for unit in units.iter().filter(|unit| is_gone(unit)) {
        let UnitState::Gone(exit) = &unit.state else { continue };
        assert!(exit.asked && exit.sure, "{unit:?}");
    }
    rig.look("nothing", |units| units.is_empty())?;
    assert!(rig.instances("running")?.is_empty());
    assert_eq!(rig.instances("terminated")?.len(), 2);
    Ok(())
}

#[test]
fn what_came_of_a_request_counts() -> Result<()> {
    let mut rig = Rig::new(OrbServer::RUN)?;
    rig.cloud.emulator.set_shortages(&[Shortage::of("t3.medium", 1)])?;
    rig.launch(3)?;
    let (units, settled) = rig.running(1)?;
    assert_eq!(settled, [Settled { units: units.clone(), missing: 2 }]);
    assert_eq!(names(&units), rig.instances("running")?);
    Ok(())
}

#[test]
fn machines_of_a_fleet_come_and_go() -> Result<()> {
    let mut rig = Rig::new(OrbServer::FLEET)?;
    rig.launch(2)?;
    let (units, _) = rig.running(2)?;
    assert_eq!(names(&units), rig.instances("running")?);
    assert_eq!(rig.stop(&units), [Ok(StopAnswer::Accepted); 2]);
    rig.look("nothing", |units| units.is_empty())?;
    assert!(rig.instances("running")?.is_empty());
    Ok(())
}

#[test]
fn machines_that_die_or_are_stopped_are_noticed() -> Result<()> {
    let mut rig = Rig::new(OrbServer::RUN)?;
    for _ in 0..3 {
        rig.launch(1)?;
    }
    let (units, _) = rig.running(3)?;
    let dead = rig.cloud.emulator.instance(units[0].as_str())?;
    rig.cloud.emulator.terminate(&dead)?;
    let (seen, _) = rig.look("the dead machine", |units| units.iter().any(is_gone))?;
    let gone: Vec<&Unit> = seen.iter().filter(|unit| is_gone(unit)).collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].id, units[0]);
    let UnitState::Gone(exit) = &gone[0].state else { unreachable!("it is gone") };
    assert!(!exit.asked && exit.sure && exit.is_crash(), "{exit:?}");

    // One that is stopped costs and does nothing: it is returned.
    rig.cloud.emulator.client().ec2("StopInstances", &[("InstanceId.1", units[1].as_str())])?.ok()?;
    rig.look("the stopped machine go", |seen| seen.iter().all(|unit| unit.id == units[2]))?;
    assert_eq!(rig.instances("running")?, names(&units[2..]));
    assert!(rig.instances("stopped")?.is_empty());
    Ok(())
}

#[test]
fn a_server_that_starts_again_has_forgotten_nothing() -> Result<()> {
    let mut rig = Rig::new(OrbServer::RUN)?;
    rig.launch(1)?;
    let (units, _) = rig.running(1)?;
    rig.server.kill();
    rig.wait();
    let observed = rig.runtime.block_on(rig.provider.observe(&[]));
    assert_eq!(observed.map(drop).map_err(|error| error.kind()), Err(ErrorKind::Transient));
    // Nobody listens: it is certain that nothing was done.
    let launch = rig.provider.prepare(1.try_into().expect("not 0"), &Tier::default(), Clock::system().now());
    let error = rig.runtime.block_on(rig.provider.launch(&launch.map_err(told)?)).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
    rig.server.start_again()?;
    assert_eq!(rig.running(1)?.0, units);
    assert_eq!(rig.stop(&units), [Ok(StopAnswer::Accepted)]);
    rig.look("nothing", |units| units.is_empty())?;
    assert!(rig.instances("running")?.is_empty());
    Ok(())
}

#[test]
fn another_process_finds_receipts_and_machines_again() -> Result<()> {
    let mut rig = Rig::new(OrbServer::RUN)?;
    rig.launch(1)?;
    let (units, _) = rig.running(1)?;
    // A receipt that nobody has followed up.
    rig.launch(1)?;
    let launch = rig.open[0].launch.id.clone();
    let next = OrbProvider::start(config(&rig.server, OrbServer::RUN, "operator")?);
    rig.provider = rig.runtime.block_on(next).map_err(told)?;
    rig.provider.remember_launch(&LaunchId::from("earlier"), &[units[0].clone(), UnitId::from("i-0123456789abcdef0")]);
    let (found, settled) = rig.running(2)?;
    assert_eq!(names(&found), rig.instances("running")?);
    assert_eq!(settled.len(), 1);
    let (seen, _) = rig.look("both", |units| units.len() == 2)?;
    let of_launch: Vec<&Unit> = seen.iter().filter(|unit| unit.launch.as_ref() == Some(&launch)).collect();
    assert_eq!(of_launch.len(), 1);
    assert_eq!(rig.stop(&found), [Ok(StopAnswer::Accepted); 2]);
    rig.look("nothing", |units| units.is_empty())?;
    assert!(rig.instances("running")?.is_empty());
    Ok(())
}

#[test]
fn who_may_not_is_told_what_to_do() -> Result<()> {
    let rig = Rig::new(OrbServer::RUN)?;
    let refused = |config: OrbConfig| {
        let error = rig.runtime.block_on(OrbProvider::start(config.clone())).expect_err("it must be refused");
        let token = config.token.unwrap_or_default();
        assert!(token.is_empty() || !format!("{error:?} {error}").contains(&token));
        (error.kind(), error.to_string())
    };
    let (kind, text) = refused(config(&rig.server, "nothing", "operator")?);
    assert_eq!(kind, ErrorKind::Invalid);
    assert!(
        text.contains("has no template nothing") && (text.contains("fleet, run") || text.contains("run, fleet")),
        "{text}"
    );
    let (kind, text) = refused(config(&rig.server, OrbServer::RUN, "viewer")?);
    assert_eq!(kind, ErrorKind::Denied);
    assert!(text.contains("role `viewer`") && text.contains("`operator`"), "{text}");
    let mut expired = config(&rig.server, OrbServer::RUN, "operator")?;
    expired.token = Some(rig.server.token("somebody", "operator", -60)?);
    let mut none = expired.clone();
    none.token = None;
    for config in [expired, none] {
        let (kind, text) = refused(config);
        assert_eq!(kind, ErrorKind::Denied);
        assert!(text.contains("--orb-token"), "{text}");
    }
    assert!(!rig.server.log().text().contains("POST"));
    Ok(())
}
