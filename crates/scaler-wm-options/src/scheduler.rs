//! `[scheduler]`.

use scaler_wm_core::options::{Group, Kind, LOGGING, OptionError, OptionSpec, Preset, Values};

use crate::{
    Section,
    security::{SECURITY, comes_with_its_key},
};

/// The package's scheduler.
pub const SCHEDULER: Section = Section {
    name: "scheduler",
    about: "The scheduler of the Python package",
    options: &[OPTIONS, POLICY, LOGGING, SECURITY],
    check,
    examples: &[],
    tables: &["logging_config", "policy", "security"],
};

const ABOVE_0: Kind = Kind::Integer { min: 1, special: None };
const ANY: Kind = Kind::Integer { min: i64::MIN, special: None };

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new("bind_address", Kind::Address, Preset::Required, "Where it listens.")
        .positional()
        .value("ADDRESS")
        .sample("tcp://127.0.0.1:8516")
        .group(Group::Manager),
    OptionSpec::new(
        "object_storage_address",
        Kind::Address,
        Preset::Required,
        "Where it finds the object storage server.",
    )
    .short("osa")
    .value("ADDRESS")
    .sample("tcp://127.0.0.1:8517")
    .group(Group::Manager),
    OptionSpec::new(
        "advertised_object_storage_address",
        Kind::Address,
        Preset::Described("object_storage_address"),
        "Where clients and workers find the object storage server, if they are on another network.",
    )
    .short("aosa")
    .value("ADDRESS")
    .sample("tcp://203.0.113.5:8517")
    .group(Group::Manager),
    OptionSpec::new(
        "monitor_address",
        Kind::Address,
        Preset::Described("its port + 2"),
        "Where it publishes what its workers do.",
    )
    .short("ma")
    .value("ADDRESS")
    .sample("tcp://127.0.0.1:8518")
    .group(Group::Manager),
    OptionSpec::new(
        "status_report_interval_seconds",
        ABOVE_0,
        Preset::Integer(1),
        "Seconds between two full reports to those who monitor it.",
    )
    .short("sri")
    .value("SECONDS")
    .group(Group::Manager),
    OptionSpec::new(
        "object_report_limit",
        ANY,
        Preset::Integer(500),
        "How many of the largest objects each report lists.",
    )
    .short("orl")
    .value("N")
    .group(Group::Manager),
    OptionSpec::new("protected", Kind::Flag, Preset::Nothing, "Let no client shut it and its workers down.")
        .short("p")
        .group(Group::Manager),
    OptionSpec::new(
        "max_number_of_tasks_waiting",
        Kind::Integer { min: 0, special: Some(-1) },
        Preset::Integer(-1),
        "Tasks that may wait while every worker is full; -1 for no limit.",
    )
    .short("mt")
    .value("N")
    .group(Group::Manager),
    OptionSpec::new(
        "client_timeout_seconds",
        ABOVE_0,
        Preset::Integer(60),
        "Seconds of silence after which a client counts as gone.",
    )
    .short("ct")
    .value("SECONDS")
    .group(Group::Manager),
    OptionSpec::new(
        "worker_timeout_seconds",
        ABOVE_0,
        Preset::Integer(60),
        "Seconds of silence after which a worker counts as gone.",
    )
    .short("wt")
    .value("SECONDS")
    .group(Group::Manager),
    OptionSpec::new(
        "object_retention_seconds",
        ABOVE_0,
        Preset::Integer(60),
        "Seconds for which an unused object is kept.",
    )
    .short("ot")
    .value("SECONDS")
    .group(Group::Manager),
    OptionSpec::new(
        "load_balance_seconds",
        ANY,
        Preset::Integer(1),
        "Seconds between two looks for uneven load; below 0 for none.",
    )
    .short("ls")
    .value("SECONDS")
    .group(Group::Manager),
    OptionSpec::new(
        "load_balance_trigger_times",
        ABOVE_0,
        Preset::Integer(2),
        "Equal looks in a row after which tasks are moved.",
    )
    .short("lbt")
    .value("N")
    .group(Group::Manager),
    OptionSpec::new(
        "event_loop",
        Kind::Choice(&["builtin", "uvloop"]),
        Preset::Text("builtin"),
        "Event loop: builtin or uvloop.",
    )
    .short("el")
    .value("KIND")
    .group(Group::Manager),
    OptionSpec::new("io_threads", ANY, Preset::Integer(1), "Threads of its transport.")
        .short("it")
        .value("N")
        .group(Group::Manager),
];

/// What a scheduler decides by.
pub const POLICY: &[OptionSpec] = &[
    OptionSpec::new("policy_engine_type", Kind::Text, Preset::Text("simple"), "How policy_content is read.")
        .short("et")
        .value("TYPE")
        .group(Group::Policy),
    OptionSpec::new(
        "policy_content",
        Kind::Text,
        Preset::Text("allocate=even_load; scaling=vanilla"),
        "Who gets a task, and how many workers managers are asked for.",
    )
    .short("pc")
    .value("POLICY")
    .group(Group::Policy),
];

fn check(values: &Values) -> Result<(), OptionError> {
    if values.integer("load_balance_seconds") == 0 {
        let problem = "0 would balance without a pause; give seconds, or less than 0 for no balancing";
        return Err(values.problem("load_balance_seconds", problem));
    }
    comes_with_its_key(values)
}
