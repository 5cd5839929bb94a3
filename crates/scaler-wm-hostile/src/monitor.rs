//! A monitor that says anything at all: links and policies go on, and what they learn makes sense.

use scaler_wm_core::{Limit, ManagerId, policy::Policy};
use scaler_wm_wire::{Message, Version, link, policy};

/// Policies that look at different things.
const POLICIES: [(&str, &str); 5] = [
    ("simple", "allocate=even_load; scaling=vanilla"),
    ("simple", "allocate=capability; scaling=capability"),
    ("simple", "allocate=even_load; scaling=target_wait; target_seconds=10"),
    ("waterfall_v1", "1,ours,5\n2,theirs,9"),
    ("waterfall_v2", "1,ours,5,0.5\n2,theirs,100,0.20\nbudget_per_hour,5\nbudget_per_day,50"),
];
/// What the manager of this process can bring.
const MOST: u32 = 7;

/// The first byte chooses the policy and the version of the wire; then come messages, each behind two bytes with its length.
pub fn monitor(bytes: &[u8]) {
    let Some((how, said)) = bytes.split_first() else { return };
    let version = if how & 0x80 == 0 { Version::V1 } else { Version::V2 };
    let (engine_type, content) = POLICIES[usize::from(how & 0x7f) % POLICIES.len()];
    let engine = Policy::new(engine_type, content).expect("these are policies");
    let messages = messages(said, version);
    link::fuzz::hear(&messages, |load| {
        // Sums of what one worker has: it would panic if they did not fit.
        assert!(load.workers.values().all(|worker| worker.tasks() >= worker.running));
    });
    policy::fuzz::hear(&engine, &ManagerId::from("ours"), Limit::AtMost(MOST), messages, |decision| {
        assert!(!decision.because.to_string().is_empty());
        assert!(decision.requests().unwrap_or_default().iter().all(|part| part.task_concurrency <= MOST));
    });
}

fn messages(mut said: &[u8], version: Version) -> Vec<Message> {
    let mut messages = Vec::new();
    while let Some((length, rest)) = said.split_first_chunk() {
        let (frame, rest) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes(*length))));
        messages.extend(Message::decode(frame, version));
        said = rest;
    }
    messages
}
