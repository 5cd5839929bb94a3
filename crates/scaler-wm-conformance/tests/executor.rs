//! The suite over the executor in memory, with and without faults, and proof that it can fail.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_conformance::{ExecutorFixture, MemoryCluster, MemoryExecutor, NextSubmit, Work, executor_suite, raised};
use scaler_wm_core::{
    CancelOutcome, Close, Completion, ExecutorInfo, Result, Submission, TaskEntry, TaskExecutor, TaskId, TaskOutcome,
    Ticket,
};

/// The executor in memory, as it is or with a flaw.
struct Memory(MemoryCluster, Option<Flaw>);

#[async_trait]
impl ExecutorFixture for Memory {
    async fn executor(&self) -> Arc<dyn TaskExecutor> {
        let executor = MemoryExecutor::new(&self.0);
        match self.1 {
            None => Arc::new(executor),
            Some(flaw) => Arc::new(Flawed { executor, flaw, again: Mutex::default() }),
        }
    }

    fn submission(&self, task: TaskId, work: &Work) -> Submission {
        work.submission(task)
    }

    fn has_begun(&self, task: &TaskId) -> Option<bool> {
        Some(self.0.begun().contains(task))
    }

    fn is_raised(&self, answer: &[u8], text: &str) -> bool {
        *answer == raised(text)
    }
}

#[tokio::test(start_paused = true)]
async fn the_suite() {
    executor_suite(&Memory(MemoryCluster::new(), None)).await;
}

#[tokio::test(start_paused = true)]
async fn the_suite_with_slow_answers_and_a_queue() {
    let cluster = MemoryCluster::new();
    cluster.delay_submits(Duration::from_millis(300));
    cluster.set_slots(2);
    executor_suite(&Memory(cluster, None)).await;
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

#[derive(Clone, Copy)]
enum Flaw {
    ForgetsAnswers,
    TellsTwice,
    KillsWithoutForce,
    CancelsInVain,
    FindsNothing,
    ClosesNothing,
    LosesCompletions,
    MixesResultsUp,
    DeniesWhatItIsGiven,
}

/// An executor with a flaw.
struct Flawed {
    executor: MemoryExecutor,
    flaw: Flaw,
    again: Mutex<Option<Completion>>,
}

#[async_trait]
impl TaskExecutor for Flawed {
    fn info(&self) -> &ExecutorInfo {
        self.executor.info()
    }

    async fn submit(&self, tasks: Vec<Submission>) -> Vec<(TaskId, Result<Ticket>)> {
        let mut answers = self.executor.submit(tasks).await;
        if matches!(self.flaw, Flaw::ForgetsAnswers) {
            answers.truncate(1);
        }
        answers
    }

    async fn cancel(&self, tasks: &[TaskId], force: bool) -> Vec<(TaskId, Result<CancelOutcome>)> {
        let canceled = |task: &TaskId| (task.clone(), Ok(CancelOutcome::Canceled));
        match self.flaw {
            Flaw::KillsWithoutForce => self.executor.cancel(tasks, true).await,
            Flaw::CancelsInVain => tasks.iter().map(canceled).collect(),
            Flaw::DeniesWhatItIsGiven if force => {
                tasks.iter().map(|task| (task.clone(), Ok(CancelOutcome::NotFound))).collect()
            }
            _ => self.executor.cancel(tasks, force).await,
        }
    }

    async fn next(&self) -> Completion {
        if let Some(again) = self.again.lock().expect("no test panics with it").take() {
            return again;
        }
        let mut completion = self.executor.next().await;
        match self.flaw {
            Flaw::TellsTwice => {
                let outcome = TaskOutcome::Returned(Bytes::new());
                let again = Completion { task: completion.task.clone(), outcome };
                *self.again.lock().expect("no test panics with it") = Some(again);
            }
            // It is taken, and then something is awaited.
            Flaw::LosesCompletions => tokio::time::sleep(Duration::from_millis(10)).await,
            Flaw::MixesResultsUp => completion.outcome = TaskOutcome::Returned("mine".into()),
            _ => {}
        }
        completion
    }

    async fn recover(&self, known: Vec<TaskEntry>) -> Result<Vec<Ticket>> {
        match self.flaw {
            Flaw::FindsNothing => Ok(Vec::new()),
            _ => self.executor.recover(known).await,
        }
    }

    async fn close(&self, how: Close) -> Result<()> {
        match self.flaw {
            Flaw::ClosesNothing => Ok(()),
            _ => self.executor.close(how).await,
        }
    }
}

/// Runs the suite over an executor with a flaw, in a task of its own, and returns what it panics with.
async fn failure(flaw: Flaw) -> String {
    let suite = async move { executor_suite(&Memory(MemoryCluster::new(), Some(flaw))).await };
    let panicked = tokio::spawn(suite).await.expect_err("the flaw was not seen").into_panic();
    panicked.downcast_ref::<String>().cloned().unwrap_or_default()
}

macro_rules! sees {
    ($($test:ident: $flaw:ident by $check:literal;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $test() {
            let message = failure(Flaw::$flaw).await;
            assert!(message.starts_with(concat!($check, ": ")), "{message}");
        }
    )*};
}

sees! {
    missing_answers_are_seen: ForgetsAnswers by "each_task_of_a_batch_comes_back_with_its_own";
    wrong_results_are_seen: MixesResultsUp by "each_task_of_a_batch_comes_back_with_its_own";
    ends_that_are_told_twice_are_seen: TellsTwice by "each_task_of_a_batch_comes_back_with_its_own";
    cancels_that_hurt_are_seen: KillsWithoutForce by "a_cancel_ends_a_task_that_runs_only_by_force";
    empty_promises_are_seen: CancelsInVain by "a_cancel_ends_a_task_that_runs_only_by_force";
    denials_are_seen: DeniesWhatItIsGiven by "a_cancel_ends_a_task_that_runs_only_by_force";
    lost_completions_are_seen: LosesCompletions by "no_completion_is_lost_between_two_questions";
    what_a_close_leaves_is_seen: ClosesNothing by "a_close_ends_what_runs";
    what_is_not_found_again_is_seen: FindsNothing by "what_was_kept_is_recovered";
}
