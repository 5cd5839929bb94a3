//! Where we differ from the released package, and mean to: what it does, and what we do.

use scaler_wm_tests::{Failure, Result};
use serde_json::{Value, json};

use crate::cases::Case;
use crate::ours::Ours;
use crate::released::{self, Outcome};

/// What every manager needs.
const BASE: [&str; 3] = ["tcp://127.0.0.1:8516", "-wmi", "x"];

fn native(arguments: &[&str]) -> Case {
    Case::line("baremetal_native", &[BASE.as_slice(), arguments].concat())
}

fn native_file(keys: &str) -> Case {
    native(&[]).with_file(&format!("[worker_manager]\ntype = \"baremetal_native\"\n{keys}\n"))
}

fn ec2(arguments: &[&str]) -> Case {
    Case::line("orb_aws_ec2", &[BASE.as_slice(), &["--aws-region", "us-east-1", "--image-id", "i"], arguments].concat())
}

/// The value of `key` in a manager's outcome.
fn shown(outcome: &Outcome, key: &str) -> Result<Value> {
    match outcome {
        Outcome::Values(values) => Ok(values.get(key).unwrap_or(&values["worker_manager"][0][key]).clone()),
        Outcome::Refused(why) => Err(Failure::new(format!("see {key}"), format!("it was refused: {why}"))),
    }
}

fn same(what: &str, found: &Value, wanted: &Value) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(Failure::new(format!("see {what} as {wanted}"), format!("it is {found}")))
}

fn refused(outcome: &Outcome, words: &[&str]) -> Result<()> {
    let why = match outcome {
        Outcome::Refused(why) => why,
        Outcome::Values(values) => return Err(Failure::new("see it refused", format!("it would run: {values}"))),
    };
    match words.iter().find(|word| !why.contains(**word)) {
        Some(word) => Err(Failure::new(format!("be told of {word}"), why)),
        None => Ok(()),
    }
}

/// The package takes each of the cases and shows this value for `key`; we refuse it with these words.
fn only_we_refuse(key: &str, all: &[(Case, Value, &[&str])]) -> Result<()> {
    let ours = Ours::new()?;
    let cases: Vec<Case> = all.iter().map(|(case, ..)| case.clone()).collect();
    for ((case, wanted, words), released) in all.iter().zip(released::outcomes(&cases)?) {
        let failed = |failure: Failure| failure.with_context(format!("{case:?}"));
        same(key, &shown(&released, key).map_err(failed)?, wanted).map_err(failed)?;
        refused(&ours.outcome(case)?, words).map_err(failed)?;
    }
    Ok(())
}

