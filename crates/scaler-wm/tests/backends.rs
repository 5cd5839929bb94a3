//! What only a backend knows of its options is refused wherever they are read, if the build has it. Nothing is started.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

const ADDRESS: &str = "tcp://127.0.0.1:9";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scaler-wm"));
    command.args(arguments).current_dir(folder).env("HOME", folder).stdin(Stdio::null());
    for variable in ["XDG_STATE_HOME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
        command.env_remove(variable);
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Something that one backend alone refuses.
struct Refused {
    is_built: bool,
    kind: &'static str,
    keys: &'static [(&'static str, &'static str)],
    /// A part of the message.
    words: &'static str,
}

const REFUSED: [Refused; 7] = [
    Refused {
        is_built: cfg!(feature = "native"),
        kind: "baremetal_native",
        keys: &[("per_worker_task_queue_size", "4294967296")],
        words: "is too large",
    },
    Refused {
        is_built: cfg!(feature = "external"),
        kind: "external",
        keys: &[("provider_address", "http://192.0.2.1:1")],
        words: "would be reached without TLS",
    },
    Refused {
        is_built: cfg!(feature = "ecs"),
        kind: "aws_raw_ecs",
        keys: &[("ecs_subnets", "s"), ("aws_access_key_id", "AKIAX")],
        words: "it comes with aws_secret_access_key",
    },
    Refused {
        is_built: cfg!(feature = "ec2"),
        kind: "orb_aws_ec2",
        keys: &[("aws_region", "useast"), ("image_id", "ami-1")],
        words: "is no region",
    },
    Refused {
        is_built: cfg!(feature = "batch"),
        kind: "aws_hpc",
        keys: &[("job_queue", "q"), ("job_definition", "d"), ("s3_bucket", "b"), ("max_concurrent_jobs", "4294967296")],
        words: "is too large",
    },
    Refused {
        is_built: cfg!(feature = "symphony"),
        kind: "symphony",
        keys: &[("service_name", "s"), ("task_retries", "4294967296")],
        words: "is too large",
    },
    Refused {
        is_built: cfg!(feature = "symphony"),
        kind: "symphony",
        keys: &[("service_name", "s"), ("max_concurrent_tasks", "4294967296")],
        words: "is too large",
    },
];

#[test]
fn what_only_a_backend_refuses_is_refused_before_a_start() {
    let folder = tempfile::tempdir().unwrap();
    for Refused { is_built, kind, keys, words } in REFUSED {
        let flags: Vec<String> = keys
            .iter()
            .flat_map(|(key, value)| [format!("--{}", key.replace('_', "-")), (*value).to_owned()])
            .collect();
        let line: Vec<&str> = [kind, ADDRESS].into_iter().chain(flags.iter().map(String::as_str)).collect();
        let keys: String = keys
            .iter()
            .map(|(key, value)| match value.parse::<u64>() {
                Ok(number) => format!("{key} = {number}\n"),
                Err(_) => format!("{key} = \"{value}\"\n"),
            })
            .collect();
        let file = format!("[[worker_manager]]\ntype = \"{kind}\"\nscheduler_address = \"{ADDRESS}\"\n{keys}");
        fs::write(folder.path().join("f.toml"), file).unwrap();

        let commands = [
            [&["config", "show"][..], &line].concat(),
            vec!["config", "show", "f.toml"],
            vec!["config", "show", kind, "-c", "f.toml"],
        ];
        for command in commands {
            let shown = run(folder.path(), &command);
            let said = text(&shown.stderr);
            assert_eq!(shown.status.code(), Some(if is_built { 2 } else { 0 }), "{command:?}: {shown:?}");
            assert_eq!(said.contains(words), is_built, "{command:?}: {said}");
        }
        if is_built {
            // A start says the same, and no folder was made by then.
            let [shown, started] = [["config", "show"], ["up", ""]].map(|words| {
                let words = words.into_iter().filter(|word| !word.is_empty());
                text(&run(folder.path(), &words.chain(["f.toml"]).collect::<Vec<_>>()).stderr)
            });
            assert_eq!(shown, started);
        }
    }
    assert!(!folder.path().join(".local").exists(), "looking at options has made a state folder");
}

#[test]
fn a_file_that_is_on_another_host_is_left_to_that_one() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, arguments) in [
        ("symphony", &["-sn", "s", "--soam-password-file", "/nonexistent/password"][..]),
        ("orb_aws_ec2", &["--aws-region", "us-east-1", "--orb-template", "/nonexistent/templates.json"]),
    ] {
        let shown = run(folder.path(), &[&["config", "show", kind, ADDRESS][..], arguments].concat());
        assert!(shown.status.success(), "{kind}: {shown:?}");
    }
}
