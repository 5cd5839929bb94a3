//! The options that every manager has.

use super::{CONTROL, Group, Kind, OptionSpec, Preset};

const SECONDS: Kind = Kind::Integer { min: 1, special: None };

/// The options that every manager has, part by part. Names, short flags, defaults and checks are those of the released
/// package (2.9.0), but for the last three parts, which are ours.
pub const COMMON: &[&[OptionSpec]] = &[MANAGER, WORKER, LOGGING, OPERATION, CONTROL, LOCAL_POLICY];

/// What a manager is and how much it may start.
pub const MANAGER: &[OptionSpec] = &manager(Preset::Cpus);

/// The same for a manager that has no limit of its own unless it is given one.
pub const MANAGER_WITHOUT_LIMIT: &[OptionSpec] = &manager(Preset::Integer(-1));

const fn manager(most: Preset) -> [OptionSpec; 6] {
    [
        OptionSpec::new(
            "scheduler_address",
            Kind::Address,
            Preset::Required,
            "Where the scheduler listens, such as tcp://127.0.0.1:8516.",
        )
        .positional()
        .value("ADDRESS")
        .sample("tcp://127.0.0.1:8516")
        .group(Group::Manager),
        OptionSpec::new(
            "worker_manager_id",
            Kind::Text,
            Preset::Described("the type and this host's name"),
            "Name of this manager at the scheduler; no two may share one.",
        )
        .short("wmi")
        .value("ID")
        .sample("local")
        .group(Group::Manager),
        OptionSpec::new(
            "worker_scheduler_address",
            Kind::Address,
            Preset::Described("ADDRESS"),
            "Where workers find the scheduler, if they are on another network than this manager.",
        )
        .short("wsa")
        .value("ADDRESS")
        .sample("tcp://203.0.113.5:8516")
        .group(Group::Manager),
        OptionSpec::new(
            "object_storage_address",
            Kind::Address,
            Preset::Described("told by the scheduler"),
            "Where workers find the object storage server.",
        )
        .short("osa")
        .value("ADDRESS")
        .sample("tcp://127.0.0.1:8517")
        .group(Group::Manager),
        OptionSpec::new(
            "max_task_concurrency",
            Kind::Integer { min: 0, special: Some(-1) },
            most,
            "Most tasks that may run at once, and so the most workers; -1 for no limit.",
        )
        .short("mtc")
        .value("N")
        .group(Group::Manager),
        OptionSpec::new(
            "scale_down_cooldown_seconds",
            Kind::Float,
            Preset::Float(30.0),
            "Seconds for which the scheduler must ask for fewer workers before any goes; 0 for none.",
        )
        .short("sdc")
        .value("SECONDS")
        .group(Group::Manager),
    ]
}

/// What every worker is started with.
pub const WORKER: &[OptionSpec] = &[
    OptionSpec::new(
        "per_worker_capabilities",
        Kind::Capabilities,
        Preset::Text(""),
        "What every worker can do, such as linux,gpu=2.",
    )
    .short("pwc")
    .value("LIST")
    .sample("linux,gpu=2")
    .group(Group::Worker),
    OptionSpec::new(
        "per_worker_task_queue_size",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(1000),
        "Tasks that the scheduler may queue at one worker.",
    )
    .short("wtqs")
    .value("N")
    .group(Group::Worker),
    OptionSpec::new(
        "heartbeat_interval_seconds",
        SECONDS,
        Preset::Integer(2),
        "Seconds between two heartbeats, of the manager and of its workers.",
    )
    .short("his")
    .value("SECONDS")
    .group(Group::Worker),
    OptionSpec::new(
        "task_timeout_seconds",
        Kind::Integer { min: 0, special: None },
        Preset::Integer(0),
        "Seconds after which a task is given up; 0 for never.",
    )
    .short("tts")
    .value("SECONDS")
    .group(Group::Worker),
    OptionSpec::new(
        "death_timeout_seconds",
        SECONDS,
        Preset::Integer(300),
        "Seconds without a word from the scheduler after which a worker ends.",
    )
    .short("dts")
    .value("SECONDS")
    .group(Group::Worker),
    OptionSpec::new(
        "garbage_collect_interval_seconds",
        SECONDS,
        Preset::Integer(30),
        "Seconds between two garbage collections of a worker.",
    )
    .short("gc")
    .value("SECONDS")
    .group(Group::Worker),
    OptionSpec::new(
        "trim_memory_threshold_bytes",
        Kind::Integer { min: 0, special: None },
        Preset::Integer(1 << 30),
        "Resident bytes above which a worker gives memory back to the system.",
    )
    .short("tm")
    .value("BYTES")
    .group(Group::Worker),
    OptionSpec::new(
        "hard_processor_suspend",
        Kind::Flag,
        Preset::Nothing,
        "Suspend a task for one of higher priority by a signal that stops its whole process, instead of an event.",
    )
    .short("hps")
    .group(Group::Worker),
    OptionSpec::new(
        "io_threads",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(1),
        "Threads of each worker's transport.",
    )
    .short("it")
    .value("N")
    .group(Group::Worker),
    OptionSpec::new(
        "event_loop",
        Kind::Choice(&["builtin", "uvloop"]),
        Preset::Text("builtin"),
        "Event loop of workers: builtin or uvloop.",
    )
    .short("el")
    .value("KIND")
    .group(Group::Worker),
    OptionSpec::new(
        "preload",
        Kind::Text,
        Preset::Nothing,
        "Function that each worker calls before its first task, such as 'pkg.mod:func(args)'.",
    )
    .value("SPEC")
    .sample("pkg.mod:func(args)")
    .group(Group::Worker),
];

