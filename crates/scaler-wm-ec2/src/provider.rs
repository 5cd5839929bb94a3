//! Maps the provider seam to EC2.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_ec2::{Client, operation::create_fleet::CreateFleetOutput, types::Instance};
use bytes::Bytes;
use futures_util::future::join_all;
use scaler_wm_aws::{Caller, Calls, Units, random_name, rest_where_alone};
use scaler_wm_core::{
    Chain, Clock, Error, ErrorKind, Launch, LaunchId, Launched, Observed, OpenLaunch, Provider, ProviderInfo, Result,
    Stop, StopAnswer, Tier, Timestamp, Token, Unit, UnitId, control::CallFigures,
};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::{
    Ec2Config,
    client::Ec2Client,
    dump::dump,
    failure::{fewer, of_fleet},
    ground::{Ground, Owners, Survey, Temporary},
    instance::{
        is_stopped, is_up, just_started, lease,
        spot::{self, Notices},
        unit,
    },
    launch::{Call, Draft, Lost, tiers, unmended},
};

/// Instances that one call starts or terminates at most; EC2 advises against more.
const LARGEST_BATCH: NonZeroU32 = NonZeroU32::new(500).expect("not 0");
/// How long AWS knows a token, and somewhat less.
pub(crate) const REPEATABLE_FOR: Duration = Duration::from_secs(12 * 3_600);
/// Instances take up to a minute or two to end, and hold their security group until then.
const SWEPT_WITHIN: Duration = Duration::from_secs(150);
/// Some of that is for the calls.
pub(crate) const HELD_WITHIN: Duration = Duration::from_secs(120);
/// How long what the API lists may be behind what was started.
pub(crate) const LIST_LAG: Duration = Duration::from_secs(30);

/// Workers on EC2 instances: one unit an instance.
#[derive(Debug)]
pub struct Ec2Provider {
    info: ProviderInfo,
    config: Ec2Config,
    owners: Owners,
    client: Ec2Client,
    clock: Clock,
    ground: Mutex<Arc<Ground>>,
    units: Units,
    /// What Spot said last; it stays said when a later question fails.
    notices: Mutex<Notices>,
    /// Questions beside the listing that failed, each told once.
    told: Mutex<HashSet<&'static str>>,
}

/// What a look has to know of an instance beside the unit that it is.
struct Seen {
    id: String,
    spot_request: Option<String>,
    is_stopped: bool,
    needs_renewal: bool,
}

impl Ec2Provider {
    /// Finds image, subnet and sizes, and makes what is temporary; while AWS does not answer it goes on trying.
    ///
    /// # Errors
    /// When no further try can help: no credentials, no permission, or a request that AWS refuses as it is.
    pub async fn start(config: Ec2Config) -> Result<Self> {
        let sdk = config.aws.load().await;
        Self::start_with(config, Client::new(&sdk), Clock::system()).await
    }

    /// The same with a client that is there already.
    ///
    /// # Errors
    /// As [`Ec2Provider::start`].
    pub async fn start_with(mut config: Ec2Config, ec2: Client, clock: Clock) -> Result<Self> {
        let caller = Caller::new(Calls::default());
        let owners = Owners::open(config.state_folder.as_deref(), &config.aws.region, config.workers.owner())?;
        let survey = Survey { config: &config, ec2: &ec2, caller: &caller };
        let ground = Caller::patiently(|| survey.survey()).await?;
        config.workers.count = ground.workers;
        let tiers = tiers(&config, &ground.subnets);
        if let Some(folder) = &config.debug_dump {
            dump(folder, &config, &ground)?;
        }
        info!(types = ?config.types, workers = %ground.workers, tiers = tiers.len(), "instances are ready to start");
        let info = ProviderInfo {
            name: "orb_aws_ec2",
            workers_per_unit: ground.workers,
            concurrency_per_worker: NonZeroU32::MIN,
            largest_batch: LARGEST_BATCH,
            most_on_order: on_order(&config),
            most_units: config.most_instances,
            list_lag: LIST_LAG,
            ready_within: config.ready_within,
            observe_every: config.observe_every,
            idempotent: true,
            repeatable_for: REPEATABLE_FOR,
            lists_foreign_units: true,
            finds_recorded_units: true,
            relieves: false,
            ends_by_itself: true,
            swept_within: SWEPT_WITHIN,
            tiers,
        };
        Ok(Self {
            owners,
            client: Ec2Client::new(ec2, caller, &config.paces, info.tiers.len() == 1),
            info,
            config,
            clock,
            ground: Mutex::new(Arc::new(ground)),
            units: Units::new(LIST_LAG),
            notices: Mutex::default(),
            told: Mutex::default(),
        })
    }

    /// How many calls were made so far.
    #[must_use]
    pub const fn calls(&self) -> &Calls {
        self.client.caller().calls()
    }

