//! Faults on demand: `name=value, ...` from the environment, or from a file that may change at any time.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::failure::{Failure, Result};

/// What can be made to go wrong. The README explains each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    ConnectRefused,
    AbiMismatch,
    SessionAborted,
    SessionGone,
    InstanceKilled,
    TaskRetries,
    OutputTwice,
    OutputEarly,
    SlowCallbacks,
    SubmitBlocks,
    SubmitRefused,
    CancelUnsupported,
}

const NAMES: [(&str, Fault); 12] = [
    ("connect-refused", Fault::ConnectRefused),
    ("abi-mismatch", Fault::AbiMismatch),
    ("session-aborted", Fault::SessionAborted),
    ("session-gone", Fault::SessionGone),
    ("instance-killed", Fault::InstanceKilled),
    ("task-retries", Fault::TaskRetries),
    ("output-twice", Fault::OutputTwice),
    ("output-early", Fault::OutputEarly),
    ("slow-callbacks", Fault::SlowCallbacks),
    ("submit-blocks", Fault::SubmitBlocks),
    ("submit-refused", Fault::SubmitRefused),
    ("cancel-unsupported", Fault::CancelUnsupported),
];

/// How long a wait goes without a look at the file.
const SLICE: Duration = Duration::from_millis(10);
/// How often Symphony tries a task again by default.
const TASK_RETRIES: u64 = 3;

type Values = [u64; NAMES.len()];

/// What of the file was seen last: it is read again when this changes.
type Stamp = (SystemTime, u64, u64);

/// The faults of this process. Counts begin anew whenever the file changes.
pub(crate) struct Faults {
    file: Option<PathBuf>,
    /// What counts while there is no file.
    given: Values,
    seen: Mutex<Option<Stamp>>,
    values: [AtomicU64; NAMES.len()],
    counts: [AtomicU64; NAMES.len()],
}

impl Faults {
    pub(crate) fn new(given: &str, file: Option<PathBuf>) -> Result<Self> {
        let given = parse(given).map_err(Failure::invalid)?;
        let values = given.map(AtomicU64::new);
        let faults = Self { file, given, seen: Mutex::default(), values, counts: Default::default() };
        faults.refresh();
        Ok(faults)
    }

    /// Looks whether the file has changed.
    pub(crate) fn refresh(&self) {
        use std::os::unix::fs::MetadataExt;

        let Some(file) = &self.file else { return };
        let stamp = fs::metadata(file).ok().and_then(|it| Some((it.modified().ok()?, it.len(), it.ino())));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == stamp {
            return;
        }
        *seen = stamp;
        let text = stamp.map(|_| fs::read_to_string(file).unwrap_or_default());
        match text.as_deref().map_or(Ok(self.given), parse) {
            Ok(values) => self.set(values),
            // A simulator has no other way to tell whoever wrote the file.
            Err(problem) => eprintln!("scaler-soam-sim: {}: {problem}", file.display()),
        }
    }

    fn set(&self, values: Values) {
        for (index, value) in values.into_iter().enumerate() {
            self.counts[index].store(0, Relaxed);
            self.values[index].store(value, Relaxed);
        }
    }

    fn value(&self, fault: Fault) -> u64 {
        self.values[fault as usize].load(Relaxed)
    }

    pub(crate) fn is_on(&self, fault: Fault) -> bool {
        self.value(fault) != 0
    }

    fn delay(&self, fault: Fault) -> Duration {
        Duration::from_millis(self.value(fault))
    }

    /// Waits as long as the fault says at each moment, and somebody needs it: whoever made us wait can let us go on.
    pub(crate) fn dawdle(&self, fault: Fault, is_needed: impl Fn() -> bool) {
        let begin = Instant::now();
        while is_needed() {
            self.refresh();
            let left = self.delay(fault).saturating_sub(begin.elapsed());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(SLICE));
        }
    }

    pub(crate) fn task_retries(&self) -> u64 {
        self.value(Fault::TaskRetries)
    }

    /// Whether this is one of the first so many times.
    pub(crate) fn takes(&self, fault: Fault) -> bool {
        let value = &self.values[fault as usize];
        value.load(Relaxed) != 0 && value.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// Whether this is a time that the value divides.
    pub(crate) fn every(&self, fault: Fault) -> bool {
        match self.value(fault) {
            0 => false,
            value => (self.counts[fault as usize].fetch_add(1, Relaxed) + 1).is_multiple_of(value),
        }
    }

    /// Whether the session is aborted instead of this output.
    pub(crate) fn aborts(&self) -> bool {
        let value = &self.values[Fault::SessionAborted as usize];
        if value.load(Relaxed) == 0 {
            return false;
        }
        value.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) == Ok(1)
    }
}

fn parse(text: &str) -> std::result::Result<Values, String> {
    let mut values = Values::default();
    values[Fault::TaskRetries as usize] = TASK_RETRIES;
    for entry in text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty()) {
        let (name, value) = entry.split_once('=').unwrap_or((entry, "1"));
        let fault = NAMES.iter().find(|(known, _)| *known == name.trim()).map(|(_, fault)| *fault);
        let Some(fault) = fault else {
            let known = NAMES.map(|(known, _)| known).join(", ");
            return Err(format!("no fault is called `{}`; there are {known}", name.trim()));
        };
        let value: u64 = value.trim().parse().map_err(|_| format!("`{entry}` needs a whole number"))?;
        // 0 is off, and also: before the first output.
        values[fault as usize] = if fault == Fault::SessionAborted { value.saturating_add(1) } else { value };
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_the_enum() {
        for (index, (name, fault)) in NAMES.into_iter().enumerate() {
            assert_eq!(fault as usize, index, "{name}");
        }
    }

    #[test]
    fn counted_faults_end_and_periodic_ones_do_not() {
        let faults = Faults::new("connect-refused=2, output-twice=3, session-aborted=1", None).unwrap();
        assert_eq!([(); 4].map(|()| faults.takes(Fault::ConnectRefused)), [true, true, false, false]);
        assert_eq!([(); 6].map(|()| faults.every(Fault::OutputTwice)), [false, false, true, false, false, true]);
        assert_eq!([(); 4].map(|()| faults.aborts()), [false, true, false, false]);
        assert_eq!(faults.task_retries(), 3);
    }

    #[test]
    fn a_wrong_name_is_told_with_the_right_ones() {
        let problem = Faults::new("conect-refused=2", None).err().unwrap();
        assert!(problem.message.contains("conect-refused") && problem.message.contains("connect-refused"));
    }

    #[test]
    fn the_file_replaces_what_was_given_as_long_as_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("faults");
        let faults = Faults::new("slow-callbacks=5", Some(file.clone())).unwrap();
        assert_eq!(faults.delay(Fault::SlowCallbacks).as_millis(), 5);
        fs::write(&file, "submit-blocks=7\nsession-gone").unwrap();
        faults.refresh();
        assert_eq!(faults.delay(Fault::SlowCallbacks).as_millis(), 0);
        assert_eq!(faults.delay(Fault::SubmitBlocks).as_millis(), 7);
        assert!(faults.is_on(Fault::SessionGone));
        fs::remove_file(&file).unwrap();
        faults.refresh();
        assert_eq!(faults.delay(Fault::SlowCallbacks).as_millis(), 5);
    }
}
