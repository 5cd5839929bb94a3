//! From everything that was found to what runs.

mod init;
mod manager;
mod show;
mod stack;

pub(crate) use init::init;
pub(crate) use manager::ManagerConfig;
pub(crate) use show::{show_manager, show_stack};
pub(crate) use stack::{Part, PythonConfig, StackConfig};

use scaler_wm_core::options::OptionError;

use crate::exit::say;

/// Keys and sections that nobody knows: the first one is refused, or standard error is told of all.
fn allow(unknown: &[OptionError], is_allowed: bool) -> Result<(), OptionError> {
    match unknown.first() {
        Some(OptionError { origin, problem }) if !is_allowed => {
            Err(OptionError::new(origin, format!("{problem} (--allow-unknown-keys passes over it)")))
        }
        _ => {
            let told: String = unknown.iter().map(|unknown| format!("warning: {unknown}\n")).collect();
            // At once, and not in a log that may never be started.
            say(&told);
            Ok(())
        }
    }
}
