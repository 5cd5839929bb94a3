//! Instances that really run.

use scaler_wm_tests::{Ec2Options, Emulation, Result, Unit};

use crate::account::{Account, base64, ids};

/// What the user data of a plain image does: it installs Python and the package, all of it below its own root.
const INSTALL: &str = "#!/bin/bash
set -e
dnf update -y
curl -LsSf https://astral.sh/uv/install.sh | sh
source /root/.local/bin/env
uv venv --python 3.11 /opt/opengris-scaler
source /opt/opengris-scaler/bin/activate
echo opengris-scaler > /tmp/requirements.txt
uv pip install -r /tmp/requirements.txt
ln -sf /opt/opengris-scaler/bin/scaler_* /usr/local/bin/
ls /usr/local/bin/scaler_worker_manager
python -c 'import os, scaler; print(os.cpu_count(), \"processors\")' > /var/log/opengris-scaler.log
nproc
curl -sS https://pypi.org || echo unreached $?
setsid sleep 600 &
nohup sleep 600 > /dev/null 2>&1 &
echo ready
";

/// Asks for the metadata as version 2 wants it, and without a token.
const METADATA: &str = "#!/bin/sh
metadata=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}/latest
token=$(curl -sSf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $metadata/api/token)
get() { curl -sSf -H \"X-aws-ec2-metadata-token: $token\" \"$metadata/meta-data/$1\" || echo \"refused $?\"; echo; }
get instance-id
get tags/instance/of
get spot/instance-action
curl -sf $metadata/meta-data/instance-id || echo without a token $?
echo ready
";

const TAG: [(&str, &str); 3] = [
    ("TagSpecification.1.ResourceType", "instance"),
    ("TagSpecification.1.Tag.1.Key", "of"),
    ("TagSpecification.1.Tag.1.Value", "the tests"),
];

#[test]
fn user_data_installs_what_it_wants_and_ends_with_its_instance() -> Result<()> {
    let account = Account::with(&Ec2Options::default())?;
    let emulator = &account.cloud.emulator;
    let instance = account.script(INSTALL, &[("InstanceType", "c5.2xlarge")])?;
    let log = emulator.unit_log(&instance);
    account.cloud.until("it ready", 20.0, || log.text().contains("ready\n").then_some(()))?;
    let text = log.text();
    assert!(text.contains("/usr/local/bin/scaler_worker_manager\n"), "{text}");
    assert!(text.contains("\n8\n") && text.contains("unreached 6\n"), "{text}");
    assert_eq!(emulator.unit_file(&instance, "/var/log/opengris-scaler.log").text(), "8 processors\n");
    assert!(account.until(&instance, "running")?.is_running());
    // The script is done; what it left goes with the instance, in whichever session.
    assert_eq!(emulator.unit(&instance).iter().filter(|left| left.command == "sleep 600").count(), 2);
    emulator.terminate(&instance)?;
    account.cloud.until_nothing_left(10.0)?;
    assert_eq!(emulator.instance(&instance.id)?.state_reason, "Client.UserInitiatedShutdown");
    Ok(())
}

#[test]
fn an_instance_learns_who_it_is() -> Result<()> {
    let account = Account::with(&Ec2Options::default())?;
    for (options, tag) in
        [(&[("MetadataOptions.InstanceMetadataTags", "enabled")][..], "the tests"), (&[], "refused 22")]
    {
        let instance = account.script(METADATA, &[&TAG, options].concat())?;
        let log = account.cloud.emulator.unit_log(&instance);
        account.cloud.until("it ready", 20.0, || log.text().contains("ready\n").then_some(()))?;
        let text = log.text();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, [&*instance.id, tag, "refused 22", "without a token 22", "ready"]);
    }
    Ok(())
}

#[test]
fn an_instance_that_shuts_itself_down_is_terminated_or_stopped() -> Result<()> {
    let account = Account::with(&Ec2Options::default())?;
    let terminate = [("InstanceInitiatedShutdownBehavior", "terminate")];
    for (script, options, state) in [
        ("#!/bin/sh\nsleep 600 &\nshutdown -h now\n", &terminate[..], "terminated"),
        ("#!/bin/sh\nsleep 600 &\npoweroff\n", &[], "stopped"),
    ] {
        let instance = account.script(script, options)?;
        let ended = account.until(&instance, state)?;
        assert_eq!(ended.state_reason, "Client.InstanceInitiatedShutdown");
        assert!(account.cloud.emulator.unit(&instance).is_empty());
    }
    // One that is stopped is not gone.
    assert!(!account.cloud.emulator.nothing_left()?);
    Ok(())
}

#[test]
fn a_shutdown_that_is_taken_back_does_not_happen() -> Result<()> {
    let account = Account::with(&Ec2Options::default())?;
    let instance = account.script("#!/bin/sh\nshutdown +1\nshutdown -c\necho ready\nsleep 600\n", &[])?;
    let log = account.cloud.emulator.unit_log(&instance);
    account.cloud.until("it ready", 20.0, || log.text().contains("ready\n").then_some(()))?;
    account.until(&instance, "running").map(|_| ())
}

#[test]
fn an_instance_takes_its_time_and_can_end_before_it_is_up() -> Result<()> {
    let account = Account::with(&Ec2Options { start_seconds: 1.0, ..Ec2Options::default() })?;
    let instances = [account.script("#!/bin/sh\nsleep 600\n", &[])?, account.script("#!/bin/sh\nsleep 600\n", &[])?];
    assert!(instances.iter().all(|instance| instance.state == "pending"));
    account.cloud.emulator.terminate(&instances[0])?;
    account.until(&instances[0], "terminated")?;
    account.until(&instances[1], "running")?;
    assert!(!account.cloud.emulator.unit_log(&instances[0]).path().exists());
    assert_eq!(account.cloud.emulator.units().len(), account.cloud.emulator.unit(&instances[1]).len());
    Ok(())
}

#[test]
fn a_launch_template_says_what_its_instances_do() -> Result<()> {
    let account = Account::with(&Ec2Options::default())?;
    let script = base64(b"#!/bin/sh\nshutdown -h now\n");
    let template = [
        ("LaunchTemplateName", "tests"),
        ("LaunchTemplateData.UserData", &*script),
        ("LaunchTemplateData.InstanceType", "c5.xlarge"),
        ("LaunchTemplateData.InstanceInitiatedShutdownBehavior", "terminate"),
        ("LaunchTemplateData.InstanceMarketOptions.MarketType", "spot"),
    ];
    account.client.ec2("CreateLaunchTemplate", &template)?.ok()?;
    let launched = account.client.ec2(
        "RunInstances",
        &[
            ("ImageId", scaler_wm_tests::IMAGE),
            ("LaunchTemplate.LaunchTemplateName", "tests"),
            ("MinCount", "1"),
            ("MaxCount", "1"),
        ],
    )?;
    let instance = account.cloud.emulator.instance(&ids(launched)?[0])?;
    assert_eq!((&*instance.instance_type, instance.is_spot), ("c5.xlarge", true));
    account.until(&instance, "terminated")?;
    assert_eq!(account.cloud.emulator.resources()?.launch_templates, ["tests"]);
    Ok(())
}
