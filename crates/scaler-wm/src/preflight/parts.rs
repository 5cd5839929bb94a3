//! Parts of a file that the Python package runs.

use std::rc::Rc;

use scaler_wm_core::{Address, Check};

use super::{Around, bad, place};
use crate::{config::PythonConfig, up};

/// A part that the Python package runs.
pub(super) struct Parts {
    pub(super) config: PythonConfig,
    pub(super) around: Rc<Around>,
}

impl Parts {
    /// Whether its command is there, and the places where it listens are free.
    pub(super) async fn look(self) -> Vec<Check> {
        let Self { config, around } = self;
        let mut checks = Vec::new();
        checks.push(match around.pythons.look(around.python.as_deref()).await {
            Ok((python, _)) => match up::program_of(&config, &python) {
                Ok(program) => Check::good("command", program.display().to_string()),
                Err(failure) => bad("command", &failure.text()),
            },
            Err(_) => Check::skipped("command", "there is no interpreter beside which it would be"),
        });
        let values = &config.values;
        let listens = |name: &str, key: &str, address: Option<Address>| Some(place::is_free(name, key, &address?));
        match config.section.name {
            "scheduler" => {
                checks.extend(listens("address", "bind_address", values.maybe_address("bind_address")));
                let monitor = values
                    .maybe_address("monitor_address")
                    .or_else(|| values.address("bind_address").with_port_offset(2));
                checks.extend(listens("monitor", "monitor_address", monitor));
            }
            "object_storage_server" => {
                checks.extend(listens("address", "bind_address", values.maybe_address("bind_address")));
            }
            "gui" => checks.push(place::port_is_free("address", "gui_address", &values.text("gui_address"))),
            _ => checks.push(Check::skipped("cloud", "this manager is the Python package's own: it looks for itself")),
        }
        checks
    }
}
