//! Names and reasons that look like a page's own parts.

use scaler_wm_tests::{Ports, Result};

use crate::view::{View, has, manager, told};

#[test]
fn names_are_words_whatever_they_look_like() -> Result<()> {
    let stack = told()?;
    let name = "</title><script>document.title='x'</script><img src=x onerror=\"window.hurt=1\">";
    let (_manager, view) = View::of_manager(&stack, name)?;
    stack.wish(1)?;
    view.until(&stack, "a unit", 20.0, "document.querySelectorAll('tbody tr').length === 1")?;
    view.until(&stack, "the name in the title", 5.0, "document.title.includes('<script>')")?;
    let parts = "document.querySelectorAll('main img, main script').length + (window.hurt ?? 0)";
    view.until(&stack, "no part of it alive", 5.0, &format!("{parts} === 0"))?;
    view.is_quiet()
}

/// What the policy of the page forbids is not done, even if somebody finds a way in.
#[test]
fn a_script_of_somebody_else_does_not_run() -> Result<()> {
    let stack = told()?;
    let port = Ports::single()?;
    let _manager = manager(&stack, "wm1", port)?;
    let view = View::of(port)?;
    view.until(&stack, "the page", 10.0, &has("manager", "wm1"))?;
    view.is_quiet()?;
    let plant = "const s = document.createElement('script'); s.textContent = 'window.hurt = 1'; document.body.append(s); \
                 const i = document.createElement('img'); i.src = 'http://127.0.0.1:1/x'; document.body.append(i); \
                 return window.hurt ?? 0";
    stack.check(view.browser.run(plant)? == 0, "a script that does not run", "it ran")?;
    stack.until("the browser say so", 10.0, || {
        let complaints = view.browser.complaints().ok()?;
        complaints.iter().any(|line| line.contains("Content Security Policy")).then_some(())
    })
}
