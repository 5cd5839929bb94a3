//! The backends of this build. No other file names one.

use std::{future::Future, pin::Pin, sync::Arc};

use scaler_wm_core::{
    ManagerId, Provider,
    options::{OptionSpec, Values},
};

use crate::exit::Failure;

/// One kind of manager.
pub(crate) struct Backend {
    /// What users write: the subcommand, and `type` in TOML.
    pub(crate) name: &'static str,
    /// One line for the list of types.
    pub(crate) about: &'static str,
    /// Its options beyond the common ones.
    pub(crate) options: &'static [OptionSpec],
    /// A command line to start from.
    pub(crate) example: &'static str,
    /// Makes the provider.
    pub(crate) build: Build,
}

/// Makes a provider of checked values.
type Build = fn(Values, ManagerId) -> Pin<Box<dyn Future<Output = Result<Arc<dyn Provider>, Failure>>>>;

/// The backends of this build.
pub(crate) const BACKENDS: &[Backend] = &[
    #[cfg(feature = "native")]
    Backend {
        name: "baremetal_native",
        about: "Local Python workers",
        options: scaler_wm_native::OPTIONS,
        example: "scaler-wm baremetal_native tcp://127.0.0.1:8516 --max-task-concurrency 8",
        build: |values, manager| {
            Box::pin(async move {
                let config = scaler_wm_native::NativeConfig::from_values(&values, &manager)?;
                let provider = scaler_wm_native::NativeProvider::start(config).await.map_err(Failure::setup)?;
                Ok(Arc::new(provider) as Arc<dyn Provider>)
            })
        },
    },
];

/// Kinds of managers that the released package has and this build does not, with what brings them.
pub(crate) const ELSEWHERE: &[(&str, &str)] = &[
    #[cfg(not(feature = "native"))]
    ("baremetal_native", "build with `--features native`"),
    ("aws_raw_ecs", "not in this version yet"),
    ("orb_aws_ec2", "not in this version yet"),
    ("aws_hpc", "not in this version yet"),
    ("symphony", "not in this version yet"),
];

/// The backend of that name, as far as this build has it.
pub(crate) fn find(name: &str) -> Option<&'static Backend> {
    BACKENDS.iter().find(|backend| backend.name == name)
}

/// What brings a kind of manager that this build lacks; `None` for what is no kind at all.
pub(crate) fn elsewhere(name: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(kind, _)| *kind == name).map(|(_, what)| *what)
}
