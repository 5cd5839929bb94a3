//! What children are not to have of our environment.

/// What systemd tells this process alone: a child that has it could report in our name.
pub const FOR_THIS_PROCESS_ALONE: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"];
