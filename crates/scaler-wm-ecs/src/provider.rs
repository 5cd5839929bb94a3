//! Maps the provider seam to ECS.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_ecs::{Client, operation::run_task::RunTaskOutput, types::Task};
use aws_sdk_iam::Client as IamClient;
use bytes::Bytes;
use scaler_wm_aws::{Caller, Calls, Units, random_name, rest_where_alone};
use scaler_wm_core::{
    Clock, Error, ErrorKind, Launch, LaunchId, Launched, Limit, Observed, OpenLaunch, Provider, ProviderInfo, Result,
    Stop, StopAnswer, Tier, Timestamp, Token, Unit, UnitId, control::CallFigures,
};
use tokio::sync::watch;
use tracing::info;

use crate::{
    EcsConfig,
    client::EcsClient,
    definition::Preparation,
    failure::failed,
    launch::{RunTask, tiers},
    task::unit,
};

/// Tasks that one call starts at most.
const LARGEST_BATCH: NonZeroU32 = NonZeroU32::new(10).expect("not 0");
/// How long AWS knows a token, and somewhat less.
pub(crate) const REPEATABLE_FOR: Duration = Duration::from_secs(12 * 3_600);
/// How long what the API lists may be behind what was started.
pub(crate) const LIST_LAG: Duration = Duration::from_secs(30);

/// Workers in ECS tasks on Fargate: one unit a task.
#[derive(Debug)]
pub struct EcsProvider {
    info: ProviderInfo,
    config: EcsConfig,
    /// With its revision.
    task_definition: String,
    started_by: String,
    client: EcsClient,
    ecs: Client,
    iam: IamClient,
    clock: Clock,
    units: Units,
}

impl EcsProvider {
    /// Finds or makes cluster, task definition and execution role; while AWS does not answer it goes on trying.
    ///
    /// # Errors
    /// When no further try can help: no credentials, no permission, or a request that AWS refuses as it is.
    pub async fn start(config: EcsConfig) -> Result<Self> {
        let sdk = config.aws.load().await;
        Self::start_with(config, Client::new(&sdk), IamClient::new(&sdk), Clock::system()).await
    }

    /// The same with clients that are there already.
    ///
    /// # Errors
    /// As [`EcsProvider::start`].
    pub async fn start_with(config: EcsConfig, ecs: Client, iam: IamClient, clock: Clock) -> Result<Self> {
        let caller = Caller::new(Calls::default());
        let preparation = Preparation { config: &config, ecs: &ecs, iam: &iam, caller: &caller };
        let task_definition = Caller::patiently(|| preparation.prepare()).await?;
        info!(cluster = %config.cluster, %task_definition, workers = config.workers.count, "tasks are ready to start");
        let info = ProviderInfo {
            name: "aws_raw_ecs",
            workers_per_unit: config.workers.count,
            concurrency_per_worker: NonZeroU32::MIN,
            largest_batch: LARGEST_BATCH,
            most_on_order: on_order(&config),
            most_units: Limit::Unlimited,
            tiers: tiers(&config),
            list_lag: LIST_LAG,
            ready_within: config.ready_within,
            observe_every: config.observe_every,
            idempotent: true,
            repeatable_for: REPEATABLE_FOR,
            lists_foreign_units: true,
            finds_recorded_units: true,
            relieves: false,
            ends_by_itself: true,
            swept_within: Duration::from_secs(5),
        };
        Ok(Self {
            info,
            started_by: config.workers.owner(),
            client: EcsClient::new(ecs.clone(), caller, &config.paces),
            task_definition,
            config,
            ecs,
            iam,
            clock,
            units: Units::new(LIST_LAG),
        })
    }

    /// How many calls were made so far.
    #[must_use]
    pub const fn calls(&self) -> &Calls {
        self.client.caller().calls()
    }

    /// The units that these tasks are, but for those whose end was told before.
    fn note(&self, tasks: &[Task]) -> Vec<Arc<Unit>> {
        let now = self.clock.now();
        self.units.note(tasks.iter().filter_map(|task| unit(task, now)), now)
    }

    /// Calls for the tasks of a launch; once more where the cluster had to be made again.
    async fn run(&self, launch: &Launch, parameters: &RunTask) -> Result<RunTaskOutput> {
        match self.client.run(launch, parameters).await {
            // Of all that the call names, only the cluster has an error of this kind.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let caller = self.client.caller();
                let preparation = Preparation { config: &self.config, ecs: &self.ecs, iam: &self.iam, caller };
                preparation.cluster().await?;
                self.client.run(launch, parameters).await
            }
            answer => answer,
        }
    }
}

#[async_trait]
impl Provider for EcsProvider {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        if count > LARGEST_BATCH {
            let context = format!("{count} tasks are more than one call can start");
            return Err(Error::new(ErrorKind::Invalid, "prepare tasks", context));
        }
        let id = random_name()?;
        let launch = LaunchId::from(id.clone());
        let parameters = RunTask::new(&self.config, &self.task_definition, &launch, tier)?;
        let spec = serde_json::to_vec(&parameters)
            .map_err(|error| Error::new(ErrorKind::Invalid, "prepare tasks", "as JSON").with_source(error))?;
        let spec = Bytes::from(spec);
        Ok(Launch { id: launch, token: Token::from(id), count, tier: tier.clone(), at: now, spec })
    }

    fn remember(&self, units: &[UnitId]) {
        self.units.remember(units);
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        let parameters = RunTask::of(launch)?;
        let is_only_tier = self.info.tiers.len() == 1;
        let answer = match self.run(launch, &parameters).await {
            // Its token stands for another request: nothing more will come of it, and looks tell what has.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                return Ok(Launched { failed: vec![error], ..Launched::default() });
            }
            answer => answer.map_err(|error| rest_where_alone(error, is_only_tier))?,
        };
        let units = self.note(answer.tasks());
        let failed = failed(answer.failures(), is_only_tier);
        self.units.tick();
        Ok(Launched { units, receipt: None, failed })
    }

    async fn observe(&self, _open: &[OpenLaunch]) -> Result<Observed> {
        // Nothing of an open launch is known but by its tasks.
        let listed = self.client.list(&self.config.cluster, &self.started_by).await?;
        let ids = self.units.to_ask(listed);
        let described = self.client.describe(&self.config.cluster, &ids, |tasks| self.note(tasks)).await?;
        self.units.tidy(described.missing, self.clock.now());
        self.units.look_again_if_moving(self.config.observe_every);
        Ok(Observed { units: described.units, settled: Vec::new() })
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        if how != Stop::Now {
            // Nobody in a task hears us.
            return units.iter().map(|unit| (unit.clone(), Ok(StopAnswer::Unsupported))).collect();
        }
        let answers = self.client.stop(&self.config.cluster, units).await;
        self.units.stopping(&answers);
        self.units.tick();
        answers
    }

    fn calls(&self) -> Vec<CallFigures> {
        self.client.caller().calls().figures()
    }

    fn place(&self) -> String {
        format!("cluster {}, {}", self.config.cluster, self.config.aws.region)
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.units.changed()
    }

    /// Cluster, task definition and role stay: the next manager needs them, and so may others.
    async fn sweep(&self) -> Result<()> {
        Ok(())
    }
}

/// What may be on order at once: what the account starts without a wait.
fn on_order(config: &EcsConfig) -> NonZeroU32 {
    let burst = config.paces.tasks.burst.clamp(f64::from(LARGEST_BATCH.get()), f64::from(u32::MAX));
    #[expect(clippy::cast_possible_truncation, reason = "within bounds")]
    NonZeroU32::new(burst as u32).unwrap_or(LARGEST_BATCH)
}
