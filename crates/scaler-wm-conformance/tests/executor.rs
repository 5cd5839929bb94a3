//! The executor in memory does what every executor has to, with and without faults.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use scaler_wm_conformance::{ExecutorFixture, MemoryCluster, MemoryExecutor, NextSubmit, Work, executor_suite, raised};
use scaler_wm_core::{Submission, TaskExecutor, TaskId, TaskOutcome};

struct Memory(MemoryCluster);

#[async_trait]
impl ExecutorFixture for Memory {
    async fn executor(&self) -> Arc<dyn TaskExecutor> {
        Arc::new(MemoryExecutor::new(&self.0))
    }

    fn submission(&self, task: TaskId, work: &Work) -> Submission {
        work.submission(task)
    }

    fn is_raised(&self, answer: &[u8], text: &str) -> bool {
        *answer == raised(text)
    }
}

#[tokio::test(start_paused = true)]
async fn the_suite() {
    executor_suite(&Memory(MemoryCluster::new())).await;
}

#[tokio::test(start_paused = true)]
async fn the_suite_with_slow_answers_and_a_queue() {
    let cluster = MemoryCluster::new();
    cluster.delay_submits(Duration::from_millis(300));
    cluster.set_slots(2);
    executor_suite(&Memory(cluster)).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_no_second_task() {
    let cluster = MemoryCluster::new();
    cluster.script([NextSubmit::LosesReply, NextSubmit::Works]);
    let executor = MemoryExecutor::new(&cluster);
    let task = TaskId::from("task");
    let submission = Work::Returns("it".into()).submission(task.clone());
    assert!(executor.submit(vec![submission.clone()]).await[0].1.is_err());
    assert!(executor.submit(vec![submission]).await[0].1.is_ok());
    assert!(matches!(executor.next().await.outcome, TaskOutcome::Returned(_)));
    assert_eq!(cluster.begun(), [task]);
}