#[test]
fn a_manager_of_batch_has_no_limit_unless_it_is_given_one() -> Result<()> {
    let case = |more: &[&str]| {
        let base = ["tcp://127.0.0.1:8516", "-wmi", "x", "-q", "q", "-d", "d", "--s3-bucket", "b"];
        Case::line("aws_hpc", &[base.as_slice(), more].concat())
    };
    let key = "max_task_concurrency";
    let (usual, given) = (case(&[]), case(&["-mtc", "7"]));
    // The package shows the number of CPUs, and its manager never looks at it: it starts workers without a limit.
    let theirs = shown(&released::outcomes(std::slice::from_ref(&usual))?[0], key)?;
    let are_cpus = theirs.as_u64().is_some_and(|cpus| cpus >= 1);
    same("that the package shows CPUs", &are_cpus.into(), &true.into())?;
    let ours = Ours::new()?;
    same(key, &shown(&ours.outcome(&usual)?, key)?, &json!(-1))?;
    // What somebody has asked for is kept.
    same(key, &shown(&ours.outcome(&given)?, key)?, &json!(7))
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() -> Result<()> {
    let case = native_file("max_task_concurency = 3");
    let theirs = shown(&released::outcomes(&[native(&[])])?[0], "max_task_concurrency")?;
    only_we_refuse("max_task_concurrency", &[(case.clone(), theirs, &["`max_task_concurrency`"])])?;
    let mut allowed = case;
    allowed.arguments.push("--allow-unknown-keys".to_owned());
    let (outcome, warnings) = Ours::new()?.show(&allowed)?;
    let usable = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    same("max_task_concurrency", &shown(&outcome, "max_task_concurrency")?, &usable.into())?;
    refused(&Outcome::Refused(warnings), &["warning", "max_task_concurency", "`max_task_concurrency`"])
}

#[test]
fn under_the_released_names_an_unknown_key_only_warns() -> Result<()> {
    let ours = Ours::new()?;
    // It comes no further than that there is no such interpreter.
    let toml = format!(
        "[worker_manager]\ntype = \"baremetal_native\"\nscheduler_address = \"tcp://127.0.0.1:9\"\nio_thread = 3\n\
         worker_manager_id = \"x\"\nstate_dir = '{}'\npython = \"/nonexistent/python\"\n",
        ours.folder().join("state").display()
    );
    let of_one = Case::line("baremetal_native", &[]).with_file(&toml);
    for (name, case) in [("scaler_worker_manager", of_one), ("scaler", Case::file(&toml))] {
        let said = ours.called(name, &case)?;
        refused(&Outcome::Refused(said), &["warning", "io_thread:", "`io_threads`", "/nonexistent/python"])?;
    }
    Ok(())
}

#[test]
fn a_missing_id_is_made_of_type_and_host() -> Result<()> {
    let case = Case::line("baremetal_native", &["tcp://127.0.0.1:8516"]);
    refused(&released::outcomes(std::slice::from_ref(&case))?[0], &["--worker-manager-id"])?;
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let host = host.map_err(|error| Failure::new("read this host's name", error))?;
    let id = shown(&Ours::new()?.outcome(&case)?, "worker_manager_id")?;
    same("worker_manager_id", &id, &json!(format!("baremetal_native-{}", host.trim())))
}

#[test]
fn what_a_first_call_would_find_out_is_refused_before_it() -> Result<()> {
    let ecs = |arguments: &[&str]| Case::line("aws_raw_ecs", &[BASE.as_slice(), arguments].concat());
    let requirements = |text: &str| {
        let python = ["--aws-region", "us-east-1", "--python-version", "3.12", "--requirements-txt", text];
        Case::line("orb_aws_ec2", &[BASE.as_slice(), &python].concat())
    };
    only_we_refuse("aws_region", &[(ec2(&["--aws-region", "us-east-1a"]), json!("us-east-1a"), &["us-east-1a"])])?;
    let half = ecs(&["--ecs-subnets", "s", "--aws-access-key-id", "AKIAX"]);
    only_we_refuse("ecs_subnets", &[(half, json!(["s"]), &["--aws-access-key-id", "--aws-secret-access-key"])])?;
    let nothing = requirements("numpy");
    only_we_refuse("requirements_txt", &[(nothing, json!("numpy"), &["--requirements-txt", "opengris-scaler"])])
}

#[test]
fn words_are_taken_in_any_case() -> Result<()> {
    let ours = Ours::new()?;
    let cases = [
        (native(&["--mode", "FIXED"]), "mode", "fixed"),
        (native_file("mode = \"Fixed\""), "mode", "fixed"),
        (native(&["-ll", "debug"]), "logging_level", "DEBUG"),
        (native(&["-el", "Builtin"]), "event_loop", "builtin"),
        (ec2(&["--network-backend", "ZMQ"]), "network_backend", "zmq"),
    ];
    let lines: Vec<Case> = cases.iter().map(|(case, ..)| case.clone()).collect();
    for ((case, key, wanted), released) in cases.iter().zip(released::outcomes(&lines)?) {
        refused(&released, &[])?;
        same(key, &shown(&ours.outcome(case)?, key)?, &json!(wanted))?;
    }
    Ok(())
}

#[test]
fn numbers_of_a_file_are_checked() -> Result<()> {
    only_we_refuse(
        "io_threads",
        &[
            (native_file("io_threads = 2.5"), json!(2.5), &["io_threads", "2.5"]),
            (native_file("io_threads = true"), json!(true), &["io_threads", "true"]),
        ],
    )
}

#[test]
fn words_of_a_file_are_checked() -> Result<()> {
    let case = native_file("event_loop = \"nonsense\"");
    only_we_refuse("event_loop", &[(case, json!("nonsense"), &["nonsense", "builtin, uvloop"])])
}

#[test]
fn a_single_logging_path_of_a_file_is_one() -> Result<()> {
    let case = native_file("logging_paths = \"/tmp/log\"");
    // The package goes through the text letter by letter.
    let released = &released::outcomes(std::slice::from_ref(&case))?[0];
    same("logging_paths", &shown(released, "logging_paths")?, &json!("/tmp/log"))?;
    same("logging_paths", &shown(&Ours::new()?.outcome(&case)?, "logging_paths")?, &json!(["/tmp/log"]))
}

#[test]
fn addresses_that_nobody_can_use_are_refused() -> Result<()> {
    let case = |address: &str| native(&["-osa", address]);
    only_we_refuse(
        "object_storage_address",
        &[
            (case("tcp://h:0"), json!("tcp://h:0"), &["tcp://h:0", "1 to 65535"]),
            (case("tcp://h:99999"), json!("tcp://h:99999"), &["tcp://h:99999", "1 to 65535"]),
            (case("tcp://:1"), json!("tcp://:1"), &["tcp://:1", "no host"]),
            // The package forgets the path.
            (case("tcp://h:1/path"), json!("tcp://h:1"), &["tcp://h:1/path", "path"]),
            (case("inproc://x"), json!("inproc://x"), &["inproc", "tcp, tls, ws, wss or ipc"]),
        ],
    )
}

#[test]
fn numbers_are_finite() -> Result<()> {
    only_we_refuse(
        "scale_down_cooldown_seconds",
        &[
            (native(&["-sdc", "inf"]), json!("inf"), &["--scale-down-cooldown-seconds", "inf"]),
            (native(&["-sdc", "nan"]), json!("nan"), &["--scale-down-cooldown-seconds", "nan"]),
            (native_file("scale_down_cooldown_seconds = inf"), json!("inf"), &["scale_down_cooldown_seconds", "inf"]),
        ],
    )
}

#[test]
fn tags_have_values() -> Result<()> {
    let case = ec2(&["--instance-tags", "Name=worker,Env"]);
    // The package leaves it out without a word.
    only_we_refuse("instance_tags", &[(case, json!({"Name": "worker"}), &["--instance-tags", "`Env`", "Env=value"])])
}

#[test]
fn there_is_at_least_one_logging_path() -> Result<()> {
    only_we_refuse(
        "logging_paths",
        &[
            (native(&["-lp"]), json!([]), &["--logging-paths"]),
            (native_file("logging_paths = []"), json!([]), &["logging_paths"]),
        ],
    )
}

#[test]
fn ids_of_a_file_are_different() -> Result<()> {
    let entry = |kind: &str, more: &str| {
        let base = "scheduler_address = \"tcp://127.0.0.1:8516\"\nworker_manager_id = \"twice\"";
        format!("[[worker_manager]]\ntype = \"{kind}\"\n{base}\n{more}\n")
    };
    let case = Case::file(&(entry("baremetal_native", "") + &*entry("symphony", "service_name = \"s\"")));
    let released = released::outcomes(std::slice::from_ref(&case))?;
    let Outcome::Values(values) = &released[0] else {
        return Err(Failure::new("see the package take it", format!("{released:?}")));
    };
    same("the second id", &values["worker_manager"][1]["worker_manager_id"], &json!("twice"))?;
    refused(&Ours::new()?.outcome(&case)?, &["worker_manager_id", "twice"])
}

#[test]
fn a_mistake_in_a_file_is_told_though_a_flag_overrides_it() -> Result<()> {
    let case = |value: &str| {
        let mut case = native_file(&format!("io_threads = {value}"));
        case.arguments.extend(["-it".to_owned(), "2".to_owned()]);
        case
    };
    only_we_refuse(
        "io_threads",
        &[
            (case("0"), json!(2), &["config.toml:3: io_threads", "0 is out of range"]),
            (case("\"many\""), json!(2), &["config.toml:3: io_threads", "`many`"]),
        ],
    )
}

#[test]
fn texts_say_something() -> Result<()> {
    only_we_refuse("preload", &[(native(&["--preload", ""]), json!(""), &["--preload", "empty"])])?;
    only_we_refuse("aws_region", &[(ec2(&["--aws-region="]), json!(""), &["--aws-region", "empty"])])
}
