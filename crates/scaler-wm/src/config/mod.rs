//! From everything that was found to what runs.

mod init;
mod manager;
mod show;
mod stack;

pub(crate) use init::init;
pub(crate) use manager::ManagerConfig;
pub(crate) use show::{show_manager, show_stack, warnings};
pub(crate) use stack::{Part, PythonConfig, StackConfig};

use scaler_wm_core::options::OptionError;

/// Keys and sections that nobody knows: the first one is refused, or all are kept as warnings.
pub(crate) fn allow(unknown: Vec<OptionError>, is_allowed: bool) -> Result<Vec<OptionError>, OptionError> {
    match unknown.first() {
        Some(OptionError { origin, problem }) if !is_allowed => {
            Err(OptionError::new(origin, format!("{problem} (--allow-unknown-keys passes over it)")))
        }
        _ => Ok(unknown),
    }
}
