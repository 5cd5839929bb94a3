//! What the page shows while a real stack scales, and after its manager has gone.

use scaler_wm_tests::{Ports, Result, Script};

use crate::{
    looks::is_readable,
    view::{View, has, manager, text, told},
};

fn counts(desired: u32, observed: u32) -> String {
    format!("{} === '{desired}' && {} === '{observed}'", text("desired"), text("observed"))
}

#[test]
fn what_is_desired_and_what_comes_of_it_are_shown_as_they_change() -> Result<()> {
    let stack = told()?;
    let (_manager, view) = View::of_manager(&stack, "wm1")?;
    view.until(&stack, "nothing desired", 10.0, &counts(0, 0))?;
    let is_there = |words: &str| format!("document.getElementById('main').innerText.includes({words:?})");
    view.until(&stack, "that there are no units, and why", 10.0, &is_there("Nothing is wanted."))?;

    stack.wish(2)?;
    view.until(&stack, "two desired and there", 20.0, &counts(2, 2))?;
    let rows = "document.querySelectorAll('[data-f=\"units\"] tbody tr').length";
    view.until(&stack, "two units by name", 10.0, &format!("{rows} === 2"))?;
    view.until(&stack, "the decision", 10.0, &has("decisions", "start 2 units from"))?;
    view.until(&stack, "its cause", 10.0, &has("decisions", "the scheduler wants a task concurrency of 2"))?;
    view.until(&stack, "the event", 10.0, &has("events", "desired 2, target 2"))?;
    view.until(&stack, "both idle at the scheduler", 20.0, &format!("{}.split('idle').length === 3", text("units")))?;
    view.until(&stack, "why no more", 10.0, &has("why", "2 are wanted, and no more"))?;
    view.until(&stack, "a line over time", 10.0, "document.querySelectorAll('[data-f=\"chart\"] path').length >= 3")?;

    let mut client = stack.client(&Script::Held { tasks: 2 })?;
    view.until(&stack, "two tasks", 20.0, &format!("{} === '2'", text("tasks")))?;
    view.until(&stack, "busy units", 10.0, &has("units", "busy"))?;
    client.release(-1)?;
    client.finish(20.0).map_err(|failure| stack.explain(failure))?;
    view.until(&stack, "no task", 20.0, &format!("{} === '0'", text("tasks")))?;

    stack.wish(0)?;
    view.until(&stack, "nothing desired", 20.0, &counts(0, 0))?;
    view.until(&stack, "the ends", 10.0, &has("events", "is gone, as asked"))?;
    view.is_quiet()
}

/// Addresses that lead nowhere: the icon in the page, and the page that a browser has before it is told where to go.
const IN_THE_BROWSER: [&str; 2] = ["data:", "chrome://"];

/// Once a second, most often with an answer of a few bytes, and nobody but the manager is asked.
#[test]
fn the_page_asks_the_manager_alone_and_at_most_once_a_second() -> Result<()> {
    let stack = told()?;
    let (_manager, view) = View::of_manager(&stack, "wm1")?;
    let status = format!("{}api/v1/status", view.address);
    let (mut times, mut answers, mut elsewhere) = (Vec::new(), Vec::new(), Vec::new());
    stack.until("nine answers", 30.0, || {
        for answer in view.browser.network("Network.responseReceived").ok()? {
            let address = answer["response"]["url"].as_str()?;
            if address == status {
                times.push(answer["timestamp"].as_f64()?);
                answers.push(answer["response"]["status"].clone());
            } else if address != view.address && !IN_THE_BROWSER.iter().any(|own| address.starts_with(own)) {
                elsewhere.push(address.to_owned());
            }
        }
        (times.len() >= 9).then_some(())
    })?;
    stack.check(elsewhere.is_empty(), "no question to anybody else", format!("{elsewhere:?}"))?;
    let shortest = times.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    stack.check(shortest >= 0.99, "a second between questions", format!("{times:?}"))?;
    let known = answers.iter().filter(|status| **status == 304).count();
    stack.check(known >= 3, "answers that nothing is new", format!("{answers:?}"))?;
    view.is_quiet()
}

#[test]
fn a_manager_that_has_gone_is_told_and_found_again() -> Result<()> {
    let stack = told()?;
    let port = Ports::single()?;
    let mut first = manager(&stack, "wm1", port)?;
    let view = View::of(port)?;
    stack.wish(1)?;
    view.until(&stack, "a unit", 20.0, &counts(1, 1))?;
    view.is_quiet()?;

    first.kill();
    let banner = "document.querySelector('#banner.on p')";
    let says = format!("{banner}?.textContent.startsWith('No answer from scaler-wm since ')");
    view.until(&stack, "that nobody answers", 10.0, &says)?;
    view.until(&stack, "that in the title, too", 5.0, "document.title.startsWith('gone')")?;
    // What was known stays, and is told to be old.
    view.until(&stack, "what was known", 5.0, &counts(1, 1))?;
    view.until(&stack, "that it is old", 5.0, "document.querySelector('main.old')")?;
    is_readable(&stack, &view.browser)?;

    stack.wish(0)?;
    drop(first);
    let _second = manager(&stack, "wm1", port)?;
    view.until(&stack, "the next manager", 20.0, &format!("!{banner} && {}", counts(0, 0)))?;
    view.until(&stack, "that it is not old", 5.0, "!document.querySelector('main.old')")
}
