//! Values for every option of the package, right ones and wrong ones.

use fastrand::Rng;

use super::given::Given;

const TEXTS: [&str; 9] =
    ["x", "my name", "a=b", "\u{fc}n\u{ef}", "say \"hi\"", "back\\slash", "it's", "5", "a,b;c/d:e"];
const ADDRESSES: [&str; 12] = [
    "tcp://127.0.0.1:8516",
    "tcp://scheduler.example.com:1",
    "tcp://[::1]:65535",
    "tls://10.0.0.1:443",
    "ws://h:80",
    "ws://h:80/",
    "ws://h:80/a/b",
    "wss://h_2:8443/p?q=1",
    "wss://h:8443",
    "ipc:///tmp/scaler.sock",
    "ipc://relative",
    "tcp://host-name:02345",
];
const BAD_ADDRESSES: [&str; 8] =
    ["h:1", "http://h:1", "tcp://h", "tcp://h:", "tcp://h:x", "TCP://h:1", "ws://h/p", "tcp:/h:1"];
const CAPABILITIES: [&str; 9] =
    ["linux", "gpu=2", "linux,gpu=2", "gpu=2,linux,cpu=-5", " linux , gpu = 3", "a=1,a=2", "z,y=0,x", "", "gpu=-1"];
const BAD_CAPABILITIES: [&str; 7] = ["=2", "gpu=x", "gpu=", ",", "linux,", "gpu=1.5", "a=b=3"];
const BAD_WHOLE: [&str; 8] = ["abc", "1.5", "", "0x10", "1e3", "1__0", "_1", "1 0"];
const BAD_REAL: [&str; 6] = ["abc", "", "1.5.2", "1,5", "0x1p3", "1__0.5"];

/// Options whose values are texts.
const FREE_TEXT: [&str; 19] = [
    "worker_manager_id",
    "preload",
    "logging_config_file",
    "tls_cert",
    "tls_key",
    "worker_type",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_profile",
    "ecs_cluster",
    "ecs_task_image",
    "ecs_task_definition",
    "image_id",
    "python_version",
    "instance_type",
    "key_name",
    "subnet_id",
    "debug_dump_path",
    "job_queue",
];
const MORE_FREE_TEXT: [&str; 7] =
    ["job_definition", "s3_bucket", "name", "service_name", "identity", "policy_engine_type", "policy_content"];
/// Texts that may be empty with both.
const ANY_TEXT: [&str; 3] = ["s3_prefix", "ecs_python_requirements", "ecs_python_version"];

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    Text,
    AnyText,
    Requirements,
    /// The package takes any text, and finds out at its first call; ours refuses what has not the form of a region.
    Region,
    Address,
    HostPort,
    Capabilities,
    Paths,
    List,
    Tags,
    Flag,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A whole number of at least this.
    Whole(i64),
    /// Any whole number but 0.
    NotZero,
    /// A number of at least 0, or above it.
    Real {
        is_above_0: bool,
    },
}

