//! What differs between clouds when managers are killed there.

use super::emulation::Emulation;
use super::proxy::ApiCall;
use crate::Result;

/// The tag that names a unit's launch.
pub(super) const LAUNCH: &str = "scaler-wm:launch";

/// A cloud of which our managers are killed on purpose.
pub trait Killable: Emulation {
    /// The operation that launches units.
    const LAUNCHES: &'static str;
    /// The operation that ends them.
    const STOPS: &'static str;
    /// The operation by which a manager looks for its units.
    const LOOKS: &'static str;
    /// What a manager is told so that each unit has one worker.
    const ONE_WORKER: [&'static str; 2];

    /// All units that were ever launched.
    ///
    /// # Errors
    /// When it does not answer.
    fn ever(&self) -> Result<Vec<Self::Unit>>;

    /// Whether a unit is one of this manager.
    fn is_of(unit: &Self::Unit, manager: &str) -> bool;

    /// The launch that a unit comes from.
    fn launch_of(unit: &Self::Unit) -> Option<String>;

    /// The launch that a call is for, and how many units it asks for.
    fn launch_in(call: &ApiCall) -> Option<(String, usize)>;

    /// How many things are there that managers make for their units, and remove at their ends; `None` where they make none.
    ///
    /// # Errors
    /// When it does not answer.
    fn temporary(&self) -> Result<Option<usize>>;
}
