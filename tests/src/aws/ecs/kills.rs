//! Kills of managers of ECS.

use super::emulator::Emulator;
use super::task::{Desired, Task};
use crate::Result;
use crate::aws::killable::{Killable, LAUNCH};
use crate::aws::proxy::ApiCall;

impl Killable for Emulator {
    const LAUNCHES: &'static str = "RunTask";
    const STOPS: &'static str = "StopTask";
    const LOOKS: &'static str = "ListTasks";
    const ONE_WORKER: [&'static str; 2] = ["--ecs-task-cpu", "1"];

    fn ever(&self) -> Result<Vec<Task>> {
        let mut tasks = self.tasks(Desired::Running)?;
        tasks.extend(self.tasks(Desired::Stopped)?);
        Ok(tasks)
    }

    fn is_of(task: &Task, manager: &str) -> bool {
        task.started_by.starts_with(&format!("scaler-wm/{manager}/"))
    }

    fn launch_of(task: &Task) -> Option<String> {
        task.tags.get(LAUNCH).cloned()
    }

    fn launch_in(call: &ApiCall) -> Option<(String, usize)> {
        let tags = call.body["tags"].as_array()?;
        let launch = tags.iter().find(|tag| tag["key"] == LAUNCH)?["value"].as_str()?;
        let count = call.body["count"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
        Some((launch.to_owned(), count))
    }

    fn temporary(&self) -> Result<Option<usize>> {
        // Cluster, definition and role stay.
        Ok(None)
    }
}
