//! The infrastructure, as the manager's calls meet it.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_core::{
    ErrorKind, Launch, LaunchId, Launched, Observed, OpenLaunch, Provider, ProviderInfo, Receipt, Result, Stop,
    StopAnswer, Tier, Timestamp, Token, UnitId,
};
use tokio::sync::watch;

use super::{
    CallKind, Point, Spoiled,
    world::{Shared, Way, World, look},
};

/// Goes on, unless the process is killed at this point: then nothing of it goes on.
pub(super) async fn wait_at(world: &Shared, point: Point) {
    let is_killed = look(world).is_killed_at(point);
    if is_killed {
        std::future::pending::<()>().await;
    }
}

async fn takes(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// How long a sweep takes, and to let go of units.
const SWEEP: u64 = 50;

pub(super) struct ChaosProvider {
    info: ProviderInfo,
    world: Shared,
    changed: watch::Receiver<u64>,
}

impl ChaosProvider {
    pub(super) fn new(world: &Shared) -> Self {
        let (info, changed) = {
            let world = look(world);
            (world.setup.info(), world.life.changed.subscribe())
        };
        Self { info, world: Arc::clone(world), changed }
    }
}

#[async_trait]
impl Provider for ChaosProvider {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        let mut world = look(&self.world);
        let number = world.orders.len() + 1;
        let launch = Launch {
            id: LaunchId::from(format!("launch-{number}")),
            token: Token::from(format!("token-{number}")),
            count,
            tier: tier.clone(),
            at: now,
            spec: Bytes::new(),
        };
        let is_spare = world.judge_plan(&launch);
        world.orders.planned(&launch, is_spare);
        Ok(launch)
    }

    fn remember_launch(&self, _launch: &LaunchId, units: &[UnitId]) {
        look(&self.world).life.remembered.extend(units.iter().cloned());
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        wait_at(&self.world, Point::Calling).await;
        let way = {
            let mut world = look(&self.world);
            world.judge_call(launch);
            let way = world.call(CallKind::Launch);
            world.note(|| format!("{} for {} units ({}) is called", launch.id, launch.count, launch.token));
            world.sent(&way, launch);
            way
        };
        takes(way.there).await;
        let answer = look(&self.world).carry_out(launch, &way);
        wait_at(&self.world, Point::Carried).await;
        takes(way.back).await;
        wait_at(&self.world, Point::Answered).await;
        look(&self.world).launch_answered(launch, &answer);
        answer
    }

    async fn observe(&self, open: &[OpenLaunch]) -> Result<Observed> {
        wait_at(&self.world, Point::Looking).await;
        let way = look(&self.world).call(CallKind::Look);
        takes(way.there).await;
        let answer = look(&self.world).see(open, &way);
        takes(way.back).await;
        wait_at(&self.world, Point::Looked).await;
        look(&self.world).look_answered(&answer);
        answer
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        wait_at(&self.world, Point::Asking).await;
        let (way, wanted) = {
            let mut world = look(&self.world);
            world.judge_question(units, how);
            (world.call(CallKind::Stop), world.life.told_wish)
        };
        takes(way.there).await;
        let answers = look(&self.world).ask(units, how, &way, wanted);
        wait_at(&self.world, Point::Asked).await;
        takes(way.back).await;
        wait_at(&self.world, Point::Replied).await;
        look(&self.world).units_answered(how, &answers);
        answers
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }

    async fn sweep(&self) -> Result<()> {
        wait_at(&self.world, Point::Sweeping).await;
        takes(SWEEP).await;
        wait_at(&self.world, Point::Swept).await;
        Ok(())
    }

    async fn leave(&self) -> Result<()> {
        wait_at(&self.world, Point::Leaving).await;
        takes(SWEEP).await;
        wait_at(&self.world, Point::Left).await;
        Ok(())
    }
}

impl World {
    fn carry_out(&mut self, launch: &Launch, way: &Way) -> Result<Launched> {
        self.arrived(way);
        let now = self.now;
        let (mut count, mut missing) = (launch.count.get(), None);
        let fails = match way.spoiled {
            Some(Spoiled::Fails(kind)) => {
                if kind == ErrorKind::Transient && self.rng.bool() {
                    self.cloud.carry_out(&self.setup, launch, count, now);
                }
                Some(kind)
            }
            Some(Spoiled::Late(millis)) => {
                self.cloud.late.push((now + millis, launch.clone()));
                Some(ErrorKind::Transient)
            }
            Some(Spoiled::LosesReply) => {
                self.cloud.carry_out(&self.setup, launch, count, now);
                Some(ErrorKind::Transient)
            }
            Some(Spoiled::Partly(fewer, kind)) => {
                if !self.cloud.stands_for_one(&self.setup, &launch.token, now) {
                    missing = Some((fewer.min(count), kind));
                    count = count.saturating_sub(fewer);
                }
                self.cloud.carry_out(&self.setup, launch, count, now);
                None
            }
            Some(Spoiled::Takes(_)) | None => {
                self.cloud.carry_out(&self.setup, launch, count, now);
                None
            }
        };
        self.judge_new_units();
        self.changed();
        if let Some(kind) = fails {
            return Err(self.error(kind));
        }
        let receipt = self.setup.receipts.then(|| Receipt(launch.token.as_str().to_owned().into()));
        let failed = match missing {
            Some((fewer, kind)) if receipt.is_none() => (0..fewer).map(|_| self.error(kind)).collect(),
            _ => Vec::new(),
        };
        let units = self.cloud.units_of(&launch.token, now, &self.life);
        Ok(Launched { units, receipt, failed })
    }

