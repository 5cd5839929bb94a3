//! An account with a cluster and a definition of tasks, and what is asked of it.

use scaler_wm_tests::{Answer, AwsClient, Cloud, EmulatorOptions, MISSING_IMAGE, Result};
use serde_json::{Value, json};

/// The cluster of the tests.
pub(crate) const CLUSTER: &str = "tests";

/// A cloud, and a client of its proxy.
pub(crate) struct Account {
    pub(crate) cloud: Cloud,
    pub(crate) client: AwsClient,
}

impl Account {
    /// One whose tasks do nothing: what the proxy does is the same.
    pub(crate) fn idle() -> Result<Self> {
        Self::with(&EmulatorOptions { executes: false, ..EmulatorOptions::default() })
    }

    pub(crate) fn with(options: &EmulatorOptions) -> Result<Self> {
        let cloud = Cloud::start(options)?;
        let direct = cloud.emulator.client();
        direct.ecs("CreateCluster", &json!({"clusterName": CLUSTER}))?.ok()?;
        for (family, image) in [("worker", "registry.invalid/scaler:latest"), ("missing", MISSING_IMAGE)] {
            let definition = json!({
                "family": family,
                "cpu": "1024",
                "memory": "2048",
                "networkMode": "awsvpc",
                "requiresCompatibilities": ["FARGATE"],
                "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
                "containerDefinitions": [{"name": "main", "image": image, "essential": true}],
            });
            direct.ecs("RegisterTaskDefinition", &definition)?.ok()?;
        }
        let client = AwsClient::new(cloud.proxy.port())?;
        Ok(Self { cloud, client })
    }

    /// Asks for tasks, as `request` says.
    pub(crate) fn run(&self, request: &Value) -> Result<Answer> {
        self.client.ecs("RunTask", request)
    }

    /// The names of the tasks that are to run, as the proxy tells them.
    pub(crate) fn listed(&self) -> Result<Vec<Value>> {
        let answer = self.client.ecs("ListTasks", &json!({"cluster": CLUSTER}))?.ok()?;
        Ok(answer["taskArns"].as_array().cloned().unwrap_or_default())
    }
}

/// A request for `count` tasks under a token.
pub(crate) fn tasks(count: u32, token: &str) -> Value {
    json!({"cluster": CLUSTER, "taskDefinition": "worker", "launchType": "FARGATE", "count": count, "clientToken": token})
}

/// A request for a task that runs a command.
pub(crate) fn command(definition: &str, command: &str) -> Value {
    json!({
        "cluster": CLUSTER,
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "startedBy": "tests",
        "tags": [{"key": "of", "value": "tests"}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "overrides": {
            "containerOverrides": [{"name": "main", "environment": [{"name": "COMMAND", "value": command}]}],
        },
    })
}

/// The members of a list.
pub(crate) fn members<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().map_or(&[], Vec::as_slice)
}
