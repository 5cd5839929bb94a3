//! What is seen.

use scaler_wm_tests::{LATEST, Ports, Result, Script, UpStack, until};

use crate::{
    tmux::{Tmux, words},
    watched::{Watched, options},
};

/// The line in which the part that was chosen begins.
fn chosen(pane: &str) -> &str {
    pane.lines().find(|line| line.contains('▶')).unwrap_or_default()
}

#[test]
fn units_are_seen_as_the_stack_scales_and_keys_work() -> Result<()> {
    let watched = Watched::start(true)?;
    let stack = &watched.stack;
    let top = watched.top((80, 24))?;
    watched.explained((|| {
        top.until(&[
            "wm1  baremetal_native  running",
            "desired 0",
            "there are no units: see Why",
            "scheduler answers",
        ])?;
        stack.wish(2)?;
        let pane = top.until(&["desired 2", "observed 2   running 2", "Units: 2, by state", "-> start 2 units"])?;
        println!("{pane}");
        for words in ["█", "Not more: 2 are wanted", "idle", "q quit"] {
            top.check(pane.contains(words), words)?;
        }

        top.press(&["Tab"])?;
        top.until_it("the reasons chosen", |pane| chosen(pane).contains("Why"))?;
        top.press(&["BTab"])?;
        top.until_it("the units chosen", |pane| chosen(pane).contains("Units"))?;
        top.press(&["s"])?;
        top.until_it("units by tasks", |pane| chosen(pane).contains("by tasks"))?;
        top.press(&["?"])?;
        top.until(&["q, Esc, Ctrl-C: end", "any key goes back"])?;
        top.press(&["Down"])?;
        top.until_it("the help gone", |pane| pane.contains("desired 2") && !pane.contains("any key goes back"))?;

        // While it is paused nothing changes; then it does.
        top.press(&["p"])?;
        top.until(&["PAUSED at", "p go on"])?;
        stack.wish(3)?;
        stack.until_connected(3, 30.0)?;
        top.check(top.pane().contains("observed 2"), "nothing new while it is paused")?;
        top.press(&["p"])?;
        top.until_it("three units", |pane| pane.contains("observed 3") && !pane.contains("PAUSED"))?;

        // Smaller, larger.
        top.tell(&["resize-window", "-x", "50", "-y", "12"])?;
        println!("{}", top.until(&["Tab: why, events", "observed 3"])?);
        top.tell(&["resize-window", "-x", "140", "-y", "40"])?;
        let is_beside =
            |pane: &str| pane.lines().any(|line| line.contains("Units: 3") && line.contains("Why, and the last"));
        println!("{}", top.until_it("two columns", is_beside)?);
        top.tell(&["resize-window", "-x", "80", "-y", "24"])?;
        top.until_it("one column", |pane| pane.contains("Units: 3") && !is_beside(pane))?;
        stack.wish(0)?;
        top.until(&["observed 0", "there are no units: see Why", "Units: 0"])?;
        top.press(&["q"])?;
        top.until_ended(0)
    })())
}

#[test]
fn tasks_of_a_real_client_are_seen_at_work() -> Result<()> {
    let watched = Watched::start(false)?;
    let top = watched.top((120, 30))?;
    watched.explained((|| {
        top.until(&["there are no units: see Why"])?;
        let mut client = watched.stack.client(&Script::Held { tasks: 2 })?;
        let pane = top.until_it("a busy unit", |pane| {
            pane.lines().any(|line| line.contains(" busy ")) && pane.contains("tasks 2") && !pane.contains("desired 0")
        })?;
        println!("{pane}");
        client.release(-1)?;
        client.finish(30.0)?;
        top.until(&["tasks 0", "observed 0"])?;
        top.press(&["Escape"])?;
        top.until_ended(0)
    })())
}

#[test]
fn a_manager_that_is_killed_is_missed_and_found_again() -> Result<()> {
    let mut watched = Watched::start(true)?;
    watched.stack.wish(1)?;
    let top = watched.top((80, 24))?;
    let seen = top.until(&["observed 1", "Units: 1"]).and_then(|_| {
        watched.manager.kill();
        top.until(&["NO ANSWER", "! no answer since", "asked again every second", "nobody answers at", "Units: 1"])
    });
    println!("{}", watched.explained(seen)?);
    watched.manager = watched.stack.manager(&options())?;
    let again = top.until_it("the next manager", |pane| {
        pane.contains("wm1  baremetal_native  running") && pane.contains("observed 1") && !pane.contains("NO ANSWER")
    });
    watched.explained(again)?;

    // One that ends by itself.
    watched.manager.terminate();
    watched.explained(top.until(&["NO ANSWER"]))?;
    top.press(&["q"])?;
    watched.explained(top.until_ended(0))
}

#[test]
fn managers_of_one_process_are_gone_through_by_keys() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let address = format!("127.0.0.1:{}", Ports::single()?);
    let managers = [stack.manager_section("first", 2, ""), stack.manager_section("second", 3, "")].concat();
    let toml = stack.core_and(&format!("{managers}\n[control]\ncontrol_address = \"{address}\"\n"));
    let _up = stack.all_up(&toml, &[])?;
    let start = |more: &[&str]| {
        let words = words(more)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Tmux::start(stack.folder(), (80, 24), &words, |command| {
            let mut server = stack.start(command)?;
            until("tmux started", 10.0, || server.exited()).map(drop)
        })
    };
    let top = start(&["--address", &address])?;
    let seen = (|| {
        top.until(&[" first  baremetal_native  running", "manager 1 of 2", "at most 2 units"])?;
        top.press(&["Right"])?;
        top.until(&[" second  baremetal_native  running", "manager 2 of 2", "at most 3 units", "Not more"])?;
        top.press(&["Right"])?;
        top.until(&[" first  baremetal_native", "manager 1 of 2"])?;
        top.press(&["C-c"])?;
        top.until_ended(0)?;
        // By name, as `ctl` finds it.
        let top = start(&["--manager", "second"])?;
        let pane = top.until(&[" second  baremetal_native  running", "at most 3 units"])?;
        top.check(!pane.contains("manager 1 of"), "one alone at its own socket")?;
        top.press(&["q"])?;
        top.until_ended(0)?;
        // Which one is not said: as `ctl` asks.
        let none = start(&[])?;
        none.until(&["several managers run: ", "--manager ID names one", "ended with 2"]).map(drop)
    })();
    seen.map_err(|failure| stack.explain(failure))
}
