//! Runs of clients that several kinds of workers are put to.

use crate::{Client, Failure, Result, Script, Stack};

/// What a released client sometimes says when a task starts one: it has not reached its own thread. (2.9.0, and none of
/// whoever runs the task.)
const CLIENT_FAILED: &str = "ConnectorSocketClosedByRemoteEnd";

impl Stack {
    /// A client whose tasks all run, and are held.
    ///
    /// # Errors
    /// When they do not start within a minute.
    pub fn held(&self, tasks: u32) -> Result<Client> {
        let client = self.client(&Script::Held { tasks })?;
        self.until("all tasks to run", 60.0, || (client.starts().distinct() == tasks as usize).then_some(()))?;
        Ok(client)
    }

    /// Releases held tasks; each must have a right result and have started once.
    ///
    /// # Errors
    /// When it is not so, or they have not ended after so many seconds.
    pub fn finish_held(&self, mut client: Client, seconds: f64) -> Result<()> {
        client.release(0)?;
        let finished = client.finish(seconds).map_err(|failure| self.explain(failure))?;
        self.check(finished.right, "right results", format!("{finished:?}"))?;
        let repeated = client.starts().repeated();
        self.check(repeated.is_empty(), "each task started once", format!("{repeated:?}"))
    }

    /// What becomes of tasks of every kind, and the processes in which they left marks; asked again where a client that a
    /// task had started failed by itself.
    ///
    /// # Errors
    /// When a client does not end within so many seconds, or clients fail again and again.
    pub fn outcomes(&self, slots: u32, seconds: f64) -> Result<(Vec<String>, Vec<i32>)> {
        for _ in 0..5 {
            let mut client = self.client(&Script::Outcomes { slots })?;
            client.finish(seconds).map_err(|failure| self.explain(failure))?;
            let outcomes = client.outcomes();
            match outcomes.iter().find(|outcome| outcome.contains(CLIENT_FAILED)) {
                None => return Ok((outcomes, client.marks())),
                Some(outcome) => println!("once more, as a client failed: {outcome}"),
            }
        }
        Err(self.explain(Failure::new("see clients that start", "each of 5 runs had one that failed")))
    }

    /// Whether tasks of every kind come out as on those other workers.
    ///
    /// # Errors
    /// When one does not.
    pub fn check_same(&self, ours: &[String], others: &[String]) -> Result<()> {
        for (ours, other) in ours.iter().zip(others) {
            self.check(ours == other, "the same outcome", format!("here: {ours}\nthere: {other}"))?;
        }
        self.check(ours.len() == others.len(), "as many cases", format!("{ours:#?}\n{others:#?}"))
    }
}