/// What the option `key` takes.
///
/// # Panics
/// When the package has an option that is not known here: a new release, which the generator must learn.
pub(crate) fn nature(key: &str) -> Nature {
    match key {
        key if FREE_TEXT.contains(&key) || MORE_FREE_TEXT.contains(&key) => Nature::Text,
        key if ANY_TEXT.contains(&key) => Nature::AnyText,
        "gui_address" => Nature::HostPort,
        key if key.ends_with("_address") => Nature::Address,
        "requirements_txt" => Nature::Requirements,
        "aws_region" => Nature::Region,
        "per_worker_capabilities" => Nature::Capabilities,
        "logging_paths" => Nature::Paths,
        "ecs_subnets" | "security_group_ids" => Nature::List,
        "instance_tags" => Nature::Tags,
        "hard_processor_suspend" | "protected" => Nature::Flag,
        "event_loop" => Nature::Words(&["builtin", "uvloop"]),
        "logging_level" => Nature::Words(&["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
        "mode" => Nature::Words(&["dynamic", "fixed"]),
        "backend" => Nature::Words(&["batch"]),
        "network_backend" => Nature::Words(&["ymq", "zmq"]),
        "max_task_concurrency" | "max_number_of_tasks_waiting" => Nature::Whole(-1),
        "task_timeout_seconds" | "trim_memory_threshold_bytes" => Nature::Whole(0),
        "object_report_limit" => Nature::Whole(i64::MIN),
        "load_balance_seconds" => Nature::NotZero,
        "scale_down_cooldown_seconds" => Nature::Real { is_above_0: false },
        "broadcast_interval_seconds" => Nature::Real { is_above_0: true },
        "per_worker_task_queue_size"
        | "heartbeat_interval_seconds"
        | "death_timeout_seconds"
        | "garbage_collect_interval_seconds"
        | "io_threads"
        | "ecs_task_cpu"
        | "ecs_task_memory"
        | "max_concurrent_jobs"
        | "job_timeout_minutes"
        | "status_report_interval_seconds"
        | "client_timeout_seconds"
        | "worker_timeout_seconds"
        | "object_retention_seconds"
        | "load_balance_trigger_times"
        | "task_log_max_size" => Nature::Whole(1),
        other => panic!("the package has an option that the generator does not know: {other}"),
    }
}

/// A value that both take.
pub(crate) fn good(nature: Nature, rng: &mut Rng) -> Given {
    match nature {
        Nature::Text => Given::Word(one(&TEXTS, rng)),
        Nature::AnyText if rng.u8(..4) == 0 => Given::Word(String::new()),
        Nature::AnyText => Given::Word(one(&TEXTS, rng)),
        Nature::Requirements => Given::Word(one(&["opengris-scaler", "opengris-scaler==2.9.0\nnumpy>=2"], rng)),
        Nature::Region => Given::Word(one(&["us-east-1", "ap-southeast-2", "us-gov-west-1"], rng)),
        Nature::Address => Given::Word(one(&ADDRESSES, rng)),
        Nature::HostPort => Given::Word(one(&["0.0.0.0:50001", "localhost:1", "[::1]:65535"], rng)),
        Nature::Capabilities => Given::Word(one(&CAPABILITIES, rng)),
        // Nothing tells a path from an address but where it stands.
        Nature::Paths => some(&["/dev/stdout", "/dev/stderr", "/tmp/a b.log", "log", "tcp://127.0.0.1:1"], rng),
        Nature::List => match some(&["subnet-1", "sg-0a", "x y", " z"], rng) {
            Given::Words(items) => Given::List(items),
            other => other,
        },
        Nature::Tags => {
            let pairs = [("Name", "worker"), ("Env", "a=b"), ("k", ""), ("with space", " v ")];
            let count = rng.usize(1..=pairs.len());
            Given::Pairs(pairs[..count].iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        }
        Nature::Flag => Given::Set,
        Nature::Words(words) => Given::Word(one(words, rng)),
        Nature::Whole(least) if rng.u8(..3) == 0 => Given::Whole(least.max(-1000)),
        Nature::Whole(least) => Given::Whole(rng.i64(least.max(-1000)..5_000)),
        Nature::NotZero => Given::Whole(*rng.choice(&[-3, -1, 1, 60]).unwrap_or(&1)),
        Nature::Real { .. } => Given::Real(*rng.choice(&[0.25, 1.0, 1.5, 30.0, 1000.0]).unwrap_or(&1.0)),
    }
}

/// A number that is one, and too small; none where nothing is.
pub(crate) fn out_of_range(nature: Nature, rng: &mut Rng) -> Option<Given> {
    match nature {
        Nature::Whole(i64::MIN) => None,
        Nature::Whole(least) => Some(Given::Whole(least - rng.i64(1..20))),
        Nature::NotZero => Some(Given::Whole(0)),
        Nature::Real { is_above_0: true } => Some(Given::Real(0.0)),
        Nature::Real { .. } => Some(Given::Real(-0.5)),
        _ => None,
    }
}

/// A text that is no number; none where texts are taken.
pub(crate) fn no_number(nature: Nature, rng: &mut Rng) -> Option<Given> {
    match nature {
        Nature::Whole(_) | Nature::NotZero => Some(Given::Word(one(&BAD_WHOLE, rng))),
        Nature::Real { .. } => Some(Given::Word(one(&BAD_REAL, rng))),
        _ => None,
    }
}

/// An address that is none.
pub(crate) fn bad_address(nature: Nature, rng: &mut Rng) -> Option<Given> {
    match nature {
        Nature::Address => Some(Given::Word(one(&BAD_ADDRESSES, rng))),
        Nature::HostPort => Some(Given::Word(one(&["h", "h:", "h:0", ":1", "h:65536", "h:x"], rng))),
        _ => None,
    }
}

/// A capability list that is none.
pub(crate) fn bad_capabilities(nature: Nature, rng: &mut Rng) -> Option<Given> {
    (nature == Nature::Capabilities).then(|| Given::Word(one(&BAD_CAPABILITIES, rng)))
}

/// A word that is none of those.
pub(crate) fn bad_word(nature: Nature, rng: &mut Rng) -> Option<Given> {
    matches!(nature, Nature::Words(_)).then(|| Given::Word(one(&["auto", "x", "", "12"], rng)))
}

fn one(texts: &[&str], rng: &mut Rng) -> String {
    rng.choice(texts).copied().unwrap_or_default().to_owned()
}

fn some(texts: &[&str], rng: &mut Rng) -> Given {
    let count = rng.usize(1..=3);
    Given::Words((0..count).map(|_| one(texts, rng)).collect())
}
