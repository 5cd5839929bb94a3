//! What tasks need before any can start: a cluster, a task definition, a role. Made where it is missing, left alone where
//! it is there.

use aws_sdk_ecs::{
    Client,
    error::BuildError,
    operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder,
    types::{
        Compatibility, ContainerDefinition, CpuArchitecture, LogConfiguration, LogDriver, NetworkMode, OsFamily,
        RuntimePlatform,
    },
};
use aws_sdk_iam::Client as IamClient;
use scaler_wm_aws::{Caller, Request, Tries};
use scaler_wm_core::{Error, ErrorKind, Result};
use tracing::{info, warn};

use crate::{EcsConfig, failure::refine, launch::CONTAINER};

/// The role that pulls images and writes logs for tasks: the one that AWS itself names so.
const EXECUTION_ROLE: &str = "ecsTaskExecutionRole";
const EXECUTION_POLICY: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";

/// Who may act under it.
fn trust() -> String {
    let allowed = serde_json::json!({
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    });
    serde_json::json!({"Version": "2012-10-17", "Statement": [allowed]}).to_string()
}

/// Makes what tasks need.
pub(crate) struct Preparation<'a> {
    pub(crate) config: &'a EcsConfig,
    pub(crate) ecs: &'a Client,
    pub(crate) iam: &'a IamClient,
    pub(crate) caller: &'a Caller,
}

/// A call that happens once: it needs no pace.
const fn once(operation: &'static str, purpose: &'static str) -> Request<'static> {
    Request { operation, purpose, paces: &[], tries: Tries::Lost, refine }
}

impl Preparation<'_> {
    /// Sees to the cluster and to the task definition; returns the ARN of the latter, so that every launch of this
    /// process means the same revision.
    pub(crate) async fn prepare(&self) -> Result<String> {
        self.cluster().await?;
        self.task_definition().await
    }

    /// Sees to the cluster.
    pub(crate) async fn cluster(&self) -> Result<()> {
        let name = &self.config.cluster;
        let request = once("DescribeClusters", "look for the cluster");
        let call = self.ecs.describe_clusters().clusters(name);
        let answer = self.caller.call(request, || call.clone().send()).await?;
        if answer.clusters().iter().any(|cluster| cluster.status() == Some("ACTIVE")) {
            return Ok(());
        }
        info!(cluster = %name, "creating the cluster: there is none of this name");
        let mut providers: Vec<String> =
            self.config.capacity_providers.iter().map(|provider| provider.name.clone()).collect();
        providers.sort();
        let call = self.ecs.create_cluster().cluster_name(name);
        let call = call.set_capacity_providers((!providers.is_empty()).then_some(providers));
        self.caller.call(once("CreateCluster", "create the cluster"), || call.clone().send()).await?;
        Ok(())
    }

    async fn task_definition(&self) -> Result<String> {
        let family = &self.config.task_definition;
        let call = self.ecs.describe_task_definition().task_definition(family);
        let purpose = "look for the task definition";
        // Of an unknown family the API says no more than that.
        let unknown = |code: &str, message: &str| {
            refine(code, message).or_else(|| (code == "ClientException").then_some(ErrorKind::NotFound))
        };
        let request = Request { refine: unknown, ..once("DescribeTaskDefinition", purpose) };
        let found = match self.caller.call(request, || call.clone().send()).await {
            Ok(answer) => answer.task_definition,
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let nameless = || Error::new(ErrorKind::Transient, purpose, "the answer names none");
        if let Some(found) = found {
            let cpu = (self.config.cpu.get() * 1_024).to_string();
            if found.cpu().is_some_and(|there| there != cpu) {
                warn!(
                    task_definition = %family, cpu = found.cpu(), workers = self.config.cpu,
                    "the task definition has another size than --ecs-task-cpu says: tasks are of its size, with as many \
                     workers as the flag says; name another family with --ecs-task-definition to have one registered"
                );
            }
            return found.task_definition_arn.ok_or_else(nameless);
        }
        let role = self.execution_role().await?;
        info!(task_definition = %family, "registering the task definition: there is none of this family");
        let call = self.registration(&role)?;
        let request = once("RegisterTaskDefinition", "register the task definition");
        let answer = self.caller.call(request, || call.clone().send()).await?;
        answer.task_definition.and_then(|definition| definition.task_definition_arn).ok_or_else(nameless)
    }

    fn registration(&self, role: &str) -> Result<RegisterTaskDefinitionFluentBuilder> {
        let config = self.config;
        let incomplete = |error: BuildError| {
            Error::new(ErrorKind::Invalid, "register the task definition", "something is missing").with_source(error)
        };
        let logs = config.log_group.as_ref().map(|group| {
            LogConfiguration::builder()
                .log_driver(LogDriver::Awslogs)
                .options("awslogs-group", group)
                .options("awslogs-region", &config.aws.region)
                .options("awslogs-stream-prefix", "scaler")
                .build()
        });
        let container = ContainerDefinition::builder()
            .name(CONTAINER)
            .image(&config.image)
            .essential(true)
            .set_log_configuration(logs.transpose().map_err(incomplete)?)
            .build();
        let platform = RuntimePlatform::builder()
            .cpu_architecture(CpuArchitecture::X8664)
            .operating_system_family(OsFamily::Linux)
            .build();
        Ok(self
            .ecs
            .register_task_definition()
            .family(&config.task_definition)
            .requires_compatibilities(Compatibility::Fargate)
            .network_mode(NetworkMode::Awsvpc)
            .runtime_platform(platform)
            .cpu((config.cpu.get() * 1_024).to_string())
            .memory((config.memory_gb * 1_024).to_string())
            .execution_role_arn(role)
            .container_definitions(container))
    }

    async fn execution_role(&self) -> Result<String> {
        let call = self.iam.get_role().role_name(EXECUTION_ROLE);
        let request = once("GetRole", "look for the execution role");
        match self.caller.call(request, || call.clone().send()).await {
            Ok(answer) => return Ok(answer.role.map(|role| role.arn).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        info!(role = EXECUTION_ROLE, "creating the execution role: there is none of this name");
        let call = self.iam.create_role().role_name(EXECUTION_ROLE).assume_role_policy_document(trust());
        let request = once("CreateRole", "create the execution role");
        let answer = self.caller.call(request, || call.clone().send()).await?;
        let call = self.iam.attach_role_policy().role_name(EXECUTION_ROLE).policy_arn(EXECUTION_POLICY);
        let request = once("AttachRolePolicy", "attach its policy to the execution role");
        self.caller.call(request, || call.clone().send()).await?;
        Ok(answer.role.map(|role| role.arn).unwrap_or_default())
    }
}
