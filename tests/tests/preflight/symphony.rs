//! Symphony, by the library that simulates it.

use scaler_wm_tests::{Failure, ManagerOptions, Result, Stack, StackOptions, Symphony};

use crate::setup::told;

#[test]
fn library_application_and_user_are_looked_at() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let symphony = Symphony::new(&stack)?;
    let told = |extra: &[&str]| ManagerOptions { backend: symphony.backend(), ..told(extra) };
    let looked = stack.preflight(&told(&[]))?;
    looked.is_good(&["scheduler", "manager id", "library", "application"])?;
    looked.says("session", "skipped", &["when a session is made"])?;

    let missing = ["--soam-library", "/no/such/libscaler_soam.so"];
    let looked = stack.preflight(&told(&missing))?;
    looked.has_failed("library", &["/no/such/libscaler_soam.so", "SOAM_HOME", "--soam-library"])?;
    looked.says("application", "skipped", &["library"])?;
    let foreign = ["--soam-library", "libm.so.6"];
    stack.preflight(&told(&foreign))?.has_failed("library", &["no library of scaler-wm", "--soam-library"])?;
    let unknown = ["--service-name", "Nobodys"];
    stack.preflight(&told(&unknown))?.has_failed("application", &["Nobodys", "--service-name"])?;

    let file = stack.folder().join("password");
    std::fs::write(&file, "not the password\n").map_err(|error| Failure::new("write a password", error))?;
    let file = file.to_string_lossy();
    let looked = stack.preflight(&told(&["--soam-password-file", &file]))?;
    looked.has_failed("user", &["Guest", "--soam-password-file"])?;
    stack.check(!looked.said.contains("not the password"), "no password shown", "it was")?;

    symphony.set_faults("connect-refused=1")?;
    stack.preflight(&told(&[]))?.has_failed("cluster", &["connect", "sourced"])?;

    let sessions = symphony.sessions();
    stack.check(sessions.is_empty(), "no session made", format!("{sessions:?}"))
}
