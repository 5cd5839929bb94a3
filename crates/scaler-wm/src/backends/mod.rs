//! The backends of this build, a file each. No other file names one.

use std::{future::Future, pin::Pin, sync::Arc};

use scaler_wm_core::{
    Address, Check, Inventory, Limit, ManagerId, Provider, TaskJournal,
    options::{OptionError, Values},
};
use scaler_wm_options::{AWS_HPC, AWS_RAW_ECS, BAREMETAL_NATIVE, EXTERNAL, ORB_AWS_EC2, SYMPHONY, Section};
use scaler_wm_wire::ymq::Trust;

use crate::exit::Failure;

#[cfg(feature = "batch")]
mod batch;
#[cfg(feature = "ec2")]
mod ec2;
#[cfg(feature = "ecs")]
mod ecs;
#[cfg(feature = "external")]
mod external;
#[cfg(feature = "native")]
mod native;
#[cfg(all(feature = "symphony", not(target_feature = "crt-static")))]
mod symphony;

/// Stands in for a backend that this build leaves out.
macro_rules! left_out {
    ($name:ident, $feature:literal) => {
        #[cfg(not(feature = $feature))]
        mod $name {
            pub(super) const BACKEND: super::Backend = super::Backend::LeftOut($feature);
        }
    };
}

left_out!(batch, "batch");
left_out!(ec2, "ec2");
left_out!(ecs, "ecs");
left_out!(external, "external");
left_out!(native, "native");
left_out!(symphony, "symphony");

#[cfg(all(feature = "symphony", target_feature = "crt-static"))]
mod symphony {
    pub(super) const BACKEND: super::Backend =
        super::Backend::Impossible("a static binary cannot load the library of Symphony");
}

/// Everything that a provider is made of.
#[cfg_attr(not(any(feature = "batch", feature = "symphony")), expect(dead_code, reason = "only agents need all of it"))]
pub(crate) struct Order {
    /// Every option, checked.
    pub(crate) values: Values,
    /// The manager's name at the scheduler.
    pub(crate) manager: ManagerId,
    /// The most task concurrency.
    pub(crate) limit: Limit,
    /// Whom schedulers have to convince.
    pub(crate) trust: Trust,
    /// Where the scheduler publishes what its workers do, if that was said.
    pub(crate) monitor: Option<Address>,
    /// Where tasks are kept on record that were handed on.
    pub(crate) journal: Arc<dyn TaskJournal>,
}

/// One kind of manager. Each is declared in every build; what runs it may not be there.
pub(crate) struct Kind {
    /// Its options.
    pub(crate) section: &'static Section,
    /// What runs it.
    backend: Backend,
    /// Where its workers run.
    pub(crate) workers: Workers,
}

/// Where the workers of a kind run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workers {
    /// On this host.
    Here,
    /// On other hosts, which reach the scheduler on ways of their own.
    Elsewhere,
    /// Nobody can tell from here.
    Anywhere,
}

/// What runs the managers of a kind.
pub(crate) enum Backend {
    /// It is in this build.
    #[cfg_attr(
        not(any(
            feature = "native",
            feature = "batch",
            feature = "ec2",
            feature = "ecs",
            feature = "external",
            feature = "symphony"
        )),
        expect(dead_code, reason = "a build without a backend has none to make")
    )]
    Built(Parts),
    /// It would be, with this cargo feature.
    #[cfg_attr(
        all(
            feature = "native",
            feature = "batch",
            feature = "ec2",
            feature = "ecs",
            feature = "external",
            feature = "symphony",
            not(test)
        ),
        expect(dead_code, reason = "this build leaves out no backend")
    )]
    LeftOut(&'static str),
    /// It can be in no build of this kind, for this reason.
    #[cfg_attr(
        not(any(all(feature = "symphony", target_feature = "crt-static"), test)),
        expect(dead_code, reason = "only static builds lack something")
    )]
    Impossible(&'static str),
}

/// Something that has to be waited for.
type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
/// Makes a provider.
type Start = fn(Order) -> Later<'static, Result<Arc<dyn Provider>, Failure>>;
/// Checks what only a backend knows of its options; it calls nobody and makes nothing. What is in a file that is not here is
/// left to whoever starts it where that is.
type CheckOptions = fn(&Values, &ManagerId) -> Result<(), OptionError>;
/// Looks at what a manager of a kind needs, at most so much task concurrency of it. Its options are checked at once.
type Preflight = fn(&Values, &ManagerId, Limit) -> Result<Look, OptionError>;
/// What is found is told when all of it is known.
type Look = Later<'static, Vec<Check>>;
/// Opens what tells what is out there under a manager's name.
type Open = for<'a> fn(&'a Values, &'a ManagerId) -> Later<'a, Result<Box<dyn Inventory>, Failure>>;

