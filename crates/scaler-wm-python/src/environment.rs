//! What children are not to have of our environment.

/// What systemd tells this process alone: a child that has it could report in our name. And the secrets of managers that no
/// child of theirs needs: what tasks do with their environment, print it say, is nobody's to know.
pub const FOR_THIS_PROCESS_ALONE: [&str; 5] =
    ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "ORB_TOKEN", "SCALER_WM_SYMPHONY_PASSWORD"];
