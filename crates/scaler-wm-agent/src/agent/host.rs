//! What this process uses, and what its machine has.

use std::fs;

use procfs::{Current, Meminfo, process::Process};
use scaler_wm_wire::message::Resource;
use tokio::time::Instant;

/// Where control groups say how much memory there may be, and how much is used: version 2, then 1.
const LIMITS: [(&str, &str); 2] = [
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
];
/// Beyond this a limit of version 1 is none.
const NO_LIMIT: u64 = 1 << 62;

/// Memory and network of the machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Host {
    pub(super) mem_limit: u64,
    pub(super) mem_free: u64,
    pub(super) net_sent: u64,
    pub(super) net_received: u64,
}

impl Host {
    /// As it is now; zero where the system does not say.
    pub(super) fn now() -> Self {
        let (mem_limit, mem_free) = control_group().or_else(machine).unwrap_or_default();
        let network = procfs::net::dev_status().unwrap_or_default();
        Self {
            mem_limit,
            mem_free,
            net_sent: network.values().map(|device| device.sent_bytes).sum(),
            net_received: network.values().map(|device| device.recv_bytes).sum(),
        }
    }
}

fn control_group() -> Option<(u64, u64)> {
    let number = |path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let limits = LIMITS.iter().filter_map(|(limit, used)| Some((number(limit)?, number(used)?)));
    limits.filter(|(limit, _)| *limit < NO_LIMIT).map(|(limit, used)| (limit, limit.saturating_sub(used))).next()
}

fn machine() -> Option<(u64, u64)> {
    let memory = Meminfo::current().ok()?;
    Some((memory.mem_total, memory.mem_available.unwrap_or(memory.mem_free)))
}

/// The name of the machine.
pub(super) fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Measures what this process uses, from one look to the next.
#[derive(Debug)]
pub(super) struct Usage {
    at: Instant,
    ticks: u64,
}

impl Usage {
    pub(super) fn new() -> Self {
        Self { at: Instant::now(), ticks: ticks().unwrap_or_default() }
    }

    /// Processor time since the last look, as a share of one processor, and memory.
    pub(super) fn look(&mut self) -> Resource {
        let (now, ticks) = (Instant::now(), ticks().unwrap_or(self.ticks));
        let passed = now.duration_since(self.at).as_secs_f64();
        let used = ticks.saturating_sub(self.ticks) as f64 / procfs::ticks_per_second() as f64;
        (self.at, self.ticks) = (now, ticks);
        // In tenths of a percent; the cast saturates.
        #[expect(clippy::cast_possible_truncation, reason = "it saturates, and nobody has 65 processors in one agent")]
        let cpu = if passed > 0.0 { (used / passed * 1000.0) as u16 } else { 0 };
        let pages = Process::myself().and_then(|process| process.statm()).map_or(0, |statm| statm.resident);
        Resource { cpu, rss: pages.saturating_mul(rustix::param::page_size() as u64) }
    }
}

fn ticks() -> Option<u64> {
    let stat = Process::myself().and_then(|process| process.stat()).ok()?;
    Some(stat.utime.saturating_add(stat.stime))
}
