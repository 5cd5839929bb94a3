//! The executor: tasks in sessions of Symphony.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use scaler_wm_agent::payload::read_result;
use scaler_wm_core::{
    CancelOutcome, Close, Completion, Error, ErrorKind, ExecutorInfo, Result, Submission, TaskEntry, TaskExecutor,
    TaskId, TaskOutcome, Ticket,
};
use tokio::sync::{oneshot, watch};

use crate::{
    SymphonyConfig,
    book::{Book, Run, SessionKey, Withdrawn},
    ended::{Ended, News},
    ffi::{Event, Outcome},
    worker::{Command, Order, Worker},
};

/// How long an end may take: Symphony ends what runs in a session that is destroyed.
const CLOSES_WITHIN: Duration = Duration::from_secs(30);

/// So many outputs are looked up before somebody else may have the book.
const LOOKED_UP_AT_ONCE: usize = 64;

/// Tasks in sessions of IBM Spectrum Symphony.
pub struct SymphonyExecutor {
    info: ExecutorInfo,
    shared: Arc<Shared>,
    worker: Worker,
}

/// What the executor, its thread and the library's threads share. Nobody holds the book across a call.
pub(crate) struct Shared {
    pub(crate) config: SymphonyConfig,
    book: Mutex<Book>,
    /// Tasks to cancel, beside the queue of what the thread is told.
    cancels: Mutex<Vec<Cancels>>,
    /// Counts submits for which somebody has waited.
    moves: watch::Sender<u64>,
    ended: Ended,
    /// Nobody needs the thread any more: it does not wait for an answer of Symphony then.
    is_closing: AtomicBool,
}

impl SymphonyExecutor {
    /// An executor that is connected. Tries until somebody answers.
    ///
    /// Must be called in a tokio runtime; a current-thread one is enough. Calls of the library block, so they have a thread of
    /// their own.
    ///
    /// # Errors
    /// When the library cannot be loaded, or no further try to connect can help.
    pub async fn start(config: SymphonyConfig) -> Result<Self> {
        let shared = Arc::new(Shared {
            config,
            book: Mutex::default(),
            cancels: Mutex::default(),
            moves: watch::Sender::new(0),
            ended: Ended::default(),
            is_closing: AtomicBool::new(false),
        });
        let worker = Worker::start(Arc::clone(&shared)).await?;
        let largest_batch = const { NonZeroUsize::new(1000).expect("not 0") };
        Ok(Self {
            info: ExecutorInfo { name: "symphony", largest_batch, outlives: true, closes_within: CLOSES_WITHIN },
            shared,
            worker,
        })
    }

    /// Gives new tasks to the thread.
    async fn hand_over(&self, orders: Vec<Order>) -> Vec<(TaskId, Result<Ticket>)> {
        if orders.is_empty() {
            return Vec::new();
        }
        let tasks: Vec<TaskId> = orders.iter().map(|order| order.task.clone()).collect();
        let answers = self.worker.ask(|answer| Command::Submit(orders, answer)).await;
        answers.unwrap_or_else(|| tasks.into_iter().map(|task| (task, Err(closed()))).collect())
    }

    /// Ends tasks that are out there, as far as that can be done.
    async fn end(&self, out: Vec<(TaskId, Run)>) -> Vec<(TaskId, Result<CancelOutcome>)> {
        // From now on nobody is told of their ends.
        let (ending, over): (Vec<_>, Vec<_>) = out.into_iter().partition(|(task, _)| self.shared.book().end(task));
        let mut answers: Vec<_> = over.into_iter().map(|(task, _)| (task, Ok(CancelOutcome::NotFound))).collect();
        if ending.is_empty() {
            return answers;
        }
        let tasks: Vec<TaskId> = ending.iter().map(|(task, _)| task.clone()).collect();
        // Whatever the library makes of it: the task is of no use to anybody, and its output is dropped.
        let put = |answer| {
            lock(&self.shared.cancels).push((ending, answer));
            Command::Cancel
        };
        let _ = self.worker.ask(put).await;
        answers.extend(tasks.into_iter().map(|task| (task, Ok(CancelOutcome::Canceled))));
        answers
    }
}

