//! One agent and all around it.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use bytes::Bytes;
use scaler_wm_agent::{AgentConfig, AgentProvider};
use scaler_wm_conformance::{MemoryCluster, MemoryExecutor, Work};
use scaler_wm_core::{ManagerId, Provider, Stop, StopAnswer, TaskId, Tier, Timestamp, Unit, UnitId, UnitState};
use scaler_wm_journal::MemoryJournal;
use scaler_wm_wire::{
    Message, Version,
    message::{
        self, Argument, ArgumentKind, CancelOutcome, ClientId, ObjectId, ResultOutcome, Task, TaskCancel,
        TaskCancelConfirm, TaskResult,
    },
};

use crate::{
    scheduler::{PATIENCE, Scheduler},
    storage::Storage,
};

/// So short that tests do not wait for it.
pub(crate) const INTERVAL: Duration = Duration::from_millis(50);
/// Long enough for what must not happen to have happened.
pub(crate) const A_WHILE: Duration = Duration::from_millis(300);

pub(crate) fn client() -> ClientId {
    ClientId::from(&b"Client|0123456789abcdef"[..])
}

pub(crate) fn task(name: &str) -> TaskId {
    TaskId::from(name)
}

/// An object of the client with this name.
pub(crate) fn object(name: &str) -> ObjectId {
    let mut tag = [0; 16];
    tag[..name.len()].copy_from_slice(name.as_bytes());
    ObjectId::of(&client(), tag)
}

/// One provider of agents, and all around it.
pub(crate) struct World {
    pub(crate) scheduler: Scheduler,
    pub(crate) storage: Storage,
    pub(crate) cluster: MemoryCluster,
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) config: AgentConfig,
    pub(crate) provider: AgentProvider<MemoryExecutor>,
}

impl World {
    /// A scheduler of this version, and no agent so far.
    pub(crate) async fn new(version: Version, change: impl FnOnce(&mut AgentConfig)) -> Self {
        let storage = Storage::start().await;
        let scheduler = Scheduler::start(version, storage.address()).await;
        let mut config = AgentConfig {
            heartbeat_interval: INTERVAL,
            concurrency: NonZeroU32::new(2).expect("not 0"),
            queue_size: NonZeroU32::new(7).expect("not 0"),
            ..AgentConfig::new(scheduler.address(), ManagerId::from("manager"))
        };
        change(&mut config);
        let (cluster, journal) = (MemoryCluster::new(), Arc::new(MemoryJournal::new()));
        let provider = start(&config, &cluster, &journal).await;
        Self { scheduler, storage, cluster, journal, config, provider }
    }

    /// The same with one agent, which is connected.
    pub(crate) async fn with_agent(version: Version, change: impl FnOnce(&mut AgentConfig)) -> Self {
        let mut world = Self::new(version, change).await;
        world.launch().await;
        world.scheduler.until("a heartbeat", |scheduler| !scheduler.heartbeats.is_empty()).await;
        world
    }

    /// Ends the provider as a crash does, and starts another one over the same journal and cluster.
    pub(crate) async fn restart(&mut self) {
        let fresh = start(&self.config, &self.cluster, &self.journal).await;
        drop(std::mem::replace(&mut self.provider, fresh));
    }

    pub(crate) async fn launch(&self) -> UnitId {
        let launch = self
            .provider
            .prepare(NonZeroU32::MIN, &Tier::default(), Timestamp::default())
            .expect("a launch can be prepared");
        let launched = self.provider.launch(&launch).await.expect("an agent starts");
        launched.units[0].id.clone()
    }

    pub(crate) async fn units(&self) -> Vec<Arc<Unit>> {
        self.provider.observe(&[]).await.expect("it always knows").units
    }

    /// The only unit once it is gone.
    pub(crate) async fn gone(&mut self) -> Arc<Unit> {
        let mut changed = self.provider.changed();
        tokio::time::timeout(PATIENCE, async {
            loop {
                let gone = |unit: &Arc<Unit>| matches!(unit.state, UnitState::Gone(_));
                if let Some(unit) = self.units().await.into_iter().find(gone) {
                    return unit;
                }
                tokio::select! {
                    changed = changed.changed() => changed.expect("the provider is there"),
                    // It goes on answering meanwhile.
                    () = self.scheduler.happens() => {}
                }
            }
        })
        .await
        .expect("a unit that goes")
    }

