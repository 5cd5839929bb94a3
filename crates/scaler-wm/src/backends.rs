//! The backends of this build. No other file names one.

use std::{future::Future, pin::Pin, sync::Arc};

use scaler_wm_core::{ManagerId, Provider, options::Values};
use scaler_wm_options::{AWS_HPC, AWS_RAW_ECS, BAREMETAL_NATIVE, ORB_AWS_EC2, SYMPHONY, Section};

use crate::exit::Failure;

/// One kind of manager. Each is declared in every build; what runs it may not be there.
pub(crate) struct Kind {
    /// Its options.
    pub(crate) section: &'static Section,
    /// What makes its provider.
    pub(crate) backend: Backend,
}

/// What makes the provider of a kind.
pub(crate) enum Backend {
    /// It is in this build.
    #[cfg_attr(
        not(any(feature = "native", feature = "ec2", feature = "ecs")),
        expect(dead_code, reason = "a build without a backend has none to make")
    )]
    Built(Build),
    /// It would be, with this cargo feature.
    #[cfg_attr(
        all(feature = "native", feature = "ec2", feature = "ecs"),
        expect(dead_code, reason = "this build leaves out no backend")
    )]
    LeftOut(&'static str),
    /// It is not written yet; it will come with this cargo feature.
    ToCome(&'static str),
}

/// Makes a provider of checked values.
type Build = fn(Values, ManagerId) -> Pin<Box<dyn Future<Output = Result<Arc<dyn Provider>, Failure>>>>;

#[cfg(feature = "native")]
const NATIVE: Backend = Backend::Built(|values, manager| {
    Box::pin(async move {
        let config = scaler_wm_native::NativeConfig::from_values(&values, &manager)?;
        let provider = scaler_wm_native::NativeProvider::start(config).await.map_err(Failure::setup)?;
        Ok(Arc::new(provider) as Arc<dyn Provider>)
    })
});
#[cfg(not(feature = "native"))]
const NATIVE: Backend = Backend::LeftOut("native");

#[cfg(feature = "ecs")]
const ECS: Backend = Backend::Built(|values, manager| {
    Box::pin(async move {
        let config = scaler_wm_ecs::EcsConfig::from_values(&values, &manager)?;
        let provider = scaler_wm_ecs::EcsProvider::start(config).await.map_err(Failure::setup)?;
        Ok(Arc::new(provider) as Arc<dyn Provider>)
    })
});
#[cfg(not(feature = "ecs"))]
const ECS: Backend = Backend::LeftOut("ecs");

#[cfg(feature = "ec2")]
const EC2: Backend = Backend::Built(|values, manager| {
    Box::pin(async move {
        if let Some(config) = scaler_wm_ec2::OrbConfig::from_values(&values, &manager)? {
            let provider = scaler_wm_ec2::OrbProvider::start(config).await.map_err(Failure::setup)?;
            return Ok(Arc::new(provider) as Arc<dyn Provider>);
        }
        let config = scaler_wm_ec2::Ec2Config::from_values(&values, &manager)?;
        let provider = scaler_wm_ec2::Ec2Provider::start(config).await.map_err(Failure::setup)?;
        Ok(Arc::new(provider) as Arc<dyn Provider>)
    })
});
#[cfg(not(feature = "ec2"))]
const EC2: Backend = Backend::LeftOut("ec2");

/// Every kind of manager.
pub(crate) const KINDS: &[Kind] = &[
    Kind { section: &BAREMETAL_NATIVE, backend: NATIVE },
    Kind { section: &AWS_RAW_ECS, backend: ECS },
    Kind { section: &ORB_AWS_EC2, backend: EC2 },
    Kind { section: &AWS_HPC, backend: Backend::ToCome("batch") },
    Kind { section: &SYMPHONY, backend: Backend::ToCome("symphony") },
];

/// The kind of that name.
pub(crate) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.section.name == name)
}

impl Kind {
    /// What makes its provider.
    ///
    /// # Errors
    /// When this build has none, with what brings it.
    pub(crate) fn build(&self) -> Result<Build, Failure> {
        match (&self.backend, self.what_is_missing()) {
            (Backend::Built(build), _) => Ok(*build),
            (_, missing) => Err(Failure::Usage(missing.unwrap_or_default())),
        }
    }

    /// Why this build cannot run it, and what brings what is missing; `None` for what it can run.
    pub(crate) fn what_is_missing(&self) -> Option<String> {
        let name = self.section.name;
        match self.backend {
            Backend::Built(_) => None,
            Backend::LeftOut(feature) => Some(format!(
                "this build has no {name}: it needs the feature `{feature}`; run `cargo install scaler-wm --features \
                 {feature}`"
            )),
            Backend::ToCome(feature) => Some(format!(
                "{name} is not in this version yet: it will need the feature `{feature}`; until then run the package's \
                 own `scaler_worker_manager {name}`"
            )),
        }
    }
}
