//! Several managers of one file.

use scaler_wm_tests::{LATEST, Ports, Result, UpStack};

use crate::ctl;

#[test]
fn managers_of_one_file_share_a_listener() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let [control, http] =
        [Ports::reserve()?.scheduler, Ports::reserve()?.scheduler].map(|port| format!("127.0.0.1:{port}"));
    let state = |id: &str| format!("state_dir = \"{}\"\n", stack.folder().join(id).display());
    let manager = |id: &str| stack.manager_section(id, 2, &state(id));
    let table = format!("[control]\ncontrol_address = \"{control}\"\nhttp_address = \"{http}\"\n");
    let file = stack.core_and(&format!("{table}{}{}", manager("first"), manager("second")));
    let mut up = stack.up(&file, &[])?;
    stack.until("both managers to answer", 60.0, || {
        let told = ctl(&["status", "--json", "--address", &control]).ok()?.json().ok()?;
        let managers = told["managers"].as_array()?.clone();
        let is_up =
            |id: &str| managers.iter().any(|manager| manager["manager"] == id && manager["link"]["is_up"] == true);
        (is_up("first") && is_up("second")).then_some(())
    })?;
    println!("{}", ctl(&["status", "--address", &control])?.output);
    let unnamed = ctl(&["drain", "--address", &control])?;
    let is_told = unnamed.errors.contains("first, second") && unnamed.errors.contains("--manager ID");
    stack.check(unnamed.code == Some(1) && is_told, "the question which one", format!("{unnamed:?}"))?;
    let named = ctl(&["limits", "--pin", "1", "--manager", "second", "--address", &control])?;
    stack.check(named.code == Some(0), "limits of the second", format!("{named:?}"))?;
    let first = stack.folder().join("first").join("control.sock");
    let own = ctl(&["status", "--json", "--socket", &first.to_string_lossy()])?.json()?;
    let is_alone = own["managers"].as_array().is_some_and(|all| all.len() == 1 && all[0]["bounds"].is_null());
    stack.check(is_alone, "a socket of the first alone", &own)?;
    let ended = ctl(&["shutdown", "--manager", "first", "--address", &control])?;
    stack.check(ended.code == Some(0), "the first ends", format!("{ended:?}"))?;
    stack.until_ended(&mut up, 0, 60.0)
}