    fn ground(&self) -> MutexGuard<'_, Arc<Ground>> {
        self.ground.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_only_tier(&self) -> bool {
        self.info.tiers.len() == 1
    }

    /// The units that these instances are, but for those whose end was told before.
    fn note(&self, instances: &[Instance]) -> Vec<Arc<Unit>> {
        let now = self.clock.now();
        self.units.note(instances.iter().filter_map(|instance| unit(instance, now)), now)
    }

    async fn run(&self, launch: &Launch) -> Result<Launched> {
        let is_only_tier = self.is_only_tier();
        match Call::of(launch)? {
            Call::RunInstances(parameters) => {
                let instances = self.client.run(launch, &parameters).await?;
                let (came, asked) = (instances.len(), launch.count.get());
                let is_short = came < asked as usize;
                let failed = is_short.then(|| fewer(came, asked, is_only_tier)).into_iter().collect();
                Ok(Launched { units: self.note(&instances), receipt: None, failed })
            }
            Call::CreateFleet(parameters) => {
                let answer = self.client.fleet(launch, &parameters).await?;
                let mut launched = self.fleet(launch, &answer);
                for error in std::mem::take(&mut launched.failed) {
                    let is_gone = error.kind() == ErrorKind::NotFound;
                    launched.failed.push(if is_gone { self.lost_ground(launch, error).await } else { error });
                }
                Ok(launched)
            }
        }
    }

    fn fleet(&self, launch: &Launch, answer: &CreateFleetOutput) -> Launched {
        let now = self.clock.now();
        let ids: Vec<&String> = answer.instances().iter().flat_map(|group| group.instance_ids()).collect();
        let units = ids.iter().map(|id| just_started(id, &launch.id, &launch.tier, now));
        let units = self.units.note(units, now);
        let (came, asked) = (ids.len(), launch.count.get());
        let mut failed = Vec::new();
        // A pool that had none does not matter where others had enough.
        if came < asked as usize {
            failed = of_fleet(answer.errors(), self.is_only_tier());
            if failed.is_empty() {
                failed.push(fewer(came, asked, self.is_only_tier()));
            }
        }
        Launched { units, receipt: None, failed }
    }

    fn temporary<'a>(&'a self, owner: &'a str) -> Temporary<'a> {
        Temporary { ec2: self.client.ec2(), caller: self.client.caller(), owner }
    }

    /// Something of what a launch names is gone. What is of our making is made again, and the next launch names that.
    async fn lost_ground(&self, launch: &Launch, error: Error) -> Error {
        let call = match Call::of(launch) {
            Ok(call) => call,
            Err(other) => return other,
        };
        let Some(lost) = Lost::of(&error) else {
            return unmended(error, "what this launch names is not there".to_owned());
        };
        if let Some(advice) = lost.advice(&call, &self.config, &self.temporary(self.owners.own()).name()) {
            return unmended(error, advice);
        }
        let survey = Survey { config: &self.config, ec2: self.client.ec2(), caller: self.client.caller() };
        match survey.survey().await {
            Ok(ground) => {
                *self.ground() = Arc::new(ground);
                let context = "what was made for instances was gone, and has been made again";
                Error::new(ErrorKind::Failed, error.operation(), context).with_source(error)
            }
            Err(other) => other,
        }
    }

    /// Asks Spot which of these instances it will take, and gives their units notice.
    async fn ask_spot(&self, seen: &[Seen], units: &mut [Unit]) {
        let requests: HashMap<&str, &String> =
            seen.iter().filter_map(|seen| Some((seen.id.as_str(), seen.spot_request.as_ref()?))).collect();
        if requests.is_empty() {
            return;
        }
        let ids: Vec<String> = requests.values().copied().cloned().collect();
        let answer = self.client.spot(&ids).await;
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(answer) => {
                let found = spot::notices(&answer, self.clock.now());
                for request in found.keys().filter(|request| !notices.contains_key(*request)) {
                    warn!(%request, "Spot is about to take an instance: another takes its place");
                }
                *notices = found;
            }
            Err(error) => self.tell_once("Spot is not asked which instances it will take", &error),
        }
        for unit in units {
            let notice = requests.get(unit.id.as_str()).and_then(|request| notices.get(*request));
            notice.iter().for_each(|at| spot::give_notice(unit, **at));
        }
    }

    async fn renew(&self, ids: &[String], length: Duration) {
        if ids.is_empty() {
            return;
        }
        if let Err(error) = self.client.tag(ids, &lease::tag(self.clock.now(), length)).await {
            warn!(error = %Chain(&error), instances = ids.len(), "leases could not be renewed; will try again");
        }
    }

    fn tell_once(&self, what: &'static str, error: &Error) {
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(what) {
            warn!(error = %Chain(error), "{what}");
        }
    }

    /// What this look is to do with an instance.
    fn seen(&self, instance: &Instance, now: Timestamp) -> Option<Seen> {
        let is_up = is_up(instance);
        Some(Seen {
            id: instance.instance_id()?.to_owned(),
            spot_request: instance.spot_instance_request_id().filter(|_| is_up).map(str::to_owned),
            is_stopped: is_stopped(instance),
            needs_renewal: is_up && self.config.lease.is_some_and(|length| lease::is_due(instance, length, now)),
        })
    }
}

