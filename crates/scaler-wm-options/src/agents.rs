//! What managers have in common whose workers run inside of them and hand their tasks on.

use scaler_wm_core::options::{Kind, OptionSpec, Preset};

/// Options of managers whose workers hand their tasks on.
pub(crate) const AGENTS: &[OptionSpec] = &[
    OptionSpec::new(
        "on_exit",
        Kind::Choice(&["stop", "keep"]),
        Preset::Text("stop"),
        "What becomes of tasks that run when this manager is told to stop: stop ends them, keep lets them run on; the next \
         manager with the same id and state folder picks them up.",
    )
    .value("WHAT")
    .ours(),
    OptionSpec::new(
        "pick_up_seconds",
        Kind::PositiveFloat,
        Preset::Float(120.0),
        "Seconds after a restart within which the scheduler has to ask again for a task that still runs; then it is ended.",
    )
    .value("SECONDS")
    .ours(),
    OptionSpec::new(
        "object_cache_mib",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(32),
        "Functions, serializers and arguments that are kept in memory for tasks to come, in MiB.",
    )
    .value("MIB")
    .ours(),
];
