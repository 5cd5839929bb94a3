//! From options to a configuration.

use std::{path::PathBuf, time::Duration};

use scaler_wm_core::{
    ManagerId,
    options::{OptionError, Values},
};
use scaler_wm_options::Section;

use crate::{AddressError, ExternalConfig, PluginAddress, v1::WorkerSettings};

/// The options of `external`.
pub const SECTION: Section = scaler_wm_options::EXTERNAL;

/// How long the plug-in may take until it is there: it may have been started together with us.
const THERE_WITHIN: Duration = Duration::from_secs(10);

impl ExternalConfig {
    /// The configuration that these values of [`SECTION`]'s options describe.
    ///
    /// # Errors
    /// When the address is none, or values that are right by themselves do not go together.
    pub fn from_values(values: &Values, manager: &ManagerId) -> Result<Self, OptionError> {
        (SECTION.check)(values)?;
        let refuse = |error: AddressError| values.problem("provider_address", error.to_string());
        let address: PluginAddress = values.text("provider_address").parse().map_err(refuse)?;
        let ca = values.maybe_text("provider_ca").map(PathBuf::from);
        match (&address, &ca) {
            (PluginAddress::Tls(_), None) => {
                let problem = "an address with https:// needs provider_ca (--provider-ca) beside it: the authorities that \
                               the plug-in's certificate is trusted by";
                return Err(values.problem("provider_address", problem));
            }
            (PluginAddress::Unix(_) | PluginAddress::Plain(_), Some(_)) => {
                let problem = "it is for provider_address (--provider-address) with https://: leave it out here";
                return Err(values.problem("provider_ca", problem));
            }
            _ => {}
        }
        let scheduler = values.address("scheduler_address");
        let capabilities = values.capabilities("per_worker_capabilities");
        Ok(Self {
            address,
            ca,
            token_file: values.maybe_text("provider_token_file").map(PathBuf::from),
            manager: manager.clone(),
            workers: WorkerSettings {
                scheduler_address: values.maybe_address("worker_scheduler_address").unwrap_or(scheduler).to_string(),
                object_storage_address: values
                    .maybe_address("object_storage_address")
                    .map(|address| address.to_string())
                    .unwrap_or_default(),
                capabilities: capabilities.iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                task_queue_size: values.fitting("per_worker_task_queue_size")?,
                heartbeat_interval_seconds: values.fitting("heartbeat_interval_seconds")?,
                task_timeout_seconds: values.fitting("task_timeout_seconds")?,
                death_timeout_seconds: values.fitting("death_timeout_seconds")?,
                garbage_collect_interval_seconds: values.fitting("garbage_collect_interval_seconds")?,
                trim_memory_threshold_bytes: values.fitting("trim_memory_threshold_bytes")?,
                hard_processor_suspend: values.flag("hard_processor_suspend"),
                io_threads: values.fitting("io_threads")?,
                event_loop: values.text("event_loop"),
                preload: values.maybe_text("preload").unwrap_or_default(),
                logging_level: values.text("logging_level"),
                logging_paths: values.texts("logging_paths"),
            },
            options: values.maybe_pairs("provider_options").unwrap_or_default(),
            answers_within: values.seconds("provider_timeout_seconds"),
            there_within: THERE_WITHIN,
        })
    }
}

#[cfg(test)]
mod tests {
    use scaler_wm_core::options::{Found, OptionSpec, resolve};

    use super::*;

    fn config(given: &[(&'static str, &str)]) -> Result<ExternalConfig, OptionError> {
        let found: Vec<Found> = [("scheduler_address", "tcp://h:1")]
            .iter()
            .chain(given)
            .map(|(key, text)| Found::behind_flag(key, text))
            .collect();
        let specs: Vec<&OptionSpec> = SECTION.specs().collect();
        ExternalConfig::from_values(&resolve(&specs, &found, |_| None, &[])?, &ManagerId::from("m"))
    }

    #[test]
    fn every_default_is_the_documented_one() {
        let config = config(&[("provider_address", "unix:///p.sock")]).unwrap();
        let address = "tcp://h:1".parse().unwrap();
        let expected = ExternalConfig::new(config.address.clone(), ManagerId::from("m"), &address);
        assert_eq!(config.workers, expected.workers);
        assert_eq!((config.ca, config.token_file, config.options.len()), (None, None, 0));
        assert_eq!(config.answers_within, expected.answers_within);
    }

    #[test]
    fn the_plug_in_is_told_what_it_alone_understands() {
        let given = [
            ("provider_address", "http://localhost:1"),
            ("provider_options", "zone=a,size=2"),
            ("per_worker_capabilities", "linux,gpu=2"),
            ("worker_scheduler_address", "tcp://outside:2"),
        ];
        let config = config(&given).unwrap();
        assert_eq!(config.options["zone"], "a");
        assert_eq!(config.workers.capabilities["gpu"], 2);
        assert_eq!(config.workers.capabilities["linux"], -1);
        assert_eq!(config.workers.scheduler_address, "tcp://outside:2");
    }

    #[test]
    fn what_does_not_go_together_names_the_other_one() {
        for (given, key, words) in [
            (vec![], "--provider-address: ", "required"),
            (vec![("provider_address", "https://h:1")], "--provider-address: ", "--provider-ca"),
            (vec![("provider_address", "unix:///p"), ("provider_ca", "c.pem")], "--provider-ca: ", "https://"),
            (vec![("provider_address", "nowhere")], "--provider-address: ", "unix:///run/plugin.sock"),
        ] {
            let error = config(&given).unwrap_err().to_string();
            assert!(error.starts_with(key) && error.contains(words), "{error}");
        }
    }
}
