//! Every command line of this machine, for as long as somebody watches.

use std::{
    collections::HashSet,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Often enough for whatever lives long enough to be seen by others.
const EVERY: Duration = Duration::from_millis(50);

/// Watches until its end.
#[derive(Debug)]
pub(crate) struct Watch {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<HashSet<(i32, Vec<u8>)>>,
}

impl Watch {
    pub(crate) fn start() -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let mut seen = HashSet::new();
            while !over.load(Ordering::Relaxed) {
                look(&mut seen);
                thread::sleep(EVERY);
            }
            look(&mut seen);
            seen
        });
        Self { is_over, thread }
    }

    /// Each process, with each command line that it has had.
    pub(crate) fn end(self) -> HashSet<(i32, Vec<u8>)> {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("it only looks")
    }
}

fn look(seen: &mut HashSet<(i32, Vec<u8>)>) {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
        if let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) {
            seen.insert((pid, line));
        }
    }
}
