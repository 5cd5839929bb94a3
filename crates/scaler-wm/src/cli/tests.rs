//! Every form in which a flag can be written, and what is said of those that cannot be.

use super::*;

const BEGINNING: [&str; 3] = ["scaler-wm", "baremetal_native", "tcp://h:1"];

fn call(all: &[&str]) -> Result<Call, String> {
    parse(all.iter().map(OsString::from)).map_err(Failure::text)
}

fn parsed(arguments: &[&str]) -> Result<ManagerCall, String> {
    match call(&[&BEGINNING, arguments].concat())? {
        Call::Manager(call) => Ok(call),
        other => panic!("{other:?}"),
    }
}

fn stack_of(all: &[&str]) -> StackCall {
    match call(all) {
        Ok(Call::Up(call) | Call::ShowStack(call)) => call,
        other => panic!("{all:?}: {other:?}"),
    }
}

/// What was found for `key`, as text.
fn value(arguments: &[&str], key: &str) -> String {
    let invocation = parsed(arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    let found = invocation.found.iter().find(|found| found.key == key);
    match &found.unwrap_or_else(|| panic!("{arguments:?}: no {key}")).raw {
        Raw::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_flag_is_the_same_in_every_form() {
    for arguments in [
        &["-mtc", "8"][..],
        &["-mtc=8"],
        &["-mt", "8"],
        &["--max-task-concurrency", "8"],
        &["--max-task-concurrency=8"],
        &["--max-task", "8"],
        &["--max-task=8"],
        &["-n", "8"],
        &["-n8"],
        &["--num-of-workers", "8"],
        &["--num", "8"],
        // Also the beginning of flags of ours, which go after those of the released package.
        &["-mtc", "3", "--ma", "8"],
    ] {
        assert_eq!(value(arguments, "max_task_concurrency"), "8", "{arguments:?}");
    }
}

#[test]
fn every_declared_flag_is_understood() {
    for kind in KINDS {
        for spec in kind.section.declared().filter(|spec| !spec.is_positional) {
            let key = spec.stands_for.unwrap_or(spec.key);
            let long = format!("--{}", spec.long());
            for flag in [long].into_iter().chain(spec.short.map(|short| format!("-{short}"))) {
                let (arguments, wanted) = match spec.kind {
                    Takes::Flag => (vec![&*flag], Raw::Bool(true)),
                    Takes::Texts => (vec![&*flag, "x"], Raw::Texts(vec!["x".to_owned()])),
                    _ => (vec![&*flag, "x"], Raw::Text("x".to_owned())),
                };
                let Ok(Call::Manager(call)) = call(&[&["scaler-wm", kind.section.name], &arguments[..]].concat())
                else {
                    panic!("{} {flag}", kind.section.name)
                };
                let found = call.found.iter().find(|found| found.key == key).map(|found| &found.raw);
                assert_eq!(found, Some(&wanted), "{} {flag}", kind.section.name);
            }
        }
    }
}

#[test]
fn negative_numbers_are_values_and_flags_are_not() {
    for arguments in [&["-mtc", "-1"][..], &["-mtc=-1"], &["--max-task-concurrency", "-1"], &["-n", "-1"]] {
        assert_eq!(value(arguments, "max_task_concurrency"), "-1", "{arguments:?}");
    }
    assert_eq!(value(&["-sdc", "-0.5"], "scale_down_cooldown_seconds"), "-0.5");
    assert_eq!(value(&["-sdc", "-5e-1"], "scale_down_cooldown_seconds"), "-5e-1");
    assert_eq!(value(&["-wmi", "-5"], "worker_manager_id"), "-5");
    assert_eq!(value(&["--worker-type", "-x y"], "worker_type"), "-x y");
    for arguments in [&["-mtc", "-wmi", "m"][..], &["-wmi", "-mtc", "8"], &["-mtc"]] {
        let error = parsed(arguments).err().unwrap();
        assert!(error.contains("a value is required"), "{arguments:?}: {error}");
    }
}

#[test]
fn what_is_given_last_counts() {
    assert_eq!(value(&["-mtc", "5", "-n", "3"], "max_task_concurrency"), "3");
    assert_eq!(value(&["-n", "3", "-mtc", "5"], "max_task_concurrency"), "5");
    assert_eq!(value(&["-lp", "a", "b", "-ll", "DEBUG", "-lp", "c"], "logging_paths"), "Texts([\"c\"])");
    assert_eq!(value(&["-hps", "-hps"], "hard_processor_suspend"), "Bool(true)");
}

#[test]
fn several_values_follow_one_flag() {
    assert_eq!(value(&["-lp", "a", "b", "-mtc", "2"], "logging_paths"), "Texts([\"a\", \"b\"])");
}

#[test]
fn only_what_was_given_is_found() {
    let invocation = parsed(&[]).unwrap();
    let keys: Vec<&str> = invocation.found.iter().map(|found| found.key).collect();
    assert_eq!(keys, ["scheduler_address"]);
    assert!(invocation.file.is_none() && !invocation.allows_unknown_keys);
    for arguments in [&["-c", "f"][..], &["--config", "f"], &["--config=f"], &["--conf", "f"], &["-cf"]] {
        assert_eq!(parsed(arguments).unwrap().file.as_deref(), Some("f"), "{arguments:?}");
    }
    assert_eq!(parsed(&["-c", "e", "-c", "f"]).unwrap().file.as_deref(), Some("f"));
    assert_eq!(parsed(&["-c", ""]).unwrap().file, None);
    assert!(parsed(&["--allow-unknown-keys"]).unwrap().allows_unknown_keys);
}

#[test]
fn what_follows_two_hyphens_is_left_alone() {
    let Ok(Call::Manager(invocation)) = call(&["scaler-wm", "baremetal_native", "-lp", "x", "--", "-mtc"]) else {
        panic!()
    };
    let address = invocation.found.iter().find(|found| found.key == "scheduler_address").unwrap();
    assert_eq!(address.raw, Raw::Text("-mtc".to_owned()));
}

#[test]
fn unknown_flags_get_the_nearest_known_one() {
    for (flag, wanted) in [
        ("--max-task-concurency", "no such flag: --max-task-concurency; did you mean --max-task-concurrency?"),
        ("--max-task-concurency=3", "no such flag: --max-task-concurency; did you mean --max-task-concurrency?"),
        ("-mtx", "no such flag: -mtx; did you mean -mtc?"),
        ("-max-task-concurrency", "no such flag: -max-task-concurrency; did you mean --max-task-concurrency?"),
        ("--zzz", "no such flag: --zzz; --help lists them all"),
        ("--m", "--m could be any of --max-task-concurrency, --mode, --monitor-address"),
        ("--st", "--st could be any of --state-dir, --stop-timeout-seconds"),
    ] {
        assert_eq!(parsed(&[flag, "3"]).err().as_deref(), Some(wanted), "{flag}");
    }
}

#[test]
fn unknown_types_are_answered() {
    for (kind, wanted) in [
        ("baremetal_nativ", "did you mean `baremetal_native`?"),
        ("oci_raw", "is a manager of the Python package only"),
        ("confg", "did you mean `config`?"),
        ("zzz", "there is baremetal_native, aws_raw_ecs, orb_aws_ec2, aws_hpc, symphony"),
        ("-mtc", "`-mtc` stands where the type belongs"),
    ] {
        let error = call(&["scaler-wm", kind]).unwrap_err();
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn the_name_says_what_it_behaves_as() {
    for name in ["scaler_worker_manager", "/usr/local/bin/scaler_worker_manager"] {
        let Ok(Call::Manager(call)) = call(&[name, "-c", "f.toml", "aws_hpc", "-q", "x"]) else { panic!("{name}") };
        assert_eq!((call.kind.section.name, call.file.as_deref()), ("aws_hpc", Some("f.toml")));
        assert!(call.allows_unknown_keys);
    }
    assert!(call(&["scaler_worker_manager", "up", "f.toml"]).unwrap_err().contains("no type"));
    let called = stack_of(&["bin/scaler", "f.toml"]);
    assert!(called.file == "f.toml" && called.allows_unknown_keys && !called.names_lines);
    let up = stack_of(&["scaler-wm", "up", "f.toml"]);
    assert!(up.file == "f.toml" && !up.allows_unknown_keys && up.names_lines);
}

#[test]
fn a_whole_file_takes_the_flags_of_every_section() {
    let arguments =
        ["--python", "p", "-mtc", "3", "--scheduler-address", "tcp://h:1", "--policy-content=x", "--protected"];
    for start in [&["scaler-wm", "up", "f"][..], &["scaler-wm", "config", "show", "f"]] {
        let called = stack_of(&[start, &arguments].concat());
        let keys: Vec<&str> = called.found.iter().map(|found| found.key).collect();
        let wanted = ["scheduler_address", "max_task_concurrency", "python", "policy_content", "protected"];
        assert_eq!(keys, wanted, "{:?}", called.found);
        assert_eq!(called.found[0].origin.to_string(), "--scheduler-address");
    }
    // Of several sections, with several meanings.
    assert!(call(&["scaler-wm", "up", "f", "-n", "3"]).unwrap_err().contains("no such flag: -n"));
    assert!(call(&["scaler-wm", "up"]).unwrap_err().contains("<FILE>"));
}

#[test]
fn options_of_one_name_take_values_in_one_way() {
    let takes = |kind: Takes| (kind == Takes::Flag, kind == Takes::Texts);
    let every = every_option();
    for section in MANAGERS.iter().chain(PARTS).chain(PYTHON_MANAGERS) {
        for spec in section.specs() {
            let same = every.iter().find(|other| other.key == spec.key).unwrap();
            assert_eq!(takes(same.kind), takes(spec.kind), "{}: {}", section.name, spec.key);
        }
    }
}

#[test]
fn configuration_commands_are_told_apart() {
    assert!(matches!(call(&["scaler-wm", "config", "show", "aws_hpc", "-q", "x"]), Ok(Call::ShowManager(_))));
    let Ok(Call::Init(init)) = call(&["scaler-wm", "config", "init", "gui", "f.toml"]) else { panic!() };
    assert_eq!((init.section.name, init.file.as_deref()), ("gui", Some("f.toml")));
    assert!(call(&["scaler-wm", "config", "init", "guy"]).unwrap_err().contains("did you mean `gui`?"));
    assert!(call(&["scaler-wm", "config", "shw", "f"]).unwrap_err().contains("did you mean `show`?"));
}