/// Where log lines go. Every process of the package has these.
pub const LOGGING: &[OptionSpec] = &[
    OptionSpec::new(
        "logging_level",
        Kind::Choice(&["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
        Preset::Text("INFO"),
        "Least important lines to log: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
    )
    .short("ll")
    .value("LEVEL")
    .group(Group::Logging),
    OptionSpec::new(
        "logging_paths",
        Kind::Texts,
        Preset::Texts("/dev/stdout"),
        "Where logs go: /dev/stdout, /dev/stderr, or files; several may be given.",
    )
    .short("lp")
    .value("PATH")
    .group(Group::Logging),
    OptionSpec::new(
        "logging_config_file",
        Kind::Text,
        Preset::Nothing,
        "Logging configuration in Python's form, for commands of the Python package; managers of ours, and their workers, \
         follow --logging-level and --logging-paths instead.",
    )
    .short("lcf")
    .value("FILE")
    .sample("logging.conf")
    .group(Group::Logging),
];

/// How a manager of ours works; the released ones have nothing of the kind.
pub const OPERATION: &[OptionSpec] = &[
    OptionSpec::new(
        "log_format",
        Kind::Choice(&["text", "json"]),
        Preset::Text("text"),
        "Form of this manager's own log lines: text or json.",
    )
    .value("FORMAT")
    .group(Group::Logging)
    .ours(),
    OptionSpec::new(
        "monitor_address",
        Kind::Address,
        Preset::Described("the scheduler's port + 2"),
        "Where the scheduler publishes what its workers do; it tells idle workers from busy ones.",
    )
    .value("ADDRESS")
    .sample("tcp://127.0.0.1:8518")
    .group(Group::Manager)
    .ours(),
    OptionSpec::new(
        "drain_timeout_seconds",
        Kind::Float,
        Preset::Float(300.0),
        "Seconds that a busy worker gets to finish what runs when it is no longer wanted.",
    )
    .value("SECONDS")
    .group(Group::Manager)
    .ours(),
    OptionSpec::new(
        "stop_timeout_seconds",
        Kind::Float,
        Preset::Float(10.0),
        "Seconds that workers get to finish what runs when this manager is told to stop.",
    )
    .value("SECONDS")
    .group(Group::Manager)
    .ours(),
    OptionSpec::new(
        "state_dir",
        Kind::Text,
        Preset::Described("$XDG_STATE_HOME/scaler-wm/ID, else ~/.local/state/scaler-wm/ID"),
        "Folder for this manager's identity, lock and journal, and for what kept workers are found by.",
    )
    .value("DIR")
    .sample("/var/lib/scaler-wm/local")
    .group(Group::Files)
    .ours(),
];

/// Which policy a manager of ours follows. These are also the keys of the `[policy]` table of a file.
pub const LOCAL_POLICY: &[OptionSpec] = &[
    OptionSpec::new(
        "policy_source",
        Kind::Choice(&["scheduler", "local"]),
        Preset::Text("scheduler"),
        "Who says how much is wanted: scheduler, or local: this manager follows policy_content by itself, fed from the \
         scheduler's monitor, whatever policy the scheduler has.",
    )
    .value("SOURCE")
    .group(Group::Policy)
    .ours(),
    OptionSpec::new(
        "policy_engine_type",
        Kind::Text,
        Preset::Text("simple"),
        "How policy_content is read, for policy_source local.",
    )
    .value("TYPE")
    .group(Group::Policy)
    .ours(),
    OptionSpec::new(
        "policy_content",
        Kind::Text,
        Preset::Nothing,
        "The policy that is followed, for policy_source local; whom a task is given to stays the scheduler's own affair.",
    )
    .value("POLICY")
    .sample("allocate=even_load; scaling=vanilla")
    .group(Group::Policy)
    .ours(),
    OptionSpec::new(
        "policy_hold_seconds",
        Kind::Float,
        Preset::Float(60.0),
        "Seconds that the last wish stands while the monitor is away, for policy_source local; then workers stay and none \
         starts.",
    )
    .value("SECONDS")
    .group(Group::Policy)
    .ours(),
];
