//! `[gui]`.

use scaler_wm_core::options::{Group, Kind, LOGGING, OptionSpec, Preset};

use crate::{
    Section,
    security::{SECURITY, comes_with_its_key},
};

/// The package's web GUI.
pub const GUI: Section = Section {
    name: "gui",
    about: "The web GUI of the Python package",
    options: &[OPTIONS, LOGGING, SECURITY],
    check: comes_with_its_key,
    examples: &[],
    tables: &["logging_config", "security"],
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new("monitor_address", Kind::Address, Preset::Required, "Where the scheduler publishes what it does.")
        .positional()
        .value("ADDRESS")
        .sample("tcp://127.0.0.1:8518")
        .group(Group::Manager),
    OptionSpec::new("gui_address", Kind::HostPort, Preset::Text("0.0.0.0:50001"), "Where browsers find it.")
        .value("HOST:PORT")
        .group(Group::Manager),
    OptionSpec::new(
        "broadcast_interval_seconds",
        Kind::PositiveFloat,
        Preset::Float(0.5),
        "Seconds between two updates of a browser.",
    )
    .short("bi")
    .value("SECONDS")
    .group(Group::Manager),
    OptionSpec::new(
        "task_log_max_size",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(50_000),
        "Completed tasks and changes of state that it keeps.",
    )
    .short("tl")
    .value("N")
    .group(Group::Manager),
    OptionSpec::new(
        "status_report_interval_seconds",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(1),
        "The scheduler's own interval of that name; after five of them without a word the scheduler counts as gone.",
    )
    .short("sri")
    .value("SECONDS")
    .group(Group::Manager),
];
