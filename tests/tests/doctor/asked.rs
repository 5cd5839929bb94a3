//! Whoever asks an inventory to delete something else than it has told is refused.

use std::num::NonZeroU32;

use scaler_wm_aws::{AwsSettings, Keys, WorkerCommand};
use scaler_wm_batch::{BatchConfig, BatchInventory};
use scaler_wm_core::{Error, ErrorKind, Inventory, ManagerId, Role, Thing};
use scaler_wm_ec2::{Ec2Config, Ec2Inventory};
use scaler_wm_ecs::{EcsConfig, EcsInventory};
use scaler_wm_tests::{
    BUCKET, BatchCloud, BatchOptions, Cloud, Ec2Cloud, Ec2Options, EmulatorOptions, IMAGE, QUEUE, Result, Runner,
};
use serde_json::json;

fn aws(endpoint: String) -> AwsSettings {
    let keys = Keys { id: "test".to_owned(), secret: "test".to_owned() };
    AwsSettings { keys: Some(keys), endpoint_url: Some(endpoint), ..AwsSettings::new("us-east-1") }
}

fn workers() -> WorkerCommand {
    WorkerCommand::new("tcp://127.0.0.1:1".parse().expect("an address"), ManagerId::from("wm1"), NonZeroU32::MIN)
}

/// Asks for the end of a thing that is said to be ours.
fn delete<I: Inventory>(open: impl Future<Output = I>, role: Role, what: &'static str, name: &str) -> Option<Error> {
    let (manager, name) = (Some(ManagerId::from("wm1")), name.to_owned());
    let thing = Thing { role, what, name, manager, launch: None, since: None, is_in_use: false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { open.await.delete(&thing).await.err() })
}

fn is_refused(error: Option<&Error>) {
    assert_eq!(error.map(Error::kind), Some(ErrorKind::Denied), "{error:?}");
}

#[test]
fn an_instance_without_our_tags_stays() -> Result<()> {
    let cloud = Ec2Cloud::start(&Ec2Options { executes: false, ..Ec2Options::default() })?;
    let call = [("ImageId", IMAGE), ("InstanceType", "t2.micro"), ("MinCount", "1"), ("MaxCount", "1")];
    cloud.emulator.client().ec2("RunInstances", &call)?.ok()?;
    let group = [("GroupName", "theirs"), ("GroupDescription", "theirs")];
    cloud.emulator.client().ec2("CreateSecurityGroup", &group)?.ok()?;
    let id = cloud.units()?.remove(0).id;
    let open = || Ec2Inventory::open(Ec2Config::new(aws(cloud.proxy.endpoint()), IMAGE, workers()));
    is_refused(delete(open(), Role::Unit, "EC2 instance", &id).as_ref());
    // A group that is not ours is not looked for, and counts as gone.
    assert!(delete(open(), Role::Temporary, "security group", "theirs").is_none());
    assert!(cloud.proxy.calls_of("DeleteSecurityGroup").is_empty() && cloud.units()?.len() == 1);
    assert!(delete(open(), Role::Unit, "EC2 instance", "i-00000000000000000").is_none(), "what is gone is no error");
    Ok(())
}

#[test]
fn a_task_without_our_tags_stays() -> Result<()> {
    let cloud = Cloud::start(&EmulatorOptions { executes: false, ..EmulatorOptions::default() })?;
    let client = cloud.emulator.client();
    client.ecs("CreateCluster", &json!({"clusterName": "scaler-cluster"}))?.ok()?;
    let container = json!({"name": "c", "image": "i", "essential": true});
    let definition = json!({"family": "f", "containerDefinitions": [container], "cpu": "256", "memory": "512"});
    client.ecs("RegisterTaskDefinition", &definition)?.ok()?;
    let run = json!({"cluster": "scaler-cluster", "taskDefinition": "f", "launchType": "FARGATE"});
    client.ecs("RunTask", &run)?.ok()?;
    let arn = cloud.units()?.remove(0).arn;
    let config = EcsConfig::new(aws(cloud.proxy.endpoint()), vec!["subnet-1".to_owned()], workers());
    is_refused(delete(EcsInventory::open(config), Role::Unit, "ECS task", &arn).as_ref());
    assert_eq!(cloud.units()?.len(), 1);
    Ok(())
}

#[test]
fn a_job_of_another_name_stays() -> Result<()> {
    let cloud = BatchCloud::start(&BatchOptions { executes: false, succeeds: false, ..BatchOptions::default() })?;
    let name = "nightly";
    let job = json!({"jobName": name, "jobQueue": QUEUE, "jobDefinition": Runner::Released.definition()});
    cloud.emulator.client().batch("SubmitJob", &job)?.ok()?;
    let config = || {
        let aws = aws(cloud.proxy.endpoint());
        let config = BatchConfig::new(aws, QUEUE, Runner::Released.definition(), BUCKET);
        BatchInventory::open(BatchConfig { manager: ManagerId::from("wm1"), ..config })
    };
    for role in [Role::Task, Role::Temporary] {
        is_refused(delete(config(), role, "Batch job", name).as_ref());
    }
    assert_eq!(cloud.units()?.len(), 1);
    Ok(())
}
