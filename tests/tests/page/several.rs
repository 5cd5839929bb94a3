//! Several managers in one process.

use scaler_wm_tests::{LATEST, Ports, Result, UpStack};
use thirtyfour::Key;

use crate::view::{View, text};

#[test]
fn each_has_a_tab_of_its_own() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let port = Ports::single()?;
    let managers = [stack.manager_section("north", 2, ""), stack.manager_section("south", 3, "")].concat();
    let toml = stack.core_and(&format!("{managers}\n[control]\nhttp_address = \"127.0.0.1:{port}\"\n"));
    let mut up = stack.all_up(&toml, &[])?;
    let view = View::of(port)?;
    let until = |what: &str, expression: &str| {
        stack.until(&format!("{what} on the page"), 15.0, || view.browser.holds(expression).then_some(()))
    };
    let shows = |name: &str, limit: u32| {
        let tab = "document.querySelector('[role=tab][aria-selected=true]')?.textContent";
        format!("{} === '{name}' && {tab} === '{name}' && {} === '{limit}'", text("manager"), text("limit"))
    };
    until("the first one", &shows("north", 2))?;
    view.browser.run("document.querySelector('[role=tab]').focus()")?;
    view.browser.press(Key::Right)?;
    until("the other one", &shows("south", 3))?;
    until("where it is in the address", "location.hash === '#south'")?;
    until("the focus with it", "document.activeElement.textContent === 'south'")?;
    // The address is enough to find it again.
    view.browser.open("about:blank")?;
    view.browser.open(&format!("{}#south", view.address))?;
    until("the other one again", &shows("south", 3))?;
    view.is_quiet()?;

    up.terminate();
    stack.until_ended(&mut up, 0, 20.0)?;
    until("that nobody answers", "document.querySelector('#banner.on')")?;
    // Managers of the next process come one after the other: the chosen one is waited for.
    let mut up = stack.all_up(&toml, &[])?;
    until("the chosen one, again", &format!("!document.querySelector('#banner.on') && {}", shows("south", 3)))?;
    up.terminate();
    stack.until_ended(&mut up, 0, 20.0)
}