#[async_trait]
impl Provider for Ec2Provider {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        if count > LARGEST_BATCH {
            let context = format!("{count} instances are more than one call may start");
            return Err(Error::new(ErrorKind::Invalid, "prepare instances", context));
        }
        let id = random_name()?;
        let launch = LaunchId::from(id.clone());
        let draft = Draft { id: &launch, tier, count: count.get(), at: now };
        let call = Call::new(&self.config, &self.ground(), &draft)?;
        let spec = serde_json::to_vec(&call)
            .map_err(|error| Error::new(ErrorKind::Invalid, "prepare instances", "as JSON").with_source(error))?;
        Ok(Launch { token: Token::from(id), count, tier: tier.clone(), at: now, spec: Bytes::from(spec), id: launch })
    }

    fn remember(&self, units: &[UnitId]) {
        self.units.remember(units);
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        let launched = match self.run(launch).await {
            // Its token stands for another request: nothing more will come of it, and looks tell what has.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                return Ok(Launched { failed: vec![error], ..Launched::default() });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(self.lost_ground(launch, error).await),
            launched => launched.map_err(|error| rest_where_alone(error, self.is_only_tier()))?,
        };
        self.units.tick();
        Ok(launched)
    }

    async fn observe(&self, _open: &[OpenLaunch]) -> Result<Observed> {
        // Nothing of an open launch is known but by its instances.
        let now = self.clock.now();
        let mut seen: Vec<Seen> = Vec::new();
        let mut look = |instances: Vec<Instance>| {
            seen.extend(instances.iter().filter_map(|instance| self.seen(instance, now)));
            instances.iter().filter_map(|instance| unit(instance, now)).collect()
        };
        let mut units: Vec<Unit> = self.client.list(self.owners.own(), &mut look).await?;
        let listed: HashSet<&str> = units.iter().map(|unit| unit.id.as_str()).collect();
        let unlisted = self.units.unlisted(&listed);
        drop(listed);
        let asked = self.client.ask(&unlisted, &mut look).await?;
        let found: HashSet<&str> = asked.iter().map(|unit| unit.id.as_str()).collect();
        let missing = unlisted.iter().filter(|id| !found.contains(id.as_str())).cloned().collect();
        drop(found);
        units.extend(asked);
        self.units.tidy(missing, self.clock.now());

        self.ask_spot(&seen, &mut units).await;
        if let Some(length) = self.config.lease {
            let due: Vec<String> = seen.iter().filter(|seen| seen.needs_renewal).map(|seen| seen.id.clone()).collect();
            self.renew(&due, length).await;
        }
        let stopped: Vec<UnitId> =
            seen.iter().filter(|seen| seen.is_stopped).map(|seen| UnitId::from(seen.id.as_str())).collect();
        if !stopped.is_empty() {
            warn!(instances = ?stopped, "somebody has stopped instances: no worker runs in them, and they are terminated");
            self.client.terminate(&stopped).await;
        }
        let units = self.units.note(units, self.clock.now());
        self.units.look_again_if_moving(self.config.observe_every);
        Ok(Observed { units, settled: Vec::new() })
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        if how != Stop::Now {
            // Nobody in an instance hears us.
            return units.iter().map(|unit| (unit.clone(), Ok(StopAnswer::Unsupported))).collect();
        }
        let answers = self.client.terminate(units).await;
        self.units.stopping(&answers);
        self.units.tick();
        answers
    }

    fn calls(&self) -> Vec<CallFigures> {
        self.client.caller().calls().figures()
    }

    fn place(&self) -> String {
        format!("{} in {}", self.ground().subnets.join(", "), self.config.aws.region)
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.units.changed()
    }

    async fn sweep(&self) -> Result<()> {
        let owners = self.owners.all().unwrap_or_else(|error| {
            warn!(error = %Chain(&error), "what was made for another address of the scheduler may be left");
            vec![self.owners.own().to_owned()]
        });
        let removals = owners.iter().map(|owner| async move {
            self.temporary(owner).remove(HELD_WITHIN).await?;
            self.owners.forget(owner)
        });
        join_all(removals).await.into_iter().collect()
    }
}

/// What may be on order at once: what the account starts without a wait.
fn on_order(config: &Ec2Config) -> NonZeroU32 {
    let burst = config.paces.instances.burst.clamp(1.0, f64::from(u32::MAX));
    #[expect(clippy::cast_possible_truncation, reason = "within bounds")]
    NonZeroU32::new(burst as u32).unwrap_or(LARGEST_BATCH)
}
