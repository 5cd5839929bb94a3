//! From options to a configuration.

use std::num::NonZeroU32;

use scaler_wm_core::{
    ManagerId,
    options::{OptionError, Values, WORKER},
};
use tracing::warn;

use super::OrbConfig;
use crate::{SECTION, options::is_given};

/// Options of the manager that are about its workers.
const ABOUT_WORKERS: &[&str] = &["worker_scheduler_address", "object_storage_address"];
/// An option of workers that is the manager's as well.
const ALSO_OURS: &str = "heartbeat_interval_seconds";

impl OrbConfig {
    /// The configuration that these values of [`SECTION`]'s options describe; `None` where they name no ORB server.
    ///
    /// # Errors
    /// When values that are right by themselves do not go together.
    pub fn from_values(values: &Values, manager: &ManagerId) -> Result<Option<Self>, OptionError> {
        (SECTION.check)(values)?;
        let (Some(url), Some(template_id)) = (values.maybe_text("orb_url"), values.maybe_text("orb_template_id"))
        else {
            return Ok(None);
        };
        tell_what_does_nothing(values);
        let workers = values.fitting::<u32>("orb_workers_per_machine")?;
        Ok(Some(Self {
            token: values.maybe_secret("orb_token").map(|token| token.expose().to_owned()),
            workers_per_unit: NonZeroU32::new(workers).unwrap_or(NonZeroU32::MIN),
            ready_within: values.seconds("ready_timeout_seconds"),
            observe_every: values.seconds("observe_interval_seconds"),
            ..Self::new(url, template_id, manager.clone())
        }))
    }
}

/// What every manager has is not refused here, as files may have it for all of theirs.
fn tell_what_does_nothing(values: &Values) {
    let of_workers = WORKER.iter().map(|spec| spec.key).filter(|key| *key != ALSO_OURS);
    let keys: Vec<&str> = of_workers.chain(ABOUT_WORKERS.iter().copied()).filter(|key| is_given(values, key)).collect();
    if !keys.is_empty() {
        warn!(
            options = ?keys,
            "these options do not reach the workers of an ORB server's machines: its template's user data starts them, and \
             must say the same"
        );
    }
    if is_given(values, "aws_region") {
        warn!("aws_region is not used: the ORB server's own configuration says in which region machines start");
    }
}
