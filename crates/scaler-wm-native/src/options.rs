//! From options to a configuration.

use std::path::PathBuf;

use scaler_wm_core::{
    ManagerId,
    options::{OptionError, Values},
};
use scaler_wm_options::{Section, worker_type};

use crate::{NativeConfig, UPGRADE_CHECK, Ways, WorkerSettings};

/// The options of `baremetal_native`.
pub const SECTION: Section = scaler_wm_options::BAREMETAL_NATIVE;

impl NativeConfig {
    /// The configuration that these values of [`SECTION`]'s options describe.
    ///
    /// # Errors
    /// When values that are right by themselves do not go together.
    pub fn from_values(values: &Values, manager: &ManagerId) -> Result<Self, OptionError> {
        let scheduler_address = values.address("scheduler_address");
        (SECTION.check)(values)?;
        let keeps = values.text("on_exit") == "keep";
        if keeps && values.get("state_dir").is_none() {
            return Err(values
                .problem("on_exit", "kept workers need a state_dir (--state-dir), where the next manager finds them"));
        }
        let tls = values.maybe_text("tls_cert").zip(values.maybe_text("tls_key"));
        let way = values.text("worker_start");
        let has_consent = values.text("consent") == "on";
        Ok(Self {
            python: values.maybe_text("python").map(PathBuf::from),
            folder: values.maybe_text("state_dir").map(PathBuf::from),
            keep: keeps.then(|| values.seconds("keep_seconds")),
            upgrade_check: UPGRADE_CHECK,
            reload_on_upgrade: values.flag("reload_on_upgrade"),
            oom_events: values.maybe_text("oom_events").map(PathBuf::from),
            worker_type: worker_type(values),
            ways: Ways {
                fork_workers: way != "plain",
                fork_processors: way == "fork",
                hooks: has_consent,
                consent: has_consent,
            },
            worker: WorkerSettings {
                scheduler_address: values.maybe_address("worker_scheduler_address").unwrap_or(scheduler_address),
                object_storage_address: values.maybe_address("object_storage_address"),
                manager: manager.clone(),
                capabilities: values.capabilities("per_worker_capabilities"),
                task_queue_size: values.fitting("per_worker_task_queue_size")?,
                heartbeat_interval_seconds: values.fitting("heartbeat_interval_seconds")?,
                task_timeout_seconds: values.fitting("task_timeout_seconds")?,
                death_timeout_seconds: values.fitting("death_timeout_seconds")?,
                garbage_collect_interval_seconds: values.fitting("garbage_collect_interval_seconds")?,
                trim_memory_threshold_bytes: values.fitting("trim_memory_threshold_bytes")?,
                hard_processor_suspend: values.flag("hard_processor_suspend"),
                io_threads: values.fitting("io_threads")?,
                event_loop: values.text("event_loop"),
                preload: values.maybe_text("preload"),
                logging_level: values.text("logging_level"),
                logging_paths: values.texts("logging_paths"),
                tls,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use scaler_wm_core::options::{Found, OptionSpec, resolve};

    use super::*;

    fn config(given: &[(&'static str, &str)]) -> Result<NativeConfig, OptionError> {
        let found: Vec<Found> = [("scheduler_address", "tcp://h:1")]
            .iter()
            .chain(given)
            .map(|(key, text)| Found::behind_flag(key, text))
            .collect();
        let specs: Vec<&OptionSpec> = SECTION.specs().collect();
        NativeConfig::from_values(&resolve(&specs, &found, |_| None, &[])?, &ManagerId::from("m"))
    }

    #[test]
    fn every_native_default_is_the_documented_one() {
        let config = config(&[]).unwrap();
        assert_eq!((config.python, config.worker_type.as_str()), (None, "NAT"));
        assert_eq!(config.ways, Ways { fork_workers: true, fork_processors: true, hooks: true, consent: true });
        let worker = config.worker;
        assert_eq!(worker.scheduler_address.to_string(), "tcp://h:1");
        assert_eq!((worker.object_storage_address, worker.preload, worker.tls), (None, None, None));
        assert_eq!((worker.task_queue_size, worker.heartbeat_interval_seconds, worker.io_threads), (1000, 2, 1));
        assert_eq!((worker.task_timeout_seconds, worker.death_timeout_seconds), (0, 300));
        assert_eq!((worker.garbage_collect_interval_seconds, worker.trim_memory_threshold_bytes), (30, 1 << 30));
        assert_eq!((worker.event_loop.as_str(), worker.logging_level.as_str()), ("builtin", "INFO"));
        assert!(!worker.hard_processor_suspend);
    }

    #[test]
    fn names_tell_fixed_workers_from_others() {
        assert_eq!(config(&[("mode", "Fixed")]).unwrap().worker_type, "FIX");
        assert_eq!(config(&[("mode", "fixed"), ("worker_type", "ECS")]).unwrap().worker_type, "ECS");
    }

    #[test]
    fn workers_may_find_the_scheduler_elsewhere() {
        let config = config(&[("worker_scheduler_address", "tcp://outside:2")]).unwrap();
        assert_eq!(config.worker.scheduler_address.to_string(), "tcp://outside:2");
    }

    #[test]
    fn a_certificate_and_its_key_come_together() {
        let tls = config(&[("tls_cert", "c.pem"), ("tls_key", "k.pem")]).unwrap().worker.tls;
        assert_eq!(tls, Some(("c.pem".to_owned(), "k.pem".to_owned())));
        for (key, given, other) in [("tls_cert", "--tls-cert: ", "--tls-key"), ("tls_key", "--tls-key: ", "--tls-cert")]
        {
            let error = config(&[(key, "x.pem")]).unwrap_err().to_string();
            assert!(error.starts_with(given) && error.contains(other), "{error}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_do() {
        for (key, text, wanted) in [
            ("max_task_concurrency", "-1", "give 0 or more"),
            ("mode", "static", "is none of dynamic, fixed"),
            ("worker_start", "magic", "is none of fork, spawn-processors, plain"),
            ("per_worker_task_queue_size", "4294967296", "is too large"),
        ] {
            let mode = if key == "max_task_concurrency" { "FIXED" } else { "dynamic" };
            let given = [("mode", mode), (key, text)];
            let error = config(&given).unwrap_err().to_string();
            assert!(error.contains(wanted), "{key}={text}: {error}");
        }
    }
}
