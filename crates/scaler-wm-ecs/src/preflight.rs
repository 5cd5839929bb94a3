//! What tasks need in the account, looked at before any is started. Cluster, task definition and role are made at the
//! start where they are missing; here nothing is.

use aws_sdk_ecs::{Client, types::TaskDefinition};
use aws_sdk_iam::Client as IamClient;
use scaler_wm_aws::preflight::{Look, credentials, reached, trouble};
use scaler_wm_core::{Check, ErrorKind, Limit};

use crate::{
    EcsConfig,
    definition::{EXECUTION_ROLE, unknown_family},
    failure::refine,
    launch::CONTAINER,
};

/// Looks at what tasks of this configuration need, at most `limit` workers of them.
pub async fn preflight(config: EcsConfig, limit: Limit) -> Vec<Check> {
    let sdk = config.aws.load().await;
    let mut checks = match credentials(&sdk).await {
        Ok(found) => vec![found],
        Err(bad) => return vec![bad, Check::skipped("account", "without credentials nothing can be asked")],
    };
    let survey = Survey { config: &config, ecs: Client::new(&sdk), iam: IamClient::new(&sdk), look: Look::default() };
    checks.extend(survey.look(limit).await);
    checks
}

struct Survey<'a> {
    config: &'a EcsConfig,
    ecs: Client,
    iam: IamClient,
    look: Look,
}

impl Survey<'_> {
    async fn look(&self, limit: Limit) -> Vec<Check> {
        let cluster = match self.cluster().await {
            Ok(check) => check,
            Err(bad) => return vec![bad, Check::skipped("cluster", "the account is not reached")],
        };
        let (definition, list) = tokio::join!(self.definition(), self.list());
        let mut checks = vec![cluster];
        checks.extend(definition);
        checks.push(list);
        checks.extend(self.not_looked_at(limit));
        checks
    }

    /// The first question: if it does not reach the account, no other does.
    async fn cluster(&self) -> Result<Check, Check> {
        const NAME: &str = "cluster";
        let name = &self.config.cluster;
        let call = self.ecs.describe_clusters().clusters(name);
        let send = || call.clone().send();
        let answer = self.look.ask("DescribeClusters", "look for the cluster", refine, send).await;
        reached(&answer)?;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Ok(trouble(NAME, "ecs:DescribeClusters", &error, "mend --ecs-cluster")),
        };
        let Some(cluster) = answer.clusters().iter().find(|cluster| cluster.status() == Some("ACTIVE")) else {
            return Ok(Check::good(
                NAME,
                format!("`{name}` is not there: it is made at the start (ecs:CreateCluster)"),
            ));
        };
        let has = |provider: &str| cluster.capacity_providers().iter().any(|other| other == provider);
        Ok(match self.config.capacity_providers.iter().find(|provider| !has(&provider.name)) {
            None => Check::good(NAME, format!("`{name}` is active, with {} tasks", cluster.running_tasks_count())),
            Some(provider) => {
                let found = format!("`{name}` does not have {}, which --ecs-capacity-providers names", provider.name);
                let todo =
                    "give it to the cluster (aws ecs put-cluster-capacity-providers), or name another --ecs-cluster";
                Check::bad(NAME, found, todo)
            }
        })
    }

    async fn definition(&self) -> Vec<Check> {
        const NAME: &str = "task definition";
        let family = &self.config.task_definition;
        let call = self.ecs.describe_task_definition().task_definition(family);
        let send = || call.clone().send();
        let answer =
            self.look.ask("DescribeTaskDefinition", "look for the task definition", unknown_family, send).await;
        match answer {
            Ok(answer) => vec![
                answer
                    .task_definition()
                    .map_or_else(|| Check::skipped(NAME, "the answer names none"), |definition| self.fits(definition)),
            ],
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let found =
                    format!("`{family}` is not there: it is registered at the start, with {}", self.config.image);
                vec![Check::good(NAME, found), self.role().await]
            }
            Err(error) => {
                let todo = "mend --ecs-task-definition";
                vec![trouble(NAME, "ecs:DescribeTaskDefinition", &error, todo)]
            }
        }
    }

    /// Whether tasks of a definition that is there can be ours.
    fn fits(&self, definition: &TaskDefinition) -> Check {
        const NAME: &str = "task definition";
        let shown = format!("`{}` revision {}", self.config.task_definition, definition.revision());
        let containers = definition.container_definitions();
        if !containers.iter().any(|container| container.name() == Some(CONTAINER)) {
            let found = format!("{shown} has no container named `{CONTAINER}`, which tasks are started with");
            return Check::bad(NAME, found, "name the container so, or name another --ecs-task-definition");
        }
        let cpu = (u64::from(self.config.workers.count.get()) * 1_024).to_string();
        match definition.cpu() {
            Some(there) if there != cpu => {
                let found =
                    format!("{shown} has {there} CPU units, and {cpu} are for as many workers as --ecs-task-cpu says");
                Check::doubtful(NAME, found, "name another --ecs-task-definition to have one of that size registered")
            }
            _ => Check::good(NAME, format!("{shown} is there")),
        }
    }

    /// The role that a new task definition would have.
    async fn role(&self) -> Check {
        const NAME: &str = "execution role";
        let call = self.iam.get_role().role_name(EXECUTION_ROLE);
        match self.look.ask("GetRole", "look for the execution role", refine, || call.clone().send()).await {
            Ok(_) => Check::good(NAME, format!("{EXECUTION_ROLE} is there")),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Check::good(NAME, format!("{EXECUTION_ROLE} is not there: it is made at the start (iam:CreateRole)"))
            }
            Err(error) => trouble(NAME, "iam:GetRole", &error, "or register the task definition yourself"),
        }
    }

    /// The question that is asked again and again while tasks run.
    async fn list(&self) -> Check {
        const NAME: &str = "permission ecs:ListTasks";
        let call = self.ecs.list_tasks().cluster(&self.config.cluster).started_by("scaler-wm/preflight");
        match self.look.ask("ListTasks", "list tasks", refine, || call.clone().send()).await {
            Ok(_) => Check::good(NAME, "allowed"),
            // Without a cluster there is nothing to list, and that is said after it has been allowed.
            Err(error) if error.kind() == ErrorKind::NotFound => Check::good(NAME, "allowed"),
            Err(error) => trouble(NAME, "ecs:ListTasks", &error, "mend --ecs-cluster"),
        }
    }

    fn not_looked_at(&self, limit: Limit) -> Vec<Check> {
        let subnets = self.config.subnets.join(", ");
        let cpus = match limit {
            Limit::AtMost(workers) => format!("up to {workers} vCPUs"),
            Limit::Unlimited => "vCPUs without a limit".to_owned(),
        };
        let quota = format!(
            "{cpus} of Fargate may be used at once; Service Quotas tells how many are allowed (aws service-quotas \
             list-service-quotas --service-code fargate), and this build does not ask it"
        );
        vec![
            Check::skipped(
                "permission ecs:RunTask",
                "ECS has no dry run: whether ecs:RunTask, ecs:StopTask and iam:PassRole are allowed shows at the first task",
            ),
            Check::skipped(
                "subnets",
                format!(
                    "only EC2 tells whether {subnets} are there, and `aws_raw_ecs` calls no EC2; a first task that fails names them"
                ),
            ),
            Check::skipped("quota", quota),
        ]
    }
}
