//! The command line inside a task.

use scaler_wm_aws::WorkerCommand;

/// What worker ids begin with, after the package's own first part.
pub(crate) const PREFIX: &str = "ECS";

/// Prints the id of the task that it runs in, as the metadata endpoint of the container tells it (Fargate platform 1.4.0
/// and later). That is on the link: no proxy knows the way.
const ASK: &str = "import json, os, urllib.request as r; ask = r.build_opener(r.ProxyHandler({})).open; \
                   print(json.load(ask(os.environ[\"ECS_CONTAINER_METADATA_URI_V4\"] + \"/task\", timeout=5))\
                   [\"TaskARN\"].rsplit(\"/\", 1)[1])";

/// The line that starts the workers of a task, each under the task's name: its id, else the name of its host.
///
/// The image hands it to `bash -c`. Python asks for the id, as the image has nothing else for sure: the interpreter that
/// the package's own command names in its first line, else one on the path.
pub(crate) fn start_line(workers: &WorkerCommand) -> String {
    let command = workers.line(PREFIX, "${task:-${HOSTNAME:-$(hostname)}}");
    format!(
        "task=$(for python in \"$(sed -n '1s/^#! *//p' \"$(command -v scaler_worker_manager)\")\" python3 python; do \
         \"$python\" -c '{ASK}' 2>/dev/null && break; done); exec {command}"
    )
}

#[cfg(test)]
mod tests {
    use std::{fs, num::NonZeroU32, os::unix::fs::PermissionsExt, process::Command};

    use proptest::prelude::*;
    use scaler_wm_conformance::{Shell, hostile};
    use scaler_wm_core::ManagerId;

    use super::*;

    /// Runs the line with a `scaler_worker_manager` that prints its arguments, one a line.
    fn run(workers: &WorkerCommand, environment: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let command = folder.path().join("scaler_worker_manager");
        fs::write(&command, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n").unwrap();
        fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(start_line(workers)).env("PATH", path).env_remove("ECS_CONTAINER_METADATA_URI_V4");
        let said = bash.envs(environment.iter().copied()).output().unwrap();
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    fn workers() -> WorkerCommand {
        let address = "tcp://10.0.0.1:8516".parse().unwrap();
        WorkerCommand::new(address, ManagerId::from("m 1'\"$(id)"), NonZeroU32::new(4).unwrap())
    }

    #[test]
    fn hostile_texts_arrive_as_they_are() {
        let mut workers = workers();
        workers.capabilities = "a b=2,-x;id=1,$HOME".parse().unwrap();
        workers.flags = vec![("preload", "pkg:f('a \"b\" `id` $(id)')".to_owned()), ("io_threads", "2".to_owned())];
        workers.hard_processor_suspend = true;
        let said = run(&workers, &[("HOSTNAME", "host-1")]);
        let expected = [
            "baremetal_native",
            "tcp://10.0.0.1:8516",
            "--mode",
            "fixed",
            "--worker-type",
            "ECS-host-1",
            "--max-task-concurrency",
            "4",
            "--worker-manager-id=m 1'\"$(id)",
            &format!("--per-worker-capabilities={}", workers.capabilities),
            "--preload=pkg:f('a \"b\" `id` $(id)')",
            "--io-threads=2",
            "--hard-processor-suspend",
        ];
        assert_eq!(said, expected);
    }

    /// Workers whose every text is hostile.
    fn hostile_workers() -> impl Strategy<Value = WorkerCommand> {
        (hostile(), hostile(), hostile()).prop_map(|(manager, name, preload)| {
            let mut workers = WorkerCommand { manager: ManagerId::from(manager), ..workers() };
            workers.capabilities = [(name.replace([',', '='], "_"), 2)].into_iter().collect();
            workers.flags = vec![("preload", preload)];
            workers
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn whatever_is_said_arrives_and_nothing_else_runs(
            all in proptest::collection::vec(hostile_workers(), 12), host in hostile(),
        ) {
            let shell = Shell::new(&["scaler_worker_manager", "python3", "python"], &["sed"]).unwrap();
            // Nobody answers with a task's id, so the name of the host is taken, whatever that is. What is asked is one word.
            let script: String = all.iter().map(|workers| format!("({})\n", start_line(workers))).collect();
            for name in ["sh", "bash"] {
                let variables = [("HOSTNAME", &*host)];
                let calls = shell.run(name, &script, &variables).unwrap();
                let (asked, started): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call[0].starts_with("python"));
                prop_assert!(asked.iter().all(|call| call[1..] == ["-c".to_owned(), ASK.to_owned()]), "{asked:?}");
                prop_assert_eq!(started.len(), all.len());
                for (call, workers) in started.iter().zip(&all) {
                    let ends = [
                        format!("--worker-manager-id={}", workers.manager),
                        format!("--per-worker-capabilities={}", workers.capabilities),
                        format!("--preload={}", workers.flags[0].1),
                    ];
                    prop_assert_eq!(call.len(), 12, "{:?}", call);
                    prop_assert_eq!(&call[9..], &ends);
                }
            }
        }
    }

    #[test]
    fn the_task_tells_its_own_id() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("task"), r#"{"TaskARN": "arn:aws:ecs:us-east-1:1:task/c/0af3"}"#).unwrap();
        let uri = format!("file://{}", folder.path().display());
        let proxy = ("http_proxy", "http://127.0.0.1:1");
        let said = run(&workers(), &[("ECS_CONTAINER_METADATA_URI_V4", &uri), ("HOSTNAME", "host-1"), proxy]);
        assert_eq!(said[5], "ECS-0af3");
    }
}
