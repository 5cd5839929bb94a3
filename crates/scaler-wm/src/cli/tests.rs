//! Every form in which a flag can be written, and what is said of those that cannot be.

use super::*;

const BEGINNING: [&str; 3] = ["scaler-wm", "baremetal_native", "tcp://h:1"];

fn parsed(arguments: &[&str]) -> Result<Invocation, String> {
    let all = BEGINNING.iter().chain(arguments).map(OsString::from);
    parse(all).map_err(|failure| match failure {
        Failure::Usage(text) => text,
        Failure::Clap(error) => error.to_string(),
        other => panic!("{other:?}"),
    })
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
    ] {
        assert_eq!(value(arguments, "max_task_concurrency"), "8", "{arguments:?}");
    }
}

#[test]
fn every_declared_flag_is_understood() {
    let backend = backends::find("baremetal_native").unwrap();
    for spec in declared(backend).into_iter().filter(|spec| !spec.is_positional) {
        let key = spec.stands_for.unwrap_or(spec.key);
        let long = format!("--{}", spec.long());
        for flag in [long].into_iter().chain(spec.short.map(|short| format!("-{short}"))) {
            let (arguments, wanted) = match spec.kind {
                Kind::Flag => (vec![&*flag], "Bool(true)"),
                Kind::Texts => (vec![&*flag, "x"], "Texts([\"x\"])"),
                _ => (vec![&*flag, "x"], "x"),
            };
            assert_eq!(value(&arguments, key), wanted, "{flag}");
        }
    }
}

#[test]
fn negative_numbers_are_values_and_flags_are_not() {
    for arguments in [&["-mtc", "-1"][..], &["-mtc=-1"], &["--max-task-concurrency", "-1"], &["-n", "-1"]] {
        assert_eq!(value(arguments, "max_task_concurrency"), "-1", "{arguments:?}");
    }
    assert_eq!(value(&["-sdc", "-0.5"], "scale_down_cooldown_seconds"), "-0.5");
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
    assert!(parsed(&["--allow-unknown-keys"]).unwrap().allows_unknown_keys);
}

#[test]
fn what_follows_two_hyphens_is_left_alone() {
    let all = ["scaler-wm", "baremetal_native", "-lp", "x", "--", "-mtc"].map(OsString::from);
    let invocation = parse(all).ok().unwrap();
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
    ] {
        assert_eq!(parsed(&[flag, "3"]).err().as_deref(), Some(wanted), "{flag}");
    }
}

#[test]
fn unknown_types_are_answered() {
    for (kind, wanted) in [
        ("baremetal_nativ", "did you mean `baremetal_native`?"),
        ("aws_raw_ecs", "is not in this build"),
        ("zzz", "there is baremetal_native"),
    ] {
        let Err(Failure::Usage(error)) = parse(["scaler-wm", kind].map(OsString::from)) else { panic!("{kind}") };
        assert!(error.contains(wanted), "{error}");
    }
}
