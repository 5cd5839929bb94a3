//! `aws_hpc provision` and its like: from an empty account to one that runs tasks, and back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use scaler_wm_tests::{
    ApiError, ApiProxy, BatchCloud, BatchOptions, BatchStack, BatchStackOptions, Failure, Faults, HoldPoint,
    ManagerKind, ManagerOptions, Result, Runner, Script, StackOptions, manager_binary,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const STATE: &str = ".scaler_aws_batch_config.json";
const EXPORTS: &str = ".scaler_aws_batch.env";
/// The emulator knows no other families.
const TYPES: [&str; 2] = ["--instance-types", "optimal"];

fn empty() -> BatchOptions {
    BatchOptions { is_set_up: false, ..BatchOptions::default() }
}

/// Whoever types the commands, in a folder of their own.
struct Person {
    folder: TempDir,
    endpoint: String,
}

impl Person {
    fn before(proxy: &ApiProxy) -> Result<Self> {
        let folder = TempDir::new().map_err(|error| Failure::new("make a folder", error))?;
        Ok(Self { folder, endpoint: proxy.endpoint() })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn state(&self) -> Value {
        let text = fs::read_to_string(self.file(STATE)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn command(&self, words: &[&str]) -> Result<Command> {
        let mut command = Command::new(manager_binary()?);
        command.arg("aws_hpc").args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        command.env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
        Ok(command)
    }

    fn run(&self, words: &[&str]) -> Result<Output> {
        self.command(words)?.output().map_err(|error| Failure::new("run scaler-wm", error))
    }

    /// Runs it, and gives its steps if it ends with this code.
    fn steps(&self, words: &[&str], code: i32) -> Result<Vec<String>> {
        let output = self.run(words)?;
        let [said, steps] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        if output.status.code() != Some(code) {
            let detail = format!("{words:?}: {}\n{said}{steps}", output.status);
            return Err(Failure::new(format!("see exit code {code}"), detail));
        }
        Ok(steps.lines().map(str::to_owned).collect())
    }

    /// Makes everything, with our runner as the image.
    fn provision(&self, more: &[&str]) -> Result<Vec<String>> {
        self.steps(&[&["provision", "--image", Runner::Ours.image()], &TYPES[..], more].concat(), 0)
    }
}

/// How many steps begin so.
fn count(steps: &[String], word: &str) -> usize {
    steps.iter().filter(|step| step.starts_with(word)).count()
}

/// Whether a call changes nothing.
fn only_looks(operation: &str) -> bool {
    ["Get", "List", "Describe", "Head"].iter().any(|verb| operation.starts_with(verb))
}

fn failed(what: &str, detail: impl std::fmt::Debug) -> Failure {
    Failure::new(what, format!("{detail:#?}"))
}

#[test]
fn what_is_made_runs_tasks_and_goes_without_a_trace() -> Result<()> {
    let options = BatchStackOptions { stack: StackOptions::default(), emulator: empty() };
    let batch = BatchStack::start(options)?;
    let person = Person::before(&batch.cloud.proxy)?;
    let made = person.provision(&[])?;
    assert_eq!(count(&made, "made "), 9, "{made:#?}");
    let known = batch.cloud.proxy.calls().len();
    let again = person.provision(&[])?;
    assert_eq!((count(&again, "is there already"), again.len()), (9, 9), "{again:#?}");
    let calls = batch.cloud.proxy.calls();
    let changing: Vec<_> = calls[known..].iter().filter(|call| !only_looks(&call.operation)).collect();
    assert!(changing.is_empty(), "the same call again changes nothing: {changing:#?}");

    let state = person.state();
    let name = |key: &str| state[key].as_str().unwrap_or_default().to_owned();
    let exports = fs::read_to_string(person.file(EXPORTS)).unwrap_or_default();
    for (variable, key) in [
        ("SCALER_AWS_REGION", "aws_region"),
        ("SCALER_S3_BUCKET", "s3_bucket"),
        ("SCALER_JOB_QUEUE", "job_queue_name"),
        ("SCALER_JOB_DEFINITION", "job_definition_name"),
    ] {
        assert!(exports.contains(&format!("export {variable}=\"{}\"\n", name(key))), "{exports}");
    }
    let flags =
        [("--job-queue", "job_queue_name"), ("--job-definition", "job_definition_name"), ("--s3-bucket", "s3_bucket")];
    let mut manager = batch.connected_manager(&ManagerOptions {
        kind: ManagerKind::Ours,
        extra: flags.iter().flat_map(|(flag, key)| [(*flag).to_owned(), name(key)]).collect(),
        ..ManagerOptions::default()
    })?;
    let finished = batch.client(&Script::Workload { tasks: 4, seconds: 0.1 })?.finish(120.0);
    let finished = finished.map_err(|failure| batch.explain(failure))?;
    batch.stack.check(finished.right && finished.done == 4, "four right results", finished.done)?;
    manager.terminate();
    manager.wait(30.0).map_err(|failure| batch.explain(failure))?;

    let gone = person.steps(&["cleanup"], 0)?;
    assert_eq!((count(&gone, "removed"), count(&gone, "failed")), (9, 0), "{gone:#?}");
    let left = batch.cloud.emulator.made()?;
    batch.stack.check(left.is_empty(), "an empty account", format!("{left:#?}"))?;
    assert!(!person.file(STATE).exists() && !person.file(EXPORTS).exists());
    // Again: there is nothing to do, and nothing is wrong with that.
    assert_eq!(person.steps(&["cleanup"], 0)?, Vec::<String>::new());
    Ok(())
}

/// A process that is killed at a call leaves what the next one understands: every second time it goes on, every other
/// time all is removed at once. Nothing ever stays.
#[test]
fn whatever_call_it_is_killed_at_nothing_stays() -> Result<()> {
    let cloud = BatchCloud::start(&empty())?;
    let points = [
        ("CreateBucket", HoldPoint::After),
        ("CreateLogGroup", HoldPoint::After),
        ("CreateRole", HoldPoint::After),
        ("AddRoleToInstanceProfile", HoldPoint::Before),
        ("CreateServiceLinkedRole", HoldPoint::After),
        ("CreateComputeEnvironment", HoldPoint::After),
        ("CreateJobQueue", HoldPoint::Before),
        ("CreateJobQueue", HoldPoint::After),
        ("RegisterJobDefinition", HoldPoint::After),
    ];
    let person = Person::before(&cloud.proxy)?;
    for (index, (operation, point)) in points.into_iter().enumerate() {
        let provision = [&["provision", "--image", Runner::Ours.image()], &TYPES[..]].concat();
        killed_at(&cloud, &person, operation, point, &provision)?;
        if index % 2 == 0 {
            let steps = person.provision(&[])?;
            assert_eq!(count(&steps, "left"), 0, "what was made before is known as ours: {steps:#?}");
        }
        // Now and then it is killed on the way back as well.
        if index % 4 == 0 {
            killed_at(&cloud, &person, "DeleteRole", HoldPoint::After, &["cleanup"])?;
        }
        person.steps(&["cleanup"], 0)?;
        let left = cloud.emulator.made()?;
        if !left.is_empty() || person.file(STATE).exists() {
            return Err(failed(&format!("see nothing left after {operation} {point:?}"), left));
        }
    }
    Ok(())
}

/// Starts a command, and kills it at a call.
fn killed_at(cloud: &BatchCloud, person: &Person, operation: &str, point: HoldPoint, words: &[&str]) -> Result<()> {
    let hold = cloud.proxy.hold(operation, point);
    let mut command = person.command(words)?;
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|error| Failure::new("start scaler-wm", error))?;
    let caught = hold.wait(20.0);
    let _ = child.kill();
    let _ = child.wait();
    hold.drop_it();
    caught
}

#[test]
fn what_was_there_before_is_used_and_stays() -> Result<()> {
    let cloud = BatchCloud::start(&empty())?;
    let client = cloud.emulator.client();
    // Of somebody else, under the names that this prefix leads to.
    client.s3("PUT", "/mine-123456789012-us-east-1", "")?.ok()?;
    client.s3("PUT", "/mine-123456789012-us-east-1/precious", "data")?.ok()?;
    client.logs("CreateLogGroup", &json!({"logGroupName": "/aws/batch/job"}))?.ok()?;
    let person = Person::before(&cloud.proxy)?;
    let steps = person.provision(&["--prefix", "mine"])?;
    assert_eq!((count(&steps, "left as it is"), count(&steps, "made ")), (2, 7), "{steps:#?}");
    let touched = ["PutBucketLifecycleConfiguration", "PutBucketTagging", "PutPublicAccessBlock", "PutRetentionPolicy"];
    for operation in touched {
        assert!(cloud.proxy.calls_of(operation).is_empty(), "{operation}");
    }
    let output = person.run(&["cleanup"])?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("S3 bucket mine-123456789012-us-east-1: it was not made by us"), "{said}");
    let left = cloud.emulator.made()?;
    assert_eq!((left.buckets.len(), left.log_groups.len()), (1, 1), "{left:#?}");
    assert_eq!((left.roles.len(), left.queues.len(), left.definitions.len()), (0, 0, 0), "{left:#?}");
    assert_eq!(cloud.emulator.objects()?.len(), 1);
    Ok(())
}

#[test]
fn what_cannot_be_removed_is_named_and_tried_again() -> Result<()> {
    let cloud = BatchCloud::start(&empty())?;
    let person = Person::before(&cloud.proxy)?;
    person.provision(&[])?;
    let bucket = person.state()["s3_bucket"].as_str().unwrap_or_default().to_owned();
    // More than a page of them.
    for index in 0..1_005 {
        cloud.emulator.client().s3("PUT", &format!("/{bucket}/scaler-tasks/inputs/{index}"), "x")?.ok()?;
    }
    let denied = ApiError::new("AccessDenied", "not for you").status(403);
    let errors = vec![denied.on("DeleteBucket").on("DeleteComputeEnvironment")];
    cloud.proxy.set_faults(Faults { errors, ..Faults::default() });
    let steps = person.steps(&["cleanup"], 1)?;
    let named = steps.iter().filter(|step| step.starts_with("  ") && step.contains("not for you")).count();
    assert_eq!((count(&steps, "failed"), named), (2, 2), "{steps:#?}");
    let left = cloud.emulator.made()?;
    assert_eq!((left.queues.len(), left.roles.len(), left.buckets.len()), (0, 0, 1), "the others have gone: {left:#?}");
    cloud.proxy.set_faults(Faults::default());
    // What is still there is known by its tag, too: the state file is not needed.
    fs::remove_file(person.file(STATE)).map_err(|error| Failure::new("lose the state file", error))?;
    person.steps(&["cleanup"], 0)?;
    let left = cloud.emulator.made()?;
    assert!(left.is_empty(), "{left:#?}");
    Ok(())
}

/// With a stand-in for docker, which writes down what it is called with: no image is built in a test.
#[test]
fn an_image_is_built_and_pushed_by_docker() -> Result<()> {
    let cloud = BatchCloud::start(&empty())?;
    let person = Person::before(&cloud.proxy)?;
    let script = "#!/bin/sh\necho \"$@\" >> calls\ncase $1 in\n  login) cat > password ;;\n  build)\n    \
                  for folder; do :; done\n    ls \"$folder\" >> calls; echo a step; echo a warning >&2 ;;\n  push) exit \
                  \"${PUSH:-0}\" ;;\nesac\n";
    let docker = person.file("docker");
    let written =
        fs::write(&docker, script).and_then(|()| fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)));
    written.map_err(|error| Failure::new("write a stand-in for docker", error))?;
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", person.folder.path().display());
    let run = |words: &[&str], push: &str| {
        let mut command = person.command(words)?;
        command.env("PATH", &path).env("PUSH", push);
        command.output().map_err(|error| Failure::new("run scaler-wm", error))
    };
    let output = run(&["build-image", "--python-version", "3.11", "--packages", "numpy,pandas==2.3"], "0")?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let steps = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}{steps}");
    assert!(steps.contains("    a step\n") && steps.contains("    a warning\n"), "{steps}");
    let calls = fs::read_to_string(person.file("calls")).unwrap_or_default();
    let password = fs::read_to_string(person.file("password")).unwrap_or_default();
    assert!(
        !password.is_empty() && !calls.contains(&password) && !steps.contains(&password),
        "the password is nobody's"
    );
    let repository = said.rsplit_once(':').map_or("", |(repository, _)| repository);
    let registry = repository.split('/').next().unwrap_or_default();
    for expected in [
        format!("login --username AWS --password-stdin {registry}\n"),
        format!("build --platform linux/amd64 --tag {said} "),
        "--build-arg PYTHON_VERSION=3.11 --build-arg PACKAGES=numpy pandas==2.3 ".to_owned(),
        "\nContainerfile\njob_runner.py\n".to_owned(),
        format!("\npush {said}\n"),
    ] {
        assert!(calls.contains(&expected), "{expected} in {calls}");
    }
    let folder = calls.split_whitespace().find_map(|word| word.strip_suffix("/Containerfile"));
    assert!(folder.is_some_and(|folder| !fs::exists(folder).unwrap_or(true)), "its folder has gone: {calls}");
    // Without --image, `provision` does the same; and tells what docker could not do.
    let output = run(&[&["provision"], &TYPES[..]].concat(), "3")?;
    let steps = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{steps}");
    assert!(steps.contains("failed to push the image (failed): docker ends with exit status: 3"), "{steps}");
    assert!(cloud.emulator.made()?.buckets.is_empty(), "nothing else was made for an image that is not there");
    let output = run(&[&["provision"], &TYPES[..]].concat(), "0")?;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    person.steps(&["cleanup"], 0)?;
    let left = cloud.emulator.made()?;
    assert!(left.is_empty(), "{left:#?}");
    Ok(())
}
