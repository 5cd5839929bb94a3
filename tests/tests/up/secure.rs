//! A stack whose parts listen with TLS.

use scaler_wm_tests::{Failure, Good, LATEST, Result, UpStack, self_signed};

#[test]
fn parts_that_listen_with_tls_come_up_and_stay_up() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let shown = self_signed(stack.folder(), "shown", &["127.0.0.1"], Good::Now, true);
    let shown = shown.map_err(|error| Failure::new("make a certificate", error))?;
    let (certificate, key) = (shown.file.display(), shown.key.display());
    let manager = stack.manager_section("m", 2, &format!("tls_ca = \"{certificate}\"\n"));
    let shows = format!("tls_cert = \"{certificate}\"\ntls_key = \"{key}\"\n");
    let toml = stack
        .core_and(&manager)
        .replace("tcp://", "tls://")
        .replace("[scheduler]\n", &format!("[scheduler]\n{shows}"))
        .replace("[object_storage_server]\n", &format!("[object_storage_server]\n{shows}"));
    let mut up = stack.all_up(&toml, &[])?;
    let (scheduler, storage) = (stack.ports().scheduler, stack.ports().storage);
    for words in
        [["scheduler", &format!("tls://127.0.0.1:{scheduler}")], ["storage", &format!("tls://127.0.0.1:{storage}")]]
    {
        stack.check(up.says(&words), "each part with its address", format!("{words:?} is not there"))?;
    }
    up.terminate();
    stack.until_ended(&mut up, 0, 30.0)
}
