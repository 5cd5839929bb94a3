//! The script of an instance, run by a real `sh`: with stand-ins for the programs that it calls, and its folders moved below
//! one of the test's.

use std::{
    fs,
    num::NonZeroU32,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use aws_smithy_types::base64;
use proptest::prelude::*;
use scaler_wm_aws::WorkerCommand;
use scaler_wm_conformance::{CANARY, hostile};
use scaler_wm_core::{Address, Capabilities, ManagerId, Scheme};
use scaler_wm_ec2::{Ec2Config, Install, Requirements};
use tempfile::TempDir;

use crate::{fake::Fake, launching::prepare};

/// What a script did.
struct Ran {
    folder: TempDir,
    script: String,
}

impl Ran {
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// What the workers' command was given: its environment's backend, then its arguments.
    fn started(&self) -> Vec<String> {
        self.read("started").split('\0').map(str::to_owned).filter(|word| !word.is_empty()).collect()
    }

    fn log(&self) -> String {
        self.read("var/log/opengris-scaler.log")
    }
}

fn program(folder: &Path, name: &str, body: &str) {
    let path = folder.join("bin").join(name);
    fs::write(&path, format!("#!/bin/sh\nhere={}\n{body}\n", folder.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The script that an instance of this configuration would run.
fn script(change: impl FnOnce(&mut Ec2Config)) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let fake = Fake::default();
        let provider = fake.provider(change).await.unwrap();
        scaler_wm_core::Provider::launch(&provider, &prepare(&provider, 1, 0)).await.unwrap();
        String::from_utf8(base64::decode(fake.calls("RunInstances")[0].get("UserData")).unwrap()).unwrap()
    })
}

/// Runs it until the instance ends.
fn run(script: &str, lease: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for below in ["bin", "var/log", "opt", "etc/ld.so.conf.d", "home"] {
        fs::create_dir_all(path.join(below)).unwrap();
    }
    program(
        path,
        "curl",
        &format!(
            r#"case "$*" in
*install.sh) echo 'echo "installing uv"' ;;
*api/token) echo secret ;;
*"token: secret"*/latest/meta-data/instance-id) printf i-0af3 ;;
*"token: secret"*/latest/meta-data/tags/instance/scaler-wm:lease) {lease} ;;
*) echo "curl $*" >&2; exit 22 ;;
esac"#
        ),
    );
    program(path, "shutdown", r#"echo "$@" > "$here/down.new"; mv "$here/down.new" "$here/down""#);
    program(
        path,
        "scaler_worker_manager",
        r#"{ printf '%s\0' "$SCALER_NETWORK_BACKEND"; printf '%s\0' "$@"; } > "$here/started"; echo "the workers speak"; test ! -e "$here/stay" || sleep 60"#,
    );
    program(
        path,
        "uv",
        r#"printf 'uv %s\n' "$*"; case "$1" in venv) mkdir -p "$4" ;; pip) cp "$6" "$here/installed" ;; esac"#,
    );
    program(path, "dnf", r#"echo "dnf $*""#);
    program(path, "ldconfig", "echo ldconfig");
    program(path, CANARY, r#"echo "$@" >> "$here/canary""#);
    program(
        path,
        "git",
        r#"printf '%s\0' "$@" > "$here/cloned"; mkdir -p "$here/opt/scaler-src/scripts"; echo 'echo "library $*"' > "$here/opt/scaler-src/scripts/library_tool.sh""#,
    );
    program(path, "sleep", r#"test "$1" = 60 && exec /bin/sleep 60; exec /bin/sleep 0.05"#);
    let mut text = script.to_owned();
    for folder in ["/var/log/", "/opt/", "/etc/ld.so.conf.d/"] {
        text = text.replace(folder, &format!("{}{folder}", path.display()));
    }
    let file = path.join("user-data");
    fs::write(&file, text).unwrap();
    if lease != "exit 22" {
        fs::write(path.join("stay"), "").unwrap();
    }
    let search = format!("{}:{}", path.join("bin").display(), std::env::var("PATH").unwrap());
    let status = Command::new("sh")
        .arg(&file)
        .env_clear()
        .envs([("PATH", search.as_str()), ("HOME", path.join("home").to_str().unwrap())])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(path.join("errors")).unwrap())
        .status()
        .unwrap();
    assert!(status.success());
    let until = Instant::now() + Duration::from_secs(20);
    while !path.join("down").exists() {
        let ran = fs::read_to_string(path.join("var/log/opengris-scaler.log")).unwrap_or_default();
        assert!(Instant::now() < until, "the instance did not end: {ran}");
        std::thread::sleep(Duration::from_millis(5));
    }
    Ran { folder, script: script.to_owned() }
}

const NO_LEASE: &str = "exit 22";

fn install(text: &str) -> Option<Install> {
    let requirements = Requirements::parse(text.to_owned()).unwrap();
    Some(Install { python_version: "3.12".to_owned(), requirements })
}

#[test]
fn an_image_starts_its_workers_and_ends_with_them() {
    let ran = run(&script(|config| config.network_backend = "zmq".to_owned()), NO_LEASE);
    let expected = [
        "zmq",
        "baremetal_native",
        "tcp://10.0.0.1:8516",
        "--mode",
        "fixed",
        "--worker-type",
        "ORB-i-0af3",
        "--max-task-concurrency",
        "2",
        "--worker-manager-id=m1",
    ];
    assert_eq!(ran.started(), expected);
    assert_eq!((ran.read("down").as_str(), ran.read("errors").as_str()), ("-h now\n", ""));
    assert!(ran.log().contains("the workers speak"), "{}", ran.log());
    assert!(!ran.script.contains("uv"), "an image has its packages");
}

#[test]
fn packages_are_installed_first() {
    let text = "opengris-scaler==2.9.0\n# it's \"ours\" $HOME `id`\nnumpy ; python_version > '3'\n";
    let ran = run(&script(|config| config.install = install(text)), NO_LEASE);
    assert_eq!(ran.read("installed").trim_end(), text.trim_end());
    let (log, started) = (ran.log(), ran.started());
    let order = ["installing uv", "uv venv --python 3.12", "uv pip install", "the workers speak"];
    let places: Vec<Option<usize>> = order.iter().map(|step| log.find(step)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{log}");
    assert_eq!(started[6], "ORB-i-0af3");
    assert!(!ran.script.contains("git clone") && !log.contains("dnf"));
}

#[test]
fn a_repository_of_another_package_is_not_built_by_us_but_needs_git() {
    let text = "theirs @ git+https://h/o/theirs.git\nopengris-scaler==2.9.0";
    let ran = run(&script(|config| config.install = install(text)), NO_LEASE);
    let log = ran.log();
    assert!(log.contains("dnf install -y git\n") && !log.contains("gcc") && ran.read("cloned").is_empty(), "{log}");
    assert_eq!((ran.read("installed").trim_end(), ran.started()[6].as_str()), (text, "ORB-i-0af3"));
}

#[test]
fn a_repository_is_built_from_source() {
    let text = "opengris-scaler @ git+https://h/o/it's.git@a branch";
    let ran = run(&script(|config| config.install = install(text)), NO_LEASE);
    let cloned: Vec<String> = ran.read("cloned").split('\0').map(str::to_owned).collect();
    assert_eq!(cloned[..6], ["clone", "--depth", "1", "--branch=a branch", "--", "https://h/o/it's.git"]);
    let log = ran.log();
    for step in
        ["dnf install -y git gcc14", "library capnp download", "library openssl install", "ldconfig", "uv pip install"]
    {
        assert!(log.contains(step), "{step}: {log}");
    }
    assert_eq!(ran.started()[6], "ORB-i-0af3");
}

#[test]
fn what_cannot_be_installed_ends_the_instance() {
    let mut text = script(|config| config.install = install("opengris-scaler"));
    text = text.replace("uv pip install", "false");
    let ran = run(&text, NO_LEASE);
    assert_eq!((ran.started().len(), ran.read("down").as_str()), (0, "-h now\n"));
}

#[test]
fn a_script_of_the_templates_runs_first_with_its_own_interpreter() {
    let first = "#!/bin/bash\n[[ $BASH ]] && echo \"first it's\" > /var/log/first\nexit 3\n";
    let ran = run(&script(|config| config.first = Some(first.to_owned())), NO_LEASE);
    assert_eq!(ran.read("var/log/first"), "first it's\n");
    assert!(ran.read("errors").contains("the template's user data failed: 3"));
    assert_eq!(ran.started()[1], "baremetal_native");
}

#[test]
fn an_instance_whose_lease_has_run_out_ends_although_its_workers_go_on() {
    let script = script(|config| config.lease = Some(Duration::from_secs(300)));
    // Renewed twice, then no more.
    let lease = r#"echo x >> "$here/asked"; test $(wc -l < "$here/asked") -lt 3 && date -d '1 hour' +%s || printf 17"#;
    let ran = run(&script, lease);
    assert!(ran.log().contains("nobody has renewed the lease"), "{}", ran.log());
    assert_eq!((ran.read("asked").lines().count(), ran.started().len()), (3, 10));
    // One that cannot be read keeps the last that could.
    let unreadable = r#"echo x >> "$here/asked"; n=$(wc -l < "$here/asked"); test $n -lt 9 && exit 22; test $n -lt 10 && { echo nonsense; exit; }; printf 17"#;
    let ran = run(&script, unreadable);
    assert_eq!(ran.read("asked").lines().count(), 10);
}

/// A part of a requirement that names a repository: whatever does not end that part, or the line.
fn part_of_a_line(ends: &'static [char]) -> impl Strategy<Value = String> {
    let is_in = move |letter: &char| {
        !ends.contains(letter) && !letter.is_control() && !"\u{85}\u{2028}\u{2029}".contains(*letter)
    };
    hostile().prop_map(move |text| text.chars().filter(is_in).collect::<String>().trim().to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn hostile_repositories_are_cloned_as_they_are(
        path in part_of_a_line(&[';', '#', '@']), branch in part_of_a_line(&[';', '#']), marker in part_of_a_line(&[]),
        other in part_of_a_line(&[]),
    ) {
        let text = format!(
            "theirs @ git+https://h/{other}\nopengris-scaler @ git+https://h/o{path}.git@{branch}x ; {marker}"
        );
        let ran = run(&script(|config| config.install = install(&text)), NO_LEASE);
        let cloned: Vec<String> = ran.read("cloned").split('\0').map(str::to_owned).collect();
        prop_assert_eq!(&cloned[3..6], [format!("--branch={branch}x"), "--".to_owned(), format!("https://h/o{path}.git")]);
        let installed = ran.read("installed");
        prop_assert_eq!(installed.trim_end_matches('\n'), text);
        prop_assert_eq!(&ran.started()[6], "ORB-i-0af3");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn hostile_texts_arrive_as_they_are(
        id in hostile(), name in hostile(), preload in hostile(), version in hostile(), line in hostile(), first in hostile(),
        place in hostile(),
    ) {
        let capabilities: Capabilities = [(name.replace([',', '='], "_"), 2)].into_iter().collect();
        let requirements = format!("opengris-scaler\n# {}", line.replace(['\n', '\r'], " "));
        let address = Address { scheme: Scheme::Ipc, host: place.clone(), port: None, path: None };
        let mut workers = WorkerCommand::new(address.clone(), ManagerId::from(id.as_str()), NonZeroU32::MIN);
        workers.object_storage = Some(address);
        workers.capabilities = capabilities.clone();
        workers.flags = vec![("preload", preload.clone())];
        let script = script(|config| {
            config.workers = workers;
            config.network_backend = place.clone();
            config.install = Some(Install {
                python_version: version.clone(),
                requirements: Requirements::parse(requirements.clone()).unwrap(),
            });
            config.first = Some(format!("#!/bin/cat\n{first}"));
        });
        let ran = run(&script, NO_LEASE);
        let expected = [
            place.clone(),
            "baremetal_native".to_owned(),
            format!("ipc://{place}"),
            "--mode".to_owned(),
            "fixed".to_owned(),
            "--worker-type".to_owned(),
            "ORB-i-0af3".to_owned(),
            "--max-task-concurrency".to_owned(),
            "2".to_owned(),
            format!("--worker-manager-id={id}"),
            format!("--object-storage-address=ipc://{place}"),
            format!("--per-worker-capabilities={capabilities}"),
            format!("--preload={preload}"),
        ];
        prop_assert_eq!(ran.started(), expected);
        prop_assert_eq!(ran.read(CANARY), "", "something else ran");
        let installed = ran.read("installed");
        prop_assert_eq!(installed.trim_end_matches('\n'), requirements.trim_end_matches('\n'));
        let first_line = format!("uv venv --python {version}");
        prop_assert!(ran.log().contains(&first_line), "{}", ran.log());
    }
}
