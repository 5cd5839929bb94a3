//! What is out there under a manager's name: jobs, and what was put into the bucket for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_batch::Client as SdkBatch;
use aws_sdk_s3::Client as SdkS3;
use scaler_wm_aws::{Caller, Calls};
use scaler_wm_core::{Error, ErrorKind, Inventory, InventoryInfo, Listing, ManagerId, OnRecord, Result, Role, Thing};
use tokio::time::{Instant, sleep};

use crate::{
    BatchConfig,
    client::{BatchClient, Named},
    job::{Of, Place, is_of, job_of, names_of},
    objects::{Objects, client},
};

const JOB: &str = "Batch job";
const OBJECTS: &str = "objects in the bucket of the job";
/// How long a job that is told to end may take, and how often it is looked at: until then it may put one more object.
const ENDS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The jobs of a manager in its queue, and their objects in its bucket.
#[derive(Debug)]
pub struct BatchInventory {
    manager: ManagerId,
    prefix: String,
    batch: BatchClient,
    objects: Objects,
    /// The ids of jobs, by their names: results are kept under ids, and Batch forgets jobs after a day.
    ids: Mutex<BTreeMap<String, String>>,
}

impl BatchInventory {
    /// That of the manager that this configuration is for. Nothing is called so far.
    pub async fn open(config: BatchConfig) -> Self {
        let sdk = config.aws.load().await;
        Self::with_clients(&config, SdkBatch::new(&sdk), client(&sdk))
    }

    /// The same with clients that are there already.
    #[must_use]
    pub fn with_clients(config: &BatchConfig, batch: SdkBatch, s3: SdkS3) -> Self {
        let caller = Caller::new(Calls::default());
        Self {
            manager: config.manager.clone(),
            prefix: config.prefix.clone(),
            batch: BatchClient::new(batch, caller.clone(), config),
            objects: Objects::new(s3, caller, config),
            ids: Mutex::default(),
        }
    }

    fn ids(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn jobs(&self) -> Result<Vec<Named>> {
        let mut jobs = self.batch.begin_with(&names_of(&self.manager)).await?;
        jobs.retain(|job| is_of(&self.manager, &job.name));
        self.ids().extend(jobs.iter().map(|job| (job.name.clone(), job.id.clone())));
        Ok(jobs)
    }

    /// The keys of all objects, by the names of their jobs. Results of jobs that nobody knows any more are nobody's.
    async fn keys(&self) -> Result<BTreeMap<String, Vec<String>>> {
        let names = names_of(&self.manager);
        let mut keys = Vec::new();
        for folder in [format!("inputs/{names}"), format!("array/{names}"), "results/".to_owned()] {
            keys.extend(self.objects.begin_with(&format!("{}/{folder}", self.prefix)).await?);
        }
        let by_id: BTreeMap<String, String> = self.ids().iter().map(|(name, id)| (id.clone(), name.clone())).collect();
        let mut of_jobs: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for key in keys {
            let name = match job_of(&self.prefix, &key) {
                Some(Of::Name(name)) => Some(name.to_owned()),
                Some(Of::Id(id)) => by_id.get(id).cloned(),
                None => None,
            };
            if let Some(name) = name.filter(|name| is_of(&self.manager, name)) {
                of_jobs.entry(name).or_default().push(key);
            }
        }
        Ok(of_jobs)
    }

    fn thing(&self, role: Role, what: &'static str, name: &str) -> Thing {
        let (manager, name) = (Some(self.manager.clone()), name.to_owned());
        Thing { role, what, name, manager, launch: None, since: None, is_in_use: false }
    }

    /// The id of a job that is there, whatever became of it.
    async fn id_of(&self, name: &str) -> Result<Option<String>> {
        match self.batch.find(name).await? {
            Some(id) => Ok(Some(id.to_string())),
            None => Ok(self.ids().get(name).cloned()),
        }
    }

    async fn until_ended(&self, id: &str) -> Result<()> {
        let until = Instant::now() + ENDS_WITHIN;
        loop {
            let seen = self.batch.describe(&[id.to_owned()]).await?;
            if seen.first().is_none_or(|job| job.phase.has_ended()) {
                return Ok(());
            }
            if Instant::now() >= until {
                let context = format!("its job {id} has not ended, and may put more of them; do it again later");
                return Err(Error::new(ErrorKind::Failed, "delete objects", context));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn delete_objects(&self, name: &str) -> Result<()> {
        if let Some(id) = self.id_of(name).await? {
            self.until_ended(&id).await?;
            self.ids().insert(name.to_owned(), id);
        }
        let keys = self.keys().await?.remove(name).unwrap_or_default();
        self.objects.delete(keys).await.map_err(|(keys, error)| error.with_advice(&format!("{} stay", keys.len())))
    }
}

#[async_trait]
impl Inventory for BatchInventory {
    fn info(&self) -> InventoryInfo {
        // What is launched are agents, which end with their manager.
        InventoryInfo { repeatable_for: Duration::MAX, list_lag: Duration::ZERO }
    }

    async fn list(&self, record: &OnRecord) -> Result<Listing> {
        let handles = record.tasks.iter().flatten().filter_map(|task| Place::read(task.handle.as_ref()?));
        let mut in_use: BTreeSet<String> = BTreeSet::new();
        for (place, id) in handles {
            in_use.insert(place.name.to_string());
            if let Some(id) = id {
                self.ids().insert(place.name.to_string(), id.to_string());
            }
        }
        let mut listing = Listing::default();
        for job in self.jobs().await?.iter().filter(|job| !job.phase.has_ended()) {
            in_use.insert(job.name.clone());
            listing.things.push(Thing { since: job.at, ..self.thing(Role::Task, JOB, &job.name) });
        }
        match self.keys().await {
            Ok(keys) => listing.things.extend(keys.into_keys().map(|name| {
                let is_in_use = in_use.contains(&name);
                Thing { is_in_use, ..self.thing(Role::Temporary, OBJECTS, &name) }
            })),
            Err(error) if error.kind() == ErrorKind::Denied => {
                listing.failed.push(error.with_advice("allow s3:ListBucket to see what was left there"));
            }
            Err(error) => listing.failed.push(error),
        }
        Ok(listing)
    }

    fn runs(&self, handle: &[u8]) -> Option<String> {
        Place::read(handle).map(|(place, _)| place.name.to_string())
    }

    async fn delete(&self, thing: &Thing) -> Result<()> {
        let name = &thing.name;
        if !is_of(&self.manager, name) {
            let context = format!("{name} is no name of a job of this manager");
            return Err(Error::new(ErrorKind::Denied, "delete what was found", context));
        }
        if thing.role == Role::Temporary {
            return self.delete_objects(name).await;
        }
        let Some(id) = self.batch.find(name).await? else { return Ok(()) };
        self.batch.terminate(&id).await
    }
}
