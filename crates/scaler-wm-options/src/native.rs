//! `baremetal_native`: local Python workers.

use scaler_wm_core::options::{
    Alias, CONTROL, Group, Kind, LOCAL_POLICY, LOGGING, MANAGER, OPERATION, OptionError, OptionSpec, Preset, Values,
    WORKER,
};

use crate::{
    Section,
    rebalance::NO_REBALANCE,
    section::MANAGER_TABLES,
    security::{SECURITY, TRUST, comes_with_its_key},
};

/// Local Python workers.
pub const BAREMETAL_NATIVE: Section = Section {
    name: "baremetal_native",
    about: "Local Python workers",
    options: &[MANAGER, OPTIONS, WORKER, LOGGING, SECURITY, OPERATION, CONTROL, TRUST, LOCAL_POLICY],
    check,
    examples: &[
        "baremetal_native tcp://127.0.0.1:8516 --max-task-concurrency 8",
        "baremetal_native tcp://127.0.0.1:8516 --mode fixed -mtc 4 -pwc linux,gpu=1",
    ],
    tables: &[MANAGER_TABLES[0], MANAGER_TABLES[1], MANAGER_TABLES[2], "security"],
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new(
        "mode",
        Kind::Choice(&["dynamic", "fixed"]),
        Preset::Text("dynamic"),
        "dynamic follows the scheduler's wish; fixed starts --max-task-concurrency workers once, replaces none, and \
         ends when all have ended.",
    )
    .value("MODE"),
    OptionSpec::new(
        "worker_type",
        Kind::Text,
        Preset::Described("NAT, or FIX in fixed mode"),
        "First part of worker names.",
    )
    .value("NAME")
    .sample("NAT"),
    OptionSpec::new(
        "num_of_workers",
        Kind::Integer { min: 0, special: Some(-1) },
        Preset::Nothing,
        "Older name of --max-task-concurrency.",
    )
    .aliases(&[Alias::Short("n")])
    .stands_for("max_task_concurrency"),
    OptionSpec::new(
        "python",
        Kind::Text,
        Preset::Described("that of the active virtual environment, else of the one that scaler-wm lies in, else python3"),
        "Python interpreter of workers; opengris-scaler must be installed for it.",
    )
    .value("PATH")
    .sample(".venv/bin/python")
    .ours(),
    OptionSpec::new(
        "worker_start",
        Kind::Choice(&["fork", "spawn-processors", "plain"]),
        Preset::Text("fork"),
        "How workers start: forked with their processors from one process, forked with processors of their own, or \
         plainly. A plainer way is taken by itself where one does not work.",
    )
    .value("WAY")
    .ours(),
    OptionSpec::new(
        "on_exit",
        Kind::Choice(&["stop", "keep"]),
        Preset::Text("stop"),
        "What becomes of workers when this manager goes, by a signal or by an accident: stop ends them, keep leaves them \
         to the next manager with the same id and state folder.",
    )
    .value("WHAT")
    .ours(),
    OptionSpec::new(
        "keep_seconds",
        Kind::Float,
        Preset::Float(600.0),
        "Seconds for which kept workers wait for the next manager; then they finish what runs, hand back and end.",
    )
    .value("SECONDS")
    .ours(),
    OptionSpec::new(
        "reload_on_upgrade",
        Kind::Flag,
        Preset::Nothing,
        "When the installed package is replaced, replace workers as well: each finishes what runs, and hands back.",
    )
    .ours(),
    OptionSpec::new(
        "oom_events",
        Kind::Text,
        Preset::Described("memory.events of this process's control group, else /proc/vmstat"),
        "File with the kernel's count of processes killed for lack of memory, by which such an end is told from others.",
    )
    .value("FILE")
    .sample("/sys/fs/cgroup/memory.events")
    .ours(),
    NO_REBALANCE,
    OptionSpec::new(
        "consent",
        Kind::Choice(&["on", "off"]),
        Preset::Text("on"),
        "Ask workers whether they can leave. Off only to show what that prevents.",
    )
    .environment("SCALER_WM_TEST_CONSENT")
    .group(Group::Backend)
    .ours()
    .hidden(),
];

fn check(values: &Values) -> Result<(), OptionError> {
    if values.text("mode") == "fixed" && values.integer("max_task_concurrency") < 0 {
        let problem = "fixed mode starts a fixed number of workers: give 0 or more";
        return Err(values.problem("max_task_concurrency", problem));
    }
    comes_with_its_key(values)
}

/// The first part of worker names: the one given, else what the mode says.
#[must_use]
pub fn worker_type(values: &Values) -> String {
    let usual = if values.text("mode") == "fixed" { "FIX" } else { "NAT" };
    values.maybe_text("worker_type").unwrap_or_else(|| usual.to_owned())
}

/// The task concurrency that fixed mode starts; `None` for managers that follow a scheduler.
#[must_use]
pub fn fixed_concurrency(values: &Values) -> Option<i64> {
    (values.has("mode") && values.text("mode") == "fixed").then(|| values.integer("max_task_concurrency"))
}
