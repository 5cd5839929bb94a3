//! `policy replay`: tasks given to workers, operation by operation.

use scaler_wm_core::{Capabilities, TaskId, WorkerId, policy::Allocator};
use serde::{Deserialize, Serialize, Serializer};

use super::lines;

/// One thing to do.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Operation {
    AddWorker {
        worker: String,
        #[serde(default)]
        capabilities: Capabilities,
        queue_size: usize,
    },
    RemoveWorker {
        worker: String,
    },
    Assign {
        task: String,
        #[serde(default)]
        capabilities: Capabilities,
    },
    RemoveTask {
        task: String,
    },
    // With braces: else fields that nobody knows would pass.
    Balance {},
    Loads {},
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Answer {
    Added(bool),
    Worker(Option<WorkerId>),
    Tasks(Vec<TaskId>),
    Advice(Vec<(WorkerId, Vec<TaskId>)>),
    Loads(Vec<(WorkerId, usize)>),
}

/// Does one operation.
pub(super) fn replay(allocator: &mut dyn Allocator, line: &[u8]) -> Result<Answer, String> {
    Ok(match lines::read(line)? {
        Operation::AddWorker { worker, capabilities, queue_size } => {
            Answer::Added(allocator.add_worker(WorkerId::from(&worker), &capabilities, queue_size))
        }
        Operation::RemoveWorker { worker } => Answer::Tasks(allocator.remove_worker(&WorkerId::from(&worker))),
        Operation::Assign { task, capabilities } => {
            Answer::Worker(allocator.assign(TaskId::from(&task), &capabilities))
        }
        Operation::RemoveTask { task } => Answer::Worker(allocator.remove_task(&TaskId::from(&task))),
        Operation::Balance {} => Answer::Advice(allocator.balance()),
        Operation::Loads {} => Answer::Loads(allocator.loads()),
    })
}

/// Ids came as text, and go as text.
impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |task: &TaskId| String::from_utf8_lossy(task.as_bytes()).into_owned();
        let texts = |tasks: &[TaskId]| tasks.iter().map(text).collect::<Vec<_>>();
        match self {
            Self::Added(is_new) => serializer.serialize_bool(*is_new),
            Self::Worker(worker) => worker.as_ref().map(WorkerId::to_string).serialize(serializer),
            Self::Tasks(tasks) => serializer.collect_seq(texts(tasks)),
            Self::Advice(advice) => {
                serializer.collect_map(advice.iter().map(|(worker, tasks)| (worker.to_string(), texts(tasks))))
            }
            Self::Loads(loads) => serializer.collect_map(loads.iter().map(|(worker, load)| (worker.to_string(), load))),
        }
    }
}
