//! What every provider has to do.

pub mod checks;
mod executor;
mod watched;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
pub use executor::{ExecutorFixture, executor_suite};
use scaler_wm_core::{Provider, UnitId};

/// A provider under test, and what a test can do to its units.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// A fresh provider without units.
    async fn provider(&self) -> Arc<dyn Provider>;

    /// Ends a unit of the last provider from outside, as an accident would.
    async fn kill(&self, unit: &UnitId);

    /// Whether the end of a unit ticks by itself; else it is seen at the next look.
    fn tells_accidents(&self) -> bool {
        true
    }

    /// How long a check may wait for what has to happen.
    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }
}

/// Runs every check, each with a fresh provider.
///
/// # Panics
/// When a check fails; the message begins with its name.
pub async fn provider_suite(fixture: &dyn Fixture) {
    checks::info_is_sane(fixture).await;
    checks::prepare_calls_nothing(fixture).await;
    checks::launched_units_are_listed(fixture).await;
    checks::a_repeated_launch_is_the_same_request(fixture).await;
    checks::a_killed_unit_is_told_as_gone_once(fixture).await;
    checks::an_ended_unit_is_told_as_asked(fixture).await;
    checks::questions_are_answered_one_by_one(fixture).await;
    checks::an_idle_unit_leaves_when_asked(fixture).await;
    checks::a_resume_does_no_harm(fixture).await;
    checks::a_hand_back_of_an_idle_unit_ends_it(fixture).await;
    checks::changes_are_told(fixture).await;
}
