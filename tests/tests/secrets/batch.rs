//! Jobs of Batch, and what is made for them in an account.

use std::{fs, process::Command};

use scaler_wm_tests::{
    BatchEmulator, BatchOptions, BatchStack, BatchStackOptions, Emulation, Failure, Result, Runner, Script,
};
use serde_json::Value;

use crate::{
    modes::open_to_others,
    planted::{KEY_ID, Planted},
    rig::Rig,
};

const STATE: &str = ".scaler_aws_batch_config.json";
const EXPORTS: &str = ".scaler_aws_batch.env";

#[test]
fn a_manager_of_batch_shows_nothing_of_a_program_that_gives_keys() -> Result<()> {
    let emulator = BatchOptions { is_set_up: false, ..BatchOptions::default() };
    let batch = BatchStack::start(BatchStackOptions { emulator, ..BatchStackOptions::default() })?;
    let folder = batch.stack.folder().to_owned();
    let mut planted = Planted::default();
    let (id, key, token) = (planted.plant_key_id(), planted.plant("secret key"), planted.plant("session token"));
    let said = serde_json::json!({"Version": 1, "AccessKeyId": id, "SecretAccessKey": key, "SessionToken": token});
    let keys = planted.file(folder.join("keys.json"), &said.to_string())?;
    let program = format!("[default]\ncredential_process = /bin/cat {keys}\n");
    let config = planted.file(folder.join("config"), &program)?;
    let environment = [("AWS_CONFIG_FILE", &*config), ("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    let endpoint = batch.cloud.proxy.endpoint();
    let mut rig = Rig::new(&batch.stack, planted, BatchEmulator::backend(endpoint.clone()), &[])?.with(&environment);

    // A folder on the way to it, too, is made for one user.
    let own = folder.join("own");
    let (state, exports) = (own.join(STATE), own.join(EXPORTS));
    let mut command = Command::new(rig.options.binary.clone().unwrap_or_default());
    command.args(["aws_hpc", "provision", "--image", Runner::Ours.image(), "--instance-types", "optimal"]);
    command.arg("--config").arg(&state).arg("--env-file").arg(&exports).current_dir(&folder);
    command.env("AWS_ENDPOINT_URL", &endpoint).env("AWS_EC2_METADATA_DISABLED", "true").envs(environment);
    command.env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null").env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
    let output = command.output().map_err(|error| Failure::new("run scaler-wm", error))?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    batch.check(output.status.success(), "everything made", &said)?;
    rig.heard("provision", said);
    let open = open_to_others(&own);
    batch.check(open.is_empty() && exports.is_file(), "files for one user", format!("{open:?}"))?;

    let text = fs::read_to_string(&state).map_err(|error| Failure::new("read the state file", error))?;
    let made: Value = serde_json::from_str(&text).map_err(|error| Failure::new("read the state file", error))?;
    for (flag, name) in
        [("--job-queue", "job_queue_name"), ("--job-definition", "job_definition_name"), ("--s3-bucket", "s3_bucket")]
    {
        rig.options.extra.extend([flag, made[name].as_str().unwrap_or_default()].map(str::to_owned));
    }
    rig.ask_about()?;
    let mut manager = rig.start()?;
    let mut client = batch.client(&Script::Workload { tasks: 2, seconds: 0.0 })?;
    let finished = client.finish(60.0).map_err(|failure| batch.explain(failure))?;
    batch.check(finished.right, "right results", format!("{finished:?}"))?;
    let calls = batch.cloud.proxy.calls();
    batch.check(calls.iter().all(|call| call.access_key == id), "calls that are signed with the key", "others")?;
    rig.ask()?;
    manager.terminate();
    batch.until("its end", 20.0, || manager.exited())?;
    rig.found_nowhere(&[("calls.jsonl", KEY_ID), ("emulator.log", KEY_ID)])
}
