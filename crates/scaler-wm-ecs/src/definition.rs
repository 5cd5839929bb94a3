//! What tasks need before any can start: a cluster, a task definition, a role. Made where it is missing, left alone where
//! it is there.

use std::time::Duration;

use aws_sdk_ecs::{
    Client,
    operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder,
    types::{
        Compatibility, ContainerDefinition, CpuArchitecture, LogConfiguration, LogDriver, NetworkMode, OsFamily,
        RuntimePlatform,
    },
};
use aws_sdk_iam::Client as IamClient;
use scaler_wm_aws::{Caller, Request, Tries};
use scaler_wm_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::{EcsConfig, client::incomplete, failure::refine, launch::CONTAINER};

/// The role that pulls images and writes logs for tasks: the one that AWS itself names so.
pub(crate) const EXECUTION_ROLE: &str = "ecsTaskExecutionRole";
const EXECUTION_POLICY: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";

/// How long it takes until a new role is known everywhere.
const KNOWN_WITHIN: Duration = Duration::from_secs(60);
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(3);

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
        let wanted = &self.config.capacity_providers;
        if let Some(cluster) = answer.clusters().iter().find(|cluster| cluster.status() == Some("ACTIVE")) {
            let has = |provider: &str| cluster.capacity_providers().iter().any(|other| other == provider);
            return match wanted.iter().find(|provider| !has(&provider.name)) {
                None => Ok(()),
                Some(provider) => {
                    let context = format!(
                        "the cluster {name} does not have {}, which --ecs-capacity-providers names: give it to the cluster \
                         (aws ecs put-cluster-capacity-providers), or name a cluster that is not there yet by \
                         --ecs-cluster",
                        provider.name
                    );
                    Err(Error::new(ErrorKind::Invalid, "use the cluster", context))
                }
            };
        }
        info!(cluster = %name, "creating the cluster: there is none of this name");
        let mut providers: Vec<String> = wanted.iter().map(|provider| provider.name.clone()).collect();
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
        let request = Request { refine: unknown_family, ..once("DescribeTaskDefinition", purpose) };
        let found = match self.caller.call(request, || call.clone().send()).await {
            Ok(answer) => answer.task_definition,
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let nameless = || Error::new(ErrorKind::Transient, purpose, "the answer names none");
        if let Some(found) = found {
            let cpu = self.cpu();
            if found.cpu().is_some_and(|there| there != cpu) {
                warn!(
                    task_definition = %family, cpu = found.cpu(), workers = self.config.workers.count,
                    "the task definition has another size than --ecs-task-cpu says: tasks are of its size, with as many \
                     workers as the flag says; name another family with --ecs-task-definition to have one registered"
                );
            }
            return found.task_definition_arn.ok_or_else(nameless);
        }
        let (role, is_new) = self.execution_role().await?;
        info!(task_definition = %family, "registering the task definition: there is none of this family");
        let call = self.registration(&role)?;
        let request = once("RegisterTaskDefinition", "register the task definition");
        let until = Instant::now() + KNOWN_WITHIN;
        let answer = loop {
            match self.caller.call(request, || call.clone().send()).await {
                // A role that was made a moment ago is not known everywhere.
                Err(error) if is_new && error.kind().is_fatal() && Instant::now() < until => {
                    sleep(ASK_AGAIN_AFTER).await;
                }
                answer => break answer?,
            }
        };
        answer.task_definition.and_then(|definition| definition.task_definition_arn).ok_or_else(nameless)
    }

    fn registration(&self, role: &str) -> Result<RegisterTaskDefinitionFluentBuilder> {
        let config = self.config;
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
            .set_log_configuration(logs.transpose().map_err(incomplete("register the task definition"))?)
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
            .cpu(self.cpu())
            .memory((u64::from(config.memory_gb) * 1_024).to_string())
            .execution_role_arn(role)
            .container_definitions(container))
    }

    /// The CPU units of a task.
    fn cpu(&self) -> String {
        (u64::from(self.config.workers.count.get()) * 1_024).to_string()
    }

    /// The ARN of the role, and whether it may be new.
    async fn execution_role(&self) -> Result<(String, bool)> {
        if let Some(role) = self.found_role().await? {
            return Ok((role, false));
        }
        info!(role = EXECUTION_ROLE, "creating the execution role: there is none of this name");
        let call = self.iam.create_role().role_name(EXECUTION_ROLE).assume_role_policy_document(trust());
        let request = Request { refine: exists, ..once("CreateRole", "create the execution role") };
        let created = match self.caller.call(request, || call.clone().send()).await {
            Ok(answer) => answer.role.map(|role| role.arn),
            // Another manager that starts with this one, or a try of ours whose answer got lost.
            Err(error) if error.kind() == ErrorKind::Failed => self.found_role().await?,
            Err(error) => return Err(error),
        };
        let call = self.iam.attach_role_policy().role_name(EXECUTION_ROLE).policy_arn(EXECUTION_POLICY);
        let request = once("AttachRolePolicy", "attach its policy to the execution role");
        self.caller.call(request, || call.clone().send()).await?;
        let role = created
            .ok_or_else(|| Error::new(ErrorKind::Transient, "create the execution role", "it is not there yet"))?;
        Ok((role, true))
    }

    async fn found_role(&self) -> Result<Option<String>> {
        let call = self.iam.get_role().role_name(EXECUTION_ROLE);
        let request = once("GetRole", "look for the execution role");
        match self.caller.call(request, || call.clone().send()).await {
            Ok(answer) => Ok(answer.role.map(|role| role.arn)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Of an unknown family the API says no more than that.
pub(crate) fn unknown_family(code: &str, message: &str) -> Option<ErrorKind> {
    refine(code, message).or_else(|| (code == "ClientException").then_some(ErrorKind::NotFound))
}

/// That something is there already is no mistake of ours.
fn exists(code: &str, _: &str) -> Option<ErrorKind> {
    code.starts_with("EntityAlreadyExists").then_some(ErrorKind::Failed)
}