    pub(crate) async fn stop(&self, how: Stop) -> StopAnswer {
        let unit = self.units().await[0].id.clone();
        let mut answers = self.provider.stop(&[unit], how).await;
        answers.remove(0).1.expect("an answer")
    }

    /// Keeps what a task needs, and gives it to the agent.
    pub(crate) async fn submit(&self, name: &str, work: &Work) {
        self.keep(name, work);
        self.submit_as_kept(name, 0).await;
    }

    /// Keeps what a task needs.
    pub(crate) fn keep(&self, name: &str, work: &Work) {
        let inputs = work.inputs();
        self.storage.put(&ObjectId::of_serializer(&client()), &inputs.serializer);
        self.storage.put(&object(&format!("f {name}")), &inputs.function);
        self.storage.put(&object(&format!("a {name}")), &inputs.arguments[0]);
    }

    /// Gives a task to the agent whatever is kept for it.
    pub(crate) async fn submit_as_kept(&self, name: &str, priority: i32) {
        let [a, b, c, d] = priority.to_be_bytes();
        let argument = object(&format!("a {name}")).0;
        self.scheduler
            .send(&Message::Task(Task {
                id: message::TaskId::from(name.as_bytes()),
                source: client(),
                metadata: Bytes::copy_from_slice(&[1, a, b, c, d, 0]),
                function: object(&format!("f {name}")),
                arguments: vec![Argument { kind: ArgumentKind::Object, data: argument }],
                capabilities: Vec::new(),
            }))
            .await;
    }

    pub(crate) async fn cancel(&mut self, name: &str, force: bool) -> CancelOutcome {
        self.ask_cancel(name, force).await;
        self.confirmed(name).await
    }

    pub(crate) async fn ask_cancel(&self, name: &str, force: bool) {
        let id = message::TaskId::from(name.as_bytes());
        self.scheduler.send(&Message::TaskCancel(TaskCancel { id, force })).await;
    }

    pub(crate) async fn confirmed(&mut self, name: &str) -> CancelOutcome {
        match self.scheduler.told().await {
            Message::TaskCancelConfirm(TaskCancelConfirm { id, outcome }) if id.as_bytes() == name.as_bytes() => {
                outcome
            }
            other => panic!("a confirmation for {name} and not {other:?}"),
        }
    }

    /// The result of a task, which is the next thing that the scheduler is told.
    pub(crate) async fn result(&mut self, name: &str) -> (ResultOutcome, Bytes) {
        let Message::ObjectInstruction(created) = self.scheduler.told().await else { panic!("the object first") };
        let Message::TaskResult(TaskResult { id, outcome, results, .. }) = self.scheduler.told().await else {
            panic!("the result of {name}")
        };
        assert_eq!(id.as_bytes(), name.as_bytes(), "the result of {name}");
        assert_eq!((created.user, &created.objects.ids), (client(), &results));
        (outcome, self.storage.object(&results[0]).expect("it is kept before it is told"))
    }

    /// Waits until so many tasks run out there.
    pub(crate) async fn running(&mut self, names: &[&str]) {
        let cluster = self.cluster.clone();
        let wanted: Vec<TaskId> = names.iter().map(|name| task(name)).collect();
        self.scheduler.until("tasks to run", |_| cluster.running() == wanted).await;
    }
}

pub(crate) async fn start(
    config: &AgentConfig,
    cluster: &MemoryCluster,
    journal: &Arc<MemoryJournal>,
) -> AgentProvider<MemoryExecutor> {
    let executor = MemoryExecutor::new(cluster);
    let journal = Arc::clone(journal);
    AgentProvider::start(config.clone(), executor, journal).await.expect("nothing keeps it from starting")
}

pub(crate) fn short(bytes: &'static str) -> Work {
    Work::Returns(Bytes::from_static(bytes.as_bytes()))
}

pub(crate) fn long() -> Work {
    Work::Takes(Duration::from_secs(3600), Bytes::from_static(b"late"))
}