impl fmt::Debug for SymphonyExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SymphonyExecutor").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    pub(crate) fn take_cancels(&self) -> Vec<Cancels> {
        std::mem::take(&mut *lock(&self.cancels))
    }

    /// A task went out, or was refused: the book is changed, and whoever has waited for that looks into it.
    pub(crate) fn end_submit<T>(&self, change: impl FnOnce(&mut Book) -> T) -> T {
        let mut book = self.book();
        let changed = change(&mut book);
        let is_asked = book.end_submit();
        drop(book);
        if is_asked {
            self.moves.send_modify(|moves| *moves += 1);
        }
        changed
    }

    pub(crate) fn tell(&self, task: TaskId, outcome: TaskOutcome) {
        self.ended.tell(News::Ended(Completion { task, outcome }));
    }

    /// What was told so far is in the book, before sessions of it are struck out.
    pub(crate) fn settle(&self) {
        self.ended.settle(|news, completions| self.read(news, completions));
    }

    /// Looks up whose outputs these are. Not on the library's threads, and many at a time: they would contend for the book
    /// with the thread that submits.
    fn read(&self, news: &mut VecDeque<News>, completions: &mut VecDeque<Completion>) {
        let mut heard = Vec::with_capacity(LOOKED_UP_AT_ONCE);
        while !news.is_empty() {
            let mut book = self.book();
            for news in news.drain(..LOOKED_UP_AT_ONCE.min(news.len())) {
                match news {
                    News::Output { session, id, outcome } => heard.extend(book.heard(session, &id, outcome)),
                    News::Ended(completion) => completions.push_back(completion),
                }
            }
            drop(book);
            completions
                .extend(heard.drain(..).map(|(task, outcome)| Completion { task, outcome: outcome_of(outcome) }));
        }
    }

    pub(crate) fn close(&self) {
        self.is_closing.store(true, Relaxed);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Relaxed)
    }

    /// A session speaks, on a thread of the library.
    pub(crate) fn hear(&self, session: SessionKey, event: Event<'_>) -> Option<Error> {
        match event {
            Event::Output { task, outcome } => {
                self.ended.tell(News::Output { session, id: task.into(), outcome });
                None
            }
            Event::Lost(error) => Some(error),
        }
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    // No change here can stop half-way, so what a panicking thread left is whole.
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What came of a task.
pub(crate) fn outcome_of(outcome: Outcome) -> TaskOutcome {
    let failed = |error: Error| TaskOutcome::Failed(error);
    match outcome {
        Ok(bytes) => read_result(&bytes).unwrap_or_else(|error| {
            let context = "the service has answered something else than a result";
            failed(Error::new(ErrorKind::Failed, "run a task", context).with_source(error))
        }),
        Err(said) => failed(Error::new(ErrorKind::Failed, "run a task", format!("Symphony says: {said}"))),
    }
}

/// What a ticket says: the session's id, and the task's.
pub(crate) fn handle(session: &str, task: &str) -> Bytes {
    let mut handle = Vec::with_capacity(session.len() + 1 + task.len());
    handle.extend_from_slice(session.as_bytes());
    handle.push(b'\n');
    handle.extend_from_slice(task.as_bytes());
    Bytes::from(handle)
}

/// What [`handle`] wrote.
pub(crate) fn read_handle(handle: &[u8]) -> Option<(String, Arc<str>)> {
    let (session, task) = std::str::from_utf8(handle).ok()?.split_once('\n')?;
    Some((session.to_owned(), Arc::from(task)))
}

#[async_trait]
impl TaskExecutor for SymphonyExecutor {
    fn info(&self) -> &ExecutorInfo {
        &self.info
    }

    async fn submit(&self, tasks: Vec<Submission>) -> Vec<(TaskId, Result<Ticket>)> {
        let mut orders = Vec::with_capacity(tasks.len());
        let mut known = Vec::new();
        {
            let mut book = self.shared.book();
            for Submission { task, inputs, .. } in tasks {
                match book.enter(&task) {
                    Some(number) => orders.push(Order { number, task, inputs }),
                    None => known.push(task),
                }
            }
        }
        let mut answers = self.hand_over(orders).await;
        for task in known {
            let run = self.shared.book().run(&task).cloned();
            let answer = match run {
                Some(run) => self.worker.ask(|answer| Command::Handle(run, answer)).await,
                None => None,
            };
            let busy = || Error::new(ErrorKind::Transient, "submit a task to Symphony", "it comes or goes just now");
            let ticket = answer.map(|handle| Ticket { task: task.clone(), handle }).ok_or_else(busy);
            answers.push((task, ticket));
        }
        answers
    }

    async fn cancel(&self, tasks: &[TaskId], force: bool) -> Vec<(TaskId, Result<CancelOutcome>)> {
        let mut moves = self.shared.moves.subscribe();
        let (mut answers, mut out, mut going) = (Vec::new(), Vec::new(), Vec::new());
        // Those that wait first, all of them: while we wait for one that goes out, the thread would begin the next.
        for task in tasks {
            let withdrawn = self.shared.book().withdraw(task);
            let outcome = match withdrawn {
                Withdrawn::InTime | Withdrawn::Before => CancelOutcome::Canceled,
                Withdrawn::Over => CancelOutcome::NotFound,
                Withdrawn::Out(_) | Withdrawn::NotYet => {
                    going.push(task);
                    continue;
                }
            };
            answers.push((task.clone(), Ok(outcome)));
        }
        for task in going {
            let outcome = loop {
                let withdrawn = self.shared.book().withdraw(task);
                match withdrawn {
                    Withdrawn::InTime | Withdrawn::Before => break CancelOutcome::Canceled,
                    Withdrawn::Over => break CancelOutcome::NotFound,
                    Withdrawn::Out(run) if force => {
                        out.push((task.clone(), run));
                        break CancelOutcome::Canceled;
                    }
                    // Nobody tells whether it runs: as if it did.
                    Withdrawn::Out(_) => break CancelOutcome::Running,
                    // The sender is ours: it is there as long as we are.
                    Withdrawn::NotYet => drop(moves.changed().await),
                }
            };
            if out.last().is_none_or(|(last, _)| last != task) {
                answers.push((task.clone(), Ok(outcome)));
            }
        }
        answers.extend(self.end(out).await);
        answers
    }

    fn place(&self) -> String {
        format!("application {}", self.shared.config.application)
    }

    async fn next(&self) -> Completion {
        self.shared.ended.next(|news, completions| self.shared.read(news, completions)).await
    }

    async fn recover(&self, known: Vec<TaskEntry>) -> Result<Vec<Ticket>> {
        let mut sessions: BTreeMap<String, Vec<(TaskId, Arc<str>)>> = BTreeMap::new();
        for TaskEntry { task, handle } in known {
            // Without a handle nobody knows its id out there: it is run again.
            if let Some((session, id)) = handle.and_then(|handle| read_handle(&handle)) {
                sessions.entry(session).or_default().push((task, id));
            }
        }
        match self.worker.ask(|answer| Command::Recover(sessions, answer)).await {
            Some(answer) => answer,
            None => Err(closed()),
        }
    }

    async fn close(&self, how: Close) -> Result<()> {
        self.shared.book().withdraw_queued();
        self.shared.close();
        self.worker.ask(|answer| Command::Close(how == Close::Cancel, answer)).await.unwrap_or(Ok(()))
    }
}

pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Failed, "reach Symphony", "the executor has closed")
}

/// An answer of the thread.
pub(crate) type Reply<T> = oneshot::Sender<T>;

/// Tasks to cancel, and who waits until that is done.
pub(crate) type Cancels = (Vec<(TaskId, Run)>, Reply<()>);
