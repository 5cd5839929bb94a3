//! The provider trait over the units in memory.

use std::{num::NonZeroU32, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_core::{
    Error, ErrorKind, Launch, LaunchId, Launched, Observed, OpenLaunch, Provider, ProviderInfo, Result, Stop,
    StopAnswer, Tier, Timestamp, Token, UnitId,
};
use tokio::sync::watch;

use super::{Call, CallKind, MemoryProvider, NextLaunch};

#[async_trait]
impl Provider for MemoryProvider {
    fn info(&self) -> &ProviderInfo {
        &self.inner.settings.info
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        let refuse = |why: String| Err(Error::new(ErrorKind::Invalid, "prepare a launch in memory", why));
        if !self.info().tiers.contains(tier) {
            return refuse(format!("there is no tier {tier}"));
        }
        if count > self.info().largest_batch {
            return refuse(format!("{count} units are more than one call can bring"));
        }
        let number = self.state().number();
        Ok(Launch {
            id: LaunchId::from(format!("launch-{number}")),
            token: Token::from(format!("token-{number}")),
            count,
            tier: tier.clone(),
            at: now,
            spec: Bytes::new(),
        })
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        let now = self.now();
        let (answer, follow_after) = {
            let mut state = self.state();
            state.calls.push(Call::Launch { at: now, launch: launch.clone() });
            let follow_after = match state.script.front() {
                Some(NextLaunch::Follows(_, after)) => *after,
                _ => Duration::ZERO,
            };
            (state.launch(&self.inner.settings, launch, now), follow_after)
        };
        self.tick_with_time();
        self.tick_after(follow_after);
        self.delay(CallKind::Launch).await;
        answer
    }

    async fn observe(&self, open: &[OpenLaunch]) -> Result<Observed> {
        let now = self.now();
        let answer = {
            let mut state = self.state();
            let ids = open.iter().map(|open| open.launch.id.clone()).collect();
            state.calls.push(Call::Observe { at: now, open: ids });
            if state.is_blind {
                Err(Error::new(ErrorKind::Transient, "list units in memory", "the test says so"))
            } else {
                let units = state.list(self.inner.settings.lag, now);
                Ok(Observed { units, settled: state.settle(open, now) })
            }
        };
        self.delay(CallKind::Observe).await;
        answer
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        let now = self.now();
        let answers = {
            let mut state = self.state();
            state.calls.push(Call::Stop { at: now, units: units.to_vec(), how });
            units.iter().map(|unit| (unit.clone(), state.stop(&self.inner.settings, unit, how, now))).collect()
        };
        self.tick_with_time();
        self.delay(CallKind::Stop).await;
        answers
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    async fn sweep(&self) -> Result<()> {
        let now = self.now();
        let mut state = self.state();
        state.calls.push(Call::Sweep { at: now });
        let left: Vec<&str> = state.existing(now).map(|unit| unit.id.as_str()).collect();
        if left.is_empty() || self.info().ends_by_itself {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Failed, "sweep", format!("still there: {}", left.join(", "))))
    }
}
