//! What managers have in common whose units can be asked for the work that waits in them.

use scaler_wm_core::options::{Kind, OptionSpec, Preset};

/// Without this option a manager takes no work back, whatever its units understand.
pub(crate) const NO_REBALANCE: OptionSpec = OptionSpec::new(
    "no_rebalance",
    Kind::Flag,
    Preset::Nothing,
    "Leave tasks that wait in a loaded worker where they are although others are idle; else one worker more starts for a \
     moment, and the loaded one hands its queue back.",
)
.ours();

#[cfg(test)]
mod tests {
    use crate::MANAGERS;

    #[test]
    fn managers_whose_units_may_be_relieved_have_the_option() {
        let with: Vec<&str> = MANAGERS
            .iter()
            .filter(|section| section.specs().any(|spec| spec.key == "no_rebalance"))
            .map(|section| section.name)
            .collect();
        assert_eq!(with, ["baremetal_native", "external"]);
    }
}
