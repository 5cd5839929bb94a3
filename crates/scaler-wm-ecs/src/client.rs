//! The calls to ECS, at their pace.

use std::collections::BTreeMap;

use aws_sdk_ecs::{
    Client,
    error::BuildError,
    operation::run_task::{RunTaskOutput, builders::RunTaskFluentBuilder},
    types::{
        AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, ContainerOverride, EphemeralStorage,
        KeyValuePair, LaunchType, NetworkConfiguration, Tag, Task, TaskField, TaskOverride,
    },
};
use futures_util::future::{join_all, try_join_all};
use scaler_wm_aws::{Caller, Pace, Request, Tries};
use scaler_wm_core::{Error, ErrorKind, Launch, Result, StopAnswer, UnitId};

use crate::{
    Paces,
    failure::refine,
    launch::{CONTAINER, RunTask},
    task::STOPPED_BY_US,
};

/// Tasks that one call describes at most.
const DESCRIBED_AT_ONCE: usize = 100;

/// The calls to ECS of one manager.
#[derive(Debug)]
pub(crate) struct EcsClient {
    ecs: Client,
    caller: Caller,
    tasks: Pace,
    run: Pace,
    stop: Pace,
    look: Pace,
}

/// What became of units that were asked about.
#[derive(Debug)]
pub(crate) struct Described<T> {
    /// What `note` has made of those that are there.
    pub(crate) units: Vec<T>,
    /// Those that are not there: not yet, or no more.
    pub(crate) missing: Vec<String>,
}

/// The cluster that a task's ARN names; older ones name none.
pub(crate) fn cluster_of(arn: &str) -> Option<&str> {
    arn.split_once(":task/")?.1.split_once('/').map(|(cluster, _)| cluster)
}

impl EcsClient {
    pub(crate) fn new(ecs: Client, caller: Caller, paces: &Paces) -> Self {
        let [tasks, run, stop, look] = [paces.tasks, paces.run, paces.stop, paces.look].map(Pace::new);
        Self { ecs, caller, tasks, run, stop, look }
    }

    pub(crate) const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Starts the tasks of a launch. The same launch again is the same request.
    pub(crate) async fn run(&self, launch: &Launch, parameters: &RunTask) -> Result<RunTaskOutput> {
        let count = launch.count.get();
        let request = Request {
            operation: "RunTask",
            purpose: "start tasks",
            paces: &[(&self.run, 1.0), (&self.tasks, f64::from(count))],
            tries: Tries::Throttled,
            refine,
        };
        let call = parameters.fill(&self.ecs)?.count(i32::try_from(count).unwrap_or(i32::MAX));
        let call = call.client_token(launch.token.as_str());
        self.caller.call(request, || call.clone().send()).await
    }

