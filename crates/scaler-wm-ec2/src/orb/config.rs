//! What the provider is told.

use std::{fmt, num::NonZeroU32, time::Duration};

use scaler_wm_core::ManagerId;

/// Where the server is, and which of its templates is used.
#[derive(Clone)]
pub struct OrbConfig {
    /// Its address, such as `http://orb.example:8000`.
    pub url: String,
    /// The bearer token that it wants; none where it asks for none. Never shown.
    pub token: Option<String>,
    /// The template, which must exist there.
    pub template_id: String,
    /// Workers that the template's machines start.
    pub workers_per_unit: NonZeroU32,
    /// The manager, as the server's log is to know it.
    pub manager: ManagerId,
    /// How long a machine may take until a worker of its has reached the scheduler.
    pub ready_within: Duration,
    /// How long between two looks at what runs.
    pub observe_every: Duration,
    /// The most machines at a time, beside the template's own limit.
    pub most_machines: Option<u32>,
}

impl OrbConfig {
    /// One worker a machine, ten minutes to come up, a look every ten seconds.
    #[must_use]
    pub fn new(url: impl Into<String>, template_id: impl Into<String>, manager: ManagerId) -> Self {
        Self {
            url: url.into(),
            token: None,
            template_id: template_id.into(),
            workers_per_unit: NonZeroU32::MIN,
            manager,
            ready_within: Duration::from_secs(600),
            observe_every: Duration::from_secs(10),
            most_machines: None,
        }
    }
}

impl fmt::Debug for OrbConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrbConfig")
            .field("url", &self.url)
            .field("has_token", &self.token.is_some())
            .field("template_id", &self.template_id)
            .field("workers_per_unit", &self.workers_per_unit)
            .field("manager", &self.manager)
            .field("ready_within", &self.ready_within)
            .field("observe_every", &self.observe_every)
            .field("most_machines", &self.most_machines)
            .finish()
    }
}
