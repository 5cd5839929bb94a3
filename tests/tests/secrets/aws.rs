//! Tasks of ECS and instances of EC2.

use scaler_wm_tests::{
    ApiError, Ec2Emulator, Ec2Options, Ec2Stack, Ec2StackOptions, EcsStack, EcsStackOptions, Emulation, Emulator,
    Faults, Result, StackOptions,
};

use crate::{
    planted::{KEY_ID, Planted},
    rig::Rig,
};

/// Every call is signed with it.
const SIGNED: [(&str, &str); 2] = [("calls.jsonl", KEY_ID), ("emulator.log", KEY_ID)];

fn told() -> StackOptions {
    StackOptions { is_told: true, ..StackOptions::default() }
}

/// What AWS shows of a request that it has signed itself.
fn refused_signature(token: &str) -> ApiError {
    let message = format!(
        "The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this \
         request should have been\n'POST\n/\n\nhost:ecs\nx-amz-security-token:{token}\n\nhost;x-amz-security-token\n'"
    );
    ApiError::new("SignatureDoesNotMatch", &message).status(403)
}

#[test]
fn a_manager_of_ecs_shows_no_key_of_its_environment() -> Result<()> {
    let ecs = EcsStack::start(EcsStackOptions { stack: told(), ..EcsStackOptions::default() })?;
    let mut planted = Planted::default();
    let (id, key, token) = (planted.plant_key_id(), planted.plant("secret key"), planted.plant("session token"));
    let backend = Emulator::backend(ecs.cloud.proxy.endpoint());
    let extra = ["--ecs-task-cpu", "1", "--observe-interval-seconds", "1"];
    let keys = [("AWS_ACCESS_KEY_ID", &*id), ("AWS_SECRET_ACCESS_KEY", &*key), ("AWS_SESSION_TOKEN", &*token)];
    let mut rig = Rig::new(&ecs.stack, planted, backend, &extra)?.with(&keys);
    rig.ask_about()?;
    let expired = ApiError::new("ExpiredTokenException", "The security token included in the request is expired");
    let errors = vec![expired.on("RunTask").times(1), ApiError::new("ThrottlingException", "Rate exceeded").times(2)];
    ecs.cloud.proxy.set_faults(Faults { errors, ..Faults::default() });
    let mut manager = rig.start()?;
    ecs.stack.wish(2)?;
    ecs.until_settled(2, 2, 40.0)?;
    let calls = ecs.cloud.proxy.calls();
    ecs.check(calls.iter().any(|call| call.access_key == id), "calls that are signed with the key", "none")?;
    rig.ask()?;
    ecs.cloud.proxy.set_faults(Faults { errors: vec![refused_signature(&token)], ..Faults::default() });
    rig.ask_about()?;
    ecs.stack.wish(3)?;
    ecs.until("what AWS has said", 20.0, || {
        (!manager.log().lines_with(&["SignatureDoesNotMatch: The request signature"]).is_empty()).then_some(())
    })?;
    manager.kill();
    rig.found_nowhere(&SIGNED)?;
    ecs.cloud.proxy.set_faults(Faults::default());
    keys_of_a_command_line(&ecs)
}

/// They go no further, and the user is told who sees them.
fn keys_of_a_command_line(ecs: &EcsStack) -> Result<()> {
    let mut planted = Planted::default();
    let (id, key) = (planted.plant_key_id(), planted.plant("secret key"));
    let backend = Emulator::backend(ecs.cloud.proxy.endpoint());
    let extra = ["--ecs-task-cpu", "1", "--aws-access-key-id", &id, "--aws-secret-access-key", &key];
    let mut rig = Rig::new(&ecs.stack, planted, backend, &extra)?;
    rig.options.id = "wm2".to_owned();
    let manager = ecs.stack.manager(&rig.options)?;
    rig.given.insert(manager.pid());
    ecs.until("launches that are signed with the key", 20.0, || {
        ecs.cloud.proxy.calls_of("RunTask").iter().any(|call| call.access_key == id).then_some(())
    })?;
    for (flag, variable) in
        [("--aws-access-key-id", "AWS_ACCESS_KEY_ID"), ("--aws-secret-access-key", "AWS_SECRET_ACCESS_KEY")]
    {
        let said = manager.log().lines_with(&["WARN", flag, "can read command lines", variable]);
        ecs.check(said.len() == 1, "a warning with the way out", manager.log().tail(20))?;
    }
    rig.ask()?;
    rig.found_nowhere(&SIGNED)
}

#[test]
fn a_manager_of_ec2_shows_no_key_of_a_profile() -> Result<()> {
    let ec2 = Ec2Stack::start(Ec2StackOptions { stack: told(), emulator: Ec2Options::default() })?;
    let mut planted = Planted::default();
    let (id, key, token) = (planted.plant_key_id(), planted.plant("secret key"), planted.plant("session token"));
    let text =
        format!("[team]\naws_access_key_id = {id}\naws_secret_access_key = {key}\naws_session_token = {token}\n");
    let file = planted.file(ec2.stack.folder().join("credentials"), &text)?;
    let dump = ec2.stack.folder().join("dump").to_string_lossy().into_owned();
    let backend = Ec2Emulator::backend(ec2.cloud.proxy.endpoint());
    let extra = [
        ["--instance-type", "t2.micro"],
        ["--aws-profile", "team"],
        ["--debug-dump-path", &dump],
        ["--instance-tags", "Team=a b,Name='$(id)'"],
        ["--observe-interval-seconds", "1"],
    ];
    let mut rig = Rig::new(&ec2.stack, planted, backend, extra.as_flattened())?;
    rig =
        rig.with(&[("AWS_SHARED_CREDENTIALS_FILE", &*file), ("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")]);
    rig.ask_about()?;
    let mut manager = rig.start()?;
    ec2.stack.wish(1)?;
    ec2.until_settled(1, 1, 40.0)?;
    let calls = ec2.cloud.proxy.calls();
    ec2.check(calls.iter().all(|call| call.access_key == id), "calls that are signed with the key", "others")?;
    let dumped = crate::modes::open_to_others(&ec2.stack.folder().join("dump"));
    ec2.check(dumped.is_empty() && std::path::Path::new(&dump).is_dir(), "a dump for one user", format!("{dumped:?}"))?;
    rig.ask()?;
    ec2.cloud.proxy.set_faults(Faults { errors: vec![refused_signature(&token).times(40)], ..Faults::default() });
    rig.ask_about()?;
    ec2.cloud.proxy.set_faults(Faults::default());
    manager.terminate();
    ec2.until("its end", 20.0, || manager.exited())?;
    rig.found_nowhere(&SIGNED)
}