    /// Every task that says it was started by `started_by` and is to run; none in a cluster that is not there.
    pub(crate) async fn list(&self, cluster: &str, started_by: &str) -> Result<Vec<String>> {
        let paces = [(&self.look, 1.0)];
        let request = looking("ListTasks", "list tasks", &paces);
        let mut arns = Vec::new();
        let mut next = None;
        loop {
            let call = self.ecs.list_tasks().cluster(cluster).started_by(started_by).set_next_token(next.take());
            let page = match self.caller.call(request, || call.clone().send()).await {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                page => page?,
            };
            arns.extend(page.task_arns.unwrap_or_default());
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(arns);
            }
        }
    }

    /// What these tasks are now, in whatever cluster each is. `note` makes what is wanted of them, page by page: a
    /// description is some kilobytes, a unit a fraction of one.
    pub(crate) async fn describe<T>(
        &self,
        cluster: &str,
        arns: &[String],
        note: impl Fn(&[Task]) -> Vec<T>,
    ) -> Result<Described<T>> {
        let mut of_cluster: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        for arn in arns {
            of_cluster.entry(cluster_of(arn).unwrap_or(cluster)).or_default().push(arn);
        }
        let paces = [(&self.look, 1.0)];
        let request = looking("DescribeTasks", "describe tasks", &paces);
        let pages = of_cluster.iter().flat_map(|(cluster, arns)| {
            arns.chunks(DESCRIBED_AT_ONCE)
                .map(|arns| (*cluster, arns.iter().copied().cloned().collect::<Vec<String>>()))
        });
        let note = &note;
        let calls = pages.map(|(cluster, arns)| async move {
            let call = self.ecs.describe_tasks().cluster(cluster).include(TaskField::Tags);
            let call = call.set_tasks(Some(arns.clone()));
            match self.caller.call(request, || call.clone().send()).await {
                // With the cluster went its tasks.
                Err(error) if error.kind() == ErrorKind::NotFound => Ok((Vec::new(), arns)),
                answer => answer.map(|answer| {
                    let missing = answer.failures().iter().filter_map(|failure| failure.arn().map(str::to_owned));
                    (note(answer.tasks()), missing.collect())
                }),
            }
        });
        let mut described = Described { units: Vec::new(), missing: Vec::new() };
        for (units, missing) in try_join_all(calls).await? {
            described.units.extend(units);
            described.missing.extend(missing);
        }
        Ok(described)
    }

    /// Stops tasks, each by a call of its own: there is no other way.
    pub(crate) async fn stop(&self, cluster: &str, units: &[UnitId]) -> Vec<(UnitId, Result<StopAnswer>)> {
        let request = Request {
            operation: "StopTask",
            purpose: "stop a task",
            paces: &[(&self.stop, 1.0)],
            tries: Tries::Throttled,
            refine,
        };
        let calls = units.iter().map(|unit| {
            let cluster = cluster_of(unit.as_str()).unwrap_or(cluster);
            let call = self.ecs.stop_task().cluster(cluster).task(unit.as_str()).reason(STOPPED_BY_US);
            async move {
                let answer = self.caller.call(request, || call.clone().send()).await;
                (unit.clone(), answer.map(|_| StopAnswer::Accepted))
            }
        });
        join_all(calls).await
    }
}

/// A call that changes nothing.
const fn looking<'a>(operation: &'static str, purpose: &'static str, paces: &'a [(&'a Pace, f64)]) -> Request<'a> {
    Request { operation, purpose, paces, tries: Tries::Lost, refine }
}

impl RunTask {
    /// The call without count and token.
    fn fill(&self, ecs: &Client) -> Result<RunTaskFluentBuilder> {
        let variable = |(name, value): &(String, String)| KeyValuePair::builder().name(name).value(value).build();
        let container = ContainerOverride::builder()
            .name(CONTAINER)
            .set_environment(Some(self.environment.iter().map(variable).collect()))
            .build();
        let storage = self.ephemeral_storage_gib.map(|size| EphemeralStorage::builder().size_in_gib(size).build());
        let overrides = TaskOverride::builder()
            .container_overrides(container)
            .set_ephemeral_storage(storage)
            .set_task_role_arn(self.task_role.clone())
            .build();
        let network = AwsVpcConfiguration::builder()
            .set_subnets(Some(self.subnets.clone()))
            .set_security_groups((!self.security_groups.is_empty()).then(|| self.security_groups.clone()))
            .assign_public_ip(if self.public_ip { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled })
            .build()
            .map_err(incomplete("start tasks"))?;
        let tag = |(key, value): &(String, String)| Tag::builder().key(key).value(value).build();
        let call = ecs
            .run_task()
            .cluster(&self.cluster)
            .task_definition(&self.task_definition)
            .started_by(&self.started_by)
            .set_tags(Some(self.tags.iter().map(tag).collect()))
            .overrides(overrides)
            .set_platform_version(self.platform_version.clone())
            .network_configuration(NetworkConfiguration::builder().awsvpc_configuration(network).build());
        if self.providers.is_empty() {
            return Ok(call.launch_type(LaunchType::Fargate));
        }
        let item = |(name, weight, base): &(String, i32, i32)| {
            let item = CapacityProviderStrategyItem::builder().capacity_provider(name).weight(*weight).base(*base);
            item.build().map_err(incomplete("start tasks"))
        };
        let strategy = self.providers.iter().map(item).collect::<Result<Vec<_>>>()?;
        Ok(call.set_capacity_provider_strategy(Some(strategy)))
    }
}

/// A request that the SDK refuses to build, since a value is missing; its own words name it.
pub(crate) fn incomplete(purpose: &'static str) -> impl Fn(BuildError) -> Error {
    move |error| Error::new(ErrorKind::Invalid, purpose, "the request is not complete").with_source(error)
}
