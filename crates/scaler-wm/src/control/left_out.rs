//! In the place of the control plane, in a build without it.

use std::path::Path;

use scaler_wm_core::{
    Check,
    control::Control,
    options::{CONTROL, Origin, Values},
};

use crate::{config::ManagerConfig, exit::Failure};

/// Nothing to listen at.
pub(crate) struct Plan;

impl Plan {
    /// Makes sure that nobody waits for what is not there.
    ///
    /// # Errors
    /// When an option is given that asks for it.
    pub(crate) fn new<'a>(managers: impl IntoIterator<Item = &'a ManagerConfig>) -> Result<Self, Failure> {
        for config in managers {
            let given = CONTROL
                .iter()
                .find(|spec| *config.values.origin(spec.key) != Origin::Default && asks(&config.values, spec.key));
            if let Some(spec) = given {
                let problem =
                    "this build has no control plane, it was made without the cargo feature `control`; leave this out";
                return Err(config.values.problem(spec.key, problem).into());
            }
        }
        Ok(Self)
    }

    /// Nothing to look at.
    pub(crate) const fn checks(&self) -> Vec<Check> {
        Vec::new()
    }

    pub(crate) async fn open(self) -> Result<Listening, Failure> {
        Ok(Listening {})
    }
}

fn asks(values: &Values, key: &str) -> bool {
    !(key == "control_socket" && values.text(key) == "none")
}

/// Nothing listens.
#[derive(Default)]
pub(crate) struct Listening {}

impl Listening {
    pub(crate) fn add(&self, _: &Control, _: &'static str) {}

    pub(crate) async fn end(self) {}
}

/// Nothing listens.
pub(crate) fn socket(_: &ManagerConfig, _: &Control, _: &Path) -> Result<Listening, Failure> {
    Ok(Listening {})
}
