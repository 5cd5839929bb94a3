//! Memory, descriptors and processor time of processes, as the kernel accounts them.

use std::fs;
use std::time::Duration;

/// Memory of one process, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Resident, shared pages counted whole.
    pub resident: u64,
    /// The most that was resident so far.
    pub peak: u64,
    /// Proportional: a page shared by N processes counts for 1/N.
    pub proportional: u64,
}

/// Memory of a process; zero when it has gone.
pub fn memory_of(pid: i32) -> Memory {
    let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    };
    let now = read("smaps_rollup");
    Memory { resident: field(&now, "Rss:"), peak: field(&read("status"), "VmHWM:"), proportional: field(&now, "Pss:") }
}

/// How many files, sockets and the like a process has open; zero when it has gone.
pub fn descriptors_of(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Processor time of a process, all its threads together, to the nanosecond where the kernel keeps it; zero when the
/// process has gone. Clock ticks (10 ms) would be too coarse for a process that is idle.
pub fn cpu_time(pid: i32) -> Duration {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Duration::ZERO };
    let nanoseconds = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    Duration::from_nanos(nanoseconds)
}