/// What a backend can do.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) start: Start,
    check: CheckOptions,
    look: Preflight,
    inventory: Open,
}

/// A provider that was started, as every backend hands it on.
#[cfg(any(feature = "ec2", feature = "ecs", feature = "external"))]
fn provider<P: Provider + 'static>(started: scaler_wm_core::Result<P>) -> Result<Arc<dyn Provider>, Failure> {
    Ok(Arc::new(started.map_err(Failure::start)?))
}

/// Every kind of manager.
pub(crate) const KINDS: &[Kind] = &[
    Kind { section: &BAREMETAL_NATIVE, backend: native::BACKEND, workers: Workers::Here },
    Kind { section: &AWS_RAW_ECS, backend: ecs::BACKEND, workers: Workers::Elsewhere },
    Kind { section: &ORB_AWS_EC2, backend: ec2::BACKEND, workers: Workers::Elsewhere },
    // Agents are workers, and run in this process.
    Kind { section: &AWS_HPC, backend: batch::BACKEND, workers: Workers::Here },
    Kind { section: &SYMPHONY, backend: symphony::BACKEND, workers: Workers::Here },
    Kind { section: &EXTERNAL, backend: external::BACKEND, workers: Workers::Anywhere },
];

/// The kind of that name.
pub(crate) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.section.name == name)
}

impl Kind {
    /// What runs it.
    ///
    /// # Errors
    /// When this build has nothing that does, with what brings it.
    pub(crate) fn parts(&self) -> Result<Parts, Failure> {
        match (&self.backend, self.what_is_missing()) {
            (Backend::Built(parts), _) => Ok(*parts),
            (_, missing) => Err(Failure::Usage(missing.unwrap_or_default())),
        }
    }

    /// Checks what only the backend knows of its options, as a start does; nothing where this build does not have it.
    ///
    /// # Errors
    /// What a start would refuse.
    pub(crate) fn check(&self, values: &Values, manager: &ManagerId) -> Result<(), OptionError> {
        match &self.backend {
            Backend::Built(parts) => (parts.check)(values, manager),
            Backend::LeftOut(_) | Backend::Impossible(_) => Ok(()),
        }
    }

    /// What looks at what a manager of it needs; `None` if this build has nothing that could.
    ///
    /// # Errors
    /// When its options do not go together.
    pub(crate) fn preflight(
        &self,
        values: &Values,
        manager: &ManagerId,
        limit: Limit,
    ) -> Result<Option<Look>, Failure> {
        match &self.backend {
            Backend::Built(parts) => Ok(Some((parts.look)(values, manager, limit)?)),
            Backend::LeftOut(_) | Backend::Impossible(_) => Ok(None),
        }
    }

    /// What tells what is out there under a manager's name.
    ///
    /// # Errors
    /// When this build has no such manager, with what brings it, and when values do not go together.
    pub(crate) async fn inventory(&self, values: &Values, manager: &ManagerId) -> Result<Box<dyn Inventory>, Failure> {
        (self.parts()?.inventory)(values, manager).await
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
            Backend::Impossible(reason) => Some(format!(
                "this build has no {name}: {reason}; build for a target with a dynamic C library, such as \
                 x86_64-unknown-linux-gnu"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(backend: Backend) -> String {
        let kind = Kind { section: &SYMPHONY, backend, workers: Workers::Here };
        match kind.parts() {
            Err(Failure::Usage(text)) => text,
            _ => panic!("expected a refusal"),
        }
    }

    #[test]
    fn what_a_build_leaves_out_is_refused_with_the_feature_that_brings_it() {
        let text = refusal(Backend::LeftOut("symphony"));
        assert!(text.starts_with("this build has no symphony: it needs the feature `symphony`"), "{text}");
        assert!(text.ends_with("--features symphony`"), "{text}");
    }

    #[test]
    fn what_a_static_build_cannot_have_is_refused_with_a_target_that_can() {
        let text = refusal(Backend::Impossible("a static binary cannot load a library"));
        assert!(text.starts_with("this build has no symphony: a static binary cannot load a library"), "{text}");
        assert!(text.ends_with("such as x86_64-unknown-linux-gnu"), "{text}");
    }
}
