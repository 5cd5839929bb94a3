//! What an account has before a manager comes: what the released provisioner makes.

use serde_json::{Map, Value, json};

use super::options::Runner;
use crate::aws::client::{Answer, AwsClient};
use crate::{Failure, Result};

/// The queue that every stack has.
pub const QUEUE: &str = "scaler-queue";

/// The bucket that every stack has.
pub const BUCKET: &str = "scaler-bucket";

/// Below which managers keep their objects unless they are told otherwise.
pub const OBJECT_PREFIX: &str = "scaler-tasks";

/// What the released job definition lets a job say, in the order of its command.
const PARAMETERS: [&str; 6] = ["task_id", "payload", "compressed", "s3_bucket", "s3_prefix", "s3_key"];

const ENVIRONMENT: &str = "scaler-environment";

/// As the released one.
const TIMEOUT: u64 = 3600;

/// Makes a role, a compute environment, a queue, a bucket, and a job definition for each runner.
pub(super) fn set_up(client: &AwsClient) -> Result<()> {
    let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let role = client.iam("CreateRole", &[("RoleName", "scaler-job-role"), ("AssumeRolePolicyDocument", trust)])?;
    let role = first(&role, "Arn")?;
    let subnet = first(&client.ec2("DescribeSubnets", &[])?, "subnetId")?;
    let group = first(&client.ec2("DescribeSecurityGroups", &[])?, "groupId")?;
    let resources = json!({"type": "FARGATE", "maxvCpus": 64, "subnets": [subnet], "securityGroupIds": [group]});
    let environment = json!({
        "computeEnvironmentName": ENVIRONMENT,
        "type": "MANAGED",
        "state": "ENABLED",
        "computeResources": resources,
        "serviceRole": role,
    });
    client.batch("CreateComputeEnvironment", &environment)?.ok()?;
    let order = json!([{"order": 1, "computeEnvironment": ENVIRONMENT}]);
    let queue = json!({"jobQueueName": QUEUE, "state": "ENABLED", "priority": 1, "computeEnvironmentOrder": order});
    client.batch("CreateJobQueue", &queue)?.ok()?;
    for runner in Runner::ALL {
        client.batch("RegisterJobDefinition", &definition(runner, &role))?.ok()?;
    }
    client.s3("PUT", &format!("/{BUCKET}"), "")?.ok().map(|_| ())
}

fn definition(runner: Runner, role: &str) -> Value {
    let named = PARAMETERS.iter().flat_map(|name| [format!("--{name}"), format!("Ref::{name}")]);
    let command = if runner == Runner::Shell { vec!["Ref::payload".to_owned()] } else { named.collect() };
    let value = |name: &str| if name == "compressed" { "0" } else { "none" };
    let parameters: Map<String, Value> =
        PARAMETERS.iter().map(|name| ((*name).to_owned(), value(name).into())).collect();
    json!({
        "jobDefinitionName": runner.definition(),
        "type": "container",
        "parameters": parameters,
        "containerProperties": {
            "image": runner.image(),
            "command": command,
            "jobRoleArn": role,
            "vcpus": 1,
            "memory": 1843,
        },
        "timeout": {"attemptDurationSeconds": TIMEOUT},
    })
}

/// The first text of an element of this name.
fn first(answer: &Answer, element: &str) -> Result<String> {
    let text = answer.texts(element).into_iter().next();
    text.ok_or_else(|| Failure::new(format!("find a {element}"), format!("{answer:?}")))
}
