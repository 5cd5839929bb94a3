//! `cargo xtask features`: what each cargo feature of the binary brings by itself, and that it brings nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use scaler_wm_tests::{Failure, Result};
use serde_json::Value;

use crate::shell;

/// Crates that a build should have for a reason only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// The AWS SDK.
    Aws,
    /// gRPC.
    Grpc,
    /// HTTP.
    Http,
    /// TLS, and the cryptography below it.
    Tls,
    /// What draws in a terminal.
    Terminal,
    /// What loads libraries at run time; a static binary cannot.
    Loader,
    /// ZeroMQ.
    Zmq,
    /// What writes man pages and completions.
    Manual,
}

use Group::{Aws, Grpc, Http, Loader, Manual, Terminal, Tls, Zmq};

impl Group {
    /// The group of a crate, as cargo shows it, if it is of one.
    fn of(shown: &str) -> Option<Self> {
        let name = shown.split(' ').next()?;
        Some(match name {
            "tonic" | "prost" => Grpc,
            "hyper" | "h2" => Http,
            "rustls" | "aws-lc-rs" => Tls,
            "ratatui" | "crossterm" => Terminal,
            "libloading" => Loader,
            "zeromq" => Zmq,
            "clap_complete" | "clap_mangen" => Manual,
            _ if ["aws-config", "aws-sdk-", "aws-smithy-"].iter().any(|start| name.starts_with(start)) => Aws,
            _ => return None,
        })
    }
}

/// Every feature with all that it may bring, and has to. (The AWS SDK brings HTTP and TLS.)
const FEATURES: [(&str, &[Group]); 15] = [
    ("native", &[]),
    ("ecs", &[Aws, Http, Tls]),
    ("ec2", &[Aws, Http, Tls]),
    ("batch", &[Aws, Http, Tls]),
    ("provision", &[Aws, Http, Tls]),
    ("aws", &[Aws, Http, Tls]),
    ("symphony", &[Loader]),
    ("external", &[Grpc, Http, Tls]),
    ("control", &[Grpc, Http, Tls]),
    ("top", &[Grpc, Http, Tls, Terminal]),
    ("simulate", &[]),
    ("tls", &[Tls]),
    ("zmq", &[Zmq]),
    ("manual", &[Manual]),
    ("default", &[Grpc, Http, Tls, Terminal]),
];

/// What nothing here may have: a second TLS stack, a second source of cryptography, an older HTTP.
/// A second runtime, too. As cargo shows them, with what their versions begin with.
const NEVER: [&str; 7] =
    ["ring v", "openssl-sys v", "native-tls v", "async-std v", "smol v", "hyper v0", "rustls v0.21"];

/// The crates at the C ABI of Symphony: the only ones with unsafe code of our own.
const AT_THE_BORDER: [&str; 2] = ["scaler-wm-symphony", "scaler-wm-symphony-sim"];

/// The features, one a line: for `.ci/run`, which lints each by itself.
pub(crate) fn names() {
    FEATURES.iter().filter(|(name, _)| *name != "default").for_each(|(name, _)| println!("{name}"));
}

/// Looks at each feature by itself, and prints what it brings.
pub(crate) fn run() -> Result<()> {
    let workspace = metadata()?;
    all_are_known(&workspace)?;
    let mut amiss = Vec::new();
    println!("{:<10} {:>6}  brings", "feature", "crates");
    for (feature, expected) in FEATURES {
        let crates = crates_of(feature)?;
        let brought: BTreeSet<Group> = crates.iter().filter_map(|name| Group::of(name)).collect();
        let words: Vec<String> = brought.iter().map(|group| format!("{group:?}").to_lowercase()).collect();
        println!("{feature:<10} {:>6}  {}", crates.len(), words.join(", "));
        let expected: BTreeSet<Group> = expected.iter().copied().collect();
        for group in brought.difference(&expected) {
            amiss.push(format!("{feature} brings {group:?}; `cargo xtask features` does not expect it"));
        }
        for group in expected.difference(&brought) {
            amiss.push(format!("{feature} brings no {group:?} any more: take it from the table in features.rs"));
        }
        let never = NEVER.iter().filter(|never| crates.iter().any(|name| name.starts_with(**never)));
        amiss.extend(never.map(|name| format!("{feature} brings {name}")));
    }
    amiss.extend(borders(&workspace)?);
    if amiss.is_empty() {
        println!("unsafe code of our own and libloading: {} alone", AT_THE_BORDER.join(" and "));
        return Ok(());
    }
    Err(Failure::new("find every build slim", amiss.join("\n")))
}

/// The crates that the binary stands on with this feature and no other, each with its version. A build of its own: features of one crate are
/// united over all that is built together.
pub(crate) fn crates_of(features: &str) -> Result<BTreeSet<String>> {
    let mut command = shell::cargo();
    command.args(["tree", "--locked", "--package", "scaler-wm", "--edges", "normal", "--prefix", "none"]);
    command.args(["--format", "{p}", "--no-default-features", "--features", features]);
    let told = shell::output_of("ask cargo for the crates", &mut command)?;
    let shown =
        |line: &str| Some(line.split(' ').take(2).collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty());
    Ok(told.lines().filter_map(shown).collect())
}

/// The table above has every feature.
fn all_are_known(workspace: &Value) -> Result<()> {
    let binary = packages(workspace).find(|package| package["name"] == "scaler-wm");
    let declared = binary.and_then(|package| package["features"].as_object()).into_iter().flatten();
    let unknown: Vec<&str> = declared
        .map(|(name, _)| name.as_str())
        .filter(|name| FEATURES.iter().all(|(known, _)| known != name))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Failure::new("know every feature", format!("{} is not in the table in features.rs", unknown.join(", "))))
}

/// What is wrong about who has unsafe code and who loads libraries. That the compiler forbids unsafe code is what counts;
/// this looks that it is told to, in every program and library.
fn borders(workspace: &Value) -> Result<Vec<String>> {
    let mut amiss = Vec::new();
    for package in packages(workspace) {
        let name = package["name"].as_str().unwrap_or_default();
        let is_at_border = AT_THE_BORDER.contains(&name);
        let loads = package["dependencies"].as_array().into_iter().flatten();
        if loads.filter(|one| one["kind"].is_null()).any(|one| one["name"] == "libloading") && !is_at_border {
            amiss.push(format!("{name} has libloading"));
        }
        for target in package["targets"].as_array().into_iter().flatten() {
            let is_ours = ["lib", "bin", "cdylib"].iter().any(|kind| target["kind"][0] == *kind);
            let Some(path) = target["src_path"].as_str().filter(|_| is_ours) else {
                continue;
            };
            let text = fs::read_to_string(path).map_err(|error| Failure::new(format!("read {path}"), error))?;
            if text.contains("#![forbid(unsafe_code)]") == is_at_border {
                amiss.push(format!("{path} {} unsafe code", if is_at_border { "forbids" } else { "does not forbid" }));
            }
        }
    }
    Ok(amiss)
}

fn packages(workspace: &Value) -> impl Iterator<Item = &Value> {
    workspace["packages"].as_array().into_iter().flatten()
}

fn metadata() -> Result<Value> {
    let mut command: Command = shell::cargo();
    command.args(["metadata", "--locked", "--no-deps", "--format-version", "1"]);
    let told = shell::output_of("ask cargo for the workspace", &mut command)?;
    serde_json::from_str(&told).map_err(|error| Failure::new("read cargo's metadata", error))
}