    fn launch_answered(&mut self, launch: &Launch, answer: &Result<Launched>) {
        self.note(|| match answer {
            Ok(launched) => {
                let units: Vec<&str> = launched.units.iter().map(|unit| unit.id.as_str()).collect();
                format!(
                    "{} brings {}",
                    launch.id,
                    if units.is_empty() { "nothing yet".to_owned() } else { units.join(" ") }
                )
            }
            Err(error) => format!("{} fails: {}", launch.id, error.kind()),
        });
        match answer {
            Ok(launched) => {
                launched.units.iter().for_each(|unit| self.life.hears_of(unit));
                self.life.remembered.extend(launched.units.iter().map(|unit| unit.id.clone()));
                if launched.receipt.is_none() {
                    self.orders.closed(&launch.id);
                } else {
                    self.orders.awaited(&launch.id);
                }
                let is_fatal = launched.failed.iter().any(|error| error.kind().is_fatal());
                if is_fatal && self.life.has_no_unit() {
                    self.may_end();
                }
            }
            Err(error) => {
                self.orders.failed(&launch.id, error.kind(), &self.setup);
                // What an earlier process wanted is no reason to end.
                let is_ours = self.orders.get(&launch.id).is_some_and(|order| !order.is_adopted);
                if error.kind().is_fatal() && is_ours && self.life.has_no_unit() {
                    self.may_end();
                }
            }
        }
    }

    fn see(&mut self, open: &[OpenLaunch], way: &Way) -> Result<Observed> {
        match way.spoiled {
            Some(Spoiled::Fails(kind)) => return Err(self.error(kind)),
            Some(Spoiled::LosesReply | Spoiled::Late(_) | Spoiled::Partly(..)) => {
                return Err(self.error(ErrorKind::Transient));
            }
            Some(Spoiled::Takes(_)) | None => {}
        }
        let stale = self.rng.u64(0..=self.setup.lag);
        let with_receipt = open.iter().filter(|open| open.receipt.is_some());
        let came = with_receipt.filter_map(|open| self.cloud.made.get(&open.launch.token));
        self.life.remembered.extend(came.flat_map(|made| made.units.iter().cloned()));
        let units = self.cloud.list(&self.setup, self.now, stale, &self.life);
        Ok(Observed { units, settled: self.cloud.settled(open) })
    }

    fn look_answered(&mut self, answer: &Result<Observed>) {
        match answer {
            Ok(observed) => {
                self.life.has_looked = true;
                self.cloud.told(&observed.units);
                observed.units.iter().for_each(|unit| self.life.hears_of(unit));
                observed.settled.iter().for_each(|(launch, _)| self.orders.closed(launch));
            }
            Err(error) if error.kind().is_fatal() && !self.life.has_looked => self.may_end(),
            Err(_) => {}
        }
    }

    fn ask(
        &mut self,
        units: &[UnitId],
        how: Stop,
        way: &Way,
        wanted: Option<u32>,
    ) -> Vec<(UnitId, Result<StopAnswer>)> {
        let now = self.now;
        let mut answers = Vec::new();
        for (place, unit) in (0..).zip(units) {
            let fails = match way.spoiled {
                Some(Spoiled::Fails(kind)) => Some((kind, kind == ErrorKind::Transient && self.rng.bool())),
                Some(Spoiled::LosesReply) => Some((ErrorKind::Transient, true)),
                Some(Spoiled::Late(_)) => Some((ErrorKind::Transient, false)),
                Some(Spoiled::Partly(fewer, kind)) if place < fewer => Some((kind, false)),
                Some(Spoiled::Takes(_) | Spoiled::Partly(..)) | None => None,
            };
            let answer = match fails {
                Some((kind, is_done)) => {
                    if is_done {
                        drop(self.cloud.stop(&self.setup, unit, how, now));
                    }
                    Err(self.error(kind))
                }
                None => self.cloud.stop(&self.setup, unit, how, now),
            };
            if how == Stop::Resume && matches!(answer, Ok(StopAnswer::Accepted)) {
                self.judge_resumed(unit, wanted);
            }
            answers.push((unit.clone(), answer));
        }
        self.changed();
        answers
    }
}
