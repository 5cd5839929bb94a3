//! How the page looks, and that it can be used without a mouse.

use scaler_wm_tests::{Browser, Failure, Result, Scheme, Stack};
use thirtyfour::Key;

use crate::view::{View, text, told};

/// How bright the page is: 0 is black, 1 is white.
fn brightness(browser: &Browser, of: &str) -> Result<f64> {
    let script = format!(
        "const c = getComputedStyle(document.body).{of}.match(/[\\d.]+/g).map(Number); return (c[0] + c[1] + c[2]) / 765"
    );
    browser.run(&script)?.as_f64().ok_or_else(|| Failure::new("read a colour", of))
}

fn is_dark(stack: &Stack, browser: &Browser, is_dark: bool) -> Result<()> {
    let (page, ink) = (brightness(browser, "backgroundColor")?, brightness(browser, "color")?);
    let fits = if is_dark { page < 0.2 && ink > 0.8 } else { page > 0.8 && ink < 0.2 };
    stack.check(fits, if is_dark { "a dark page" } else { "a light page" }, format!("page {page}, letters {ink}"))
}

/// Letters and figures have to be told from what they stand on: 4.5 to 1 by the rules for accessible pages.
const CONTRAST: &str = r"
const lum = (rgb) => rgb.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const rgb = (text) => text.match(/[\d.]+/g).map(Number);
const under = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
const bad = [];
for (const e of document.querySelectorAll('body *')) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.offsetParent || e.closest('svg, script, .vh')) continue;
  const [a, b] = [lum(rgb(getComputedStyle(e).color).slice(0, 3)), lum(under(e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) bad.push(e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 30) + ': ' + ratio.toFixed(2));
}
return bad;";

pub(crate) fn is_readable(stack: &Stack, browser: &Browser) -> Result<()> {
    let bad = browser.run(CONTRAST)?;
    stack.check(bad.as_array().is_some_and(Vec::is_empty), "letters that can be read", bad)
}

#[test]
fn it_is_dark_or_light_as_one_prefers_and_as_one_chooses() -> Result<()> {
    let stack = told()?;
    let (_manager, view) = View::of_manager(&stack, "wm1")?;
    stack.wish(2)?;
    view.until(&stack, "units", 20.0, "document.querySelectorAll('tbody tr').length === 2")?;
    for (scheme, dark) in [(Scheme::Dark, true), (Scheme::Light, false)] {
        view.browser.prefer(scheme)?;
        is_dark(&stack, &view.browser, dark)?;
        is_readable(&stack, &view.browser)?;
    }
    view.browser.run("document.getElementById('theme').click()")?;
    is_dark(&stack, &view.browser, true)?;
    // It is remembered.
    view.browser.open(&view.address)?;
    view.until(&stack, "the page again", 10.0, "document.querySelector('[data-f=manager]')")?;
    is_dark(&stack, &view.browser, true)?;
    view.is_quiet()
}

#[test]
fn a_narrow_screen_has_all_of_it_without_scrolling_sideways() -> Result<()> {
    let stack = told()?;
    let (_manager, view) = View::of_manager(&stack, &format!("a-manager-with-a-{}-name", "long-".repeat(12)))?;
    stack.wish(2)?;
    view.until(&stack, "units", 20.0, "document.querySelectorAll('tbody tr').length === 2")?;
    for width in [360, 800, 1280] {
        view.browser.resize(width, 740)?;
        let wide = "document.documentElement.scrollWidth";
        let fits = format!("innerWidth === {width} && {wide} <= {width}");
        view.until(&stack, &format!("all within {width} pixels"), 5.0, &fits)?;
        // Nothing is cut off at the right edge, either.
        let out = "[...document.querySelectorAll('main *')].filter((e) => !e.closest('.scroll, svg') && \
                   e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))";
        let out = view.browser.run(&format!("return {out}"))?;
        stack.check(out.as_array().is_some_and(Vec::is_empty), "nothing beyond the edge", out)?;
    }
    view.is_quiet()
}

#[test]
fn the_keyboard_reaches_whatever_can_be_used() -> Result<()> {
    let stack = told()?;
    let (_manager, view) = View::of_manager(&stack, "wm1")?;
    stack.wish(2)?;
    let is_there =
        format!("{} === '2' && document.querySelectorAll('[data-f=\"chart\"] path').length >= 2", text("desired"));
    view.until(&stack, "a line over time", 20.0, &is_there)?;
    view.browser.run("document.activeElement.blur()")?;
    let mut reached = Vec::new();
    for _ in 0..7 {
        view.browser.press(Key::Tab)?;
        let focus = "const e = document.activeElement; const s = getComputedStyle(e); \
                     return (e.id || e.dataset.f || e.className || e.tagName) + (s.outlineStyle === 'none' ? ' unseen' : '')";
        reached.push(view.browser.run(focus)?.as_str().unwrap_or_default().to_owned());
    }
    let expected = ["skip", "theme", "chart", "units", "decisions", "events"];
    stack.check(reached.starts_with(&expected.map(str::to_owned)), "each place in turn", format!("{reached:?}"))?;

    view.browser.run("document.querySelector('[data-f=\"chart\"]').focus()")?;
    view.browser.press(Key::Home)?;
    let tip = "document.querySelector('.tip')";
    view.until(&stack, "what was at first", 5.0, &format!("{tip}?.textContent.includes('observed 0')"))?;
    view.browser.press(Key::End)?;
    view.until(&stack, "what is now", 20.0, &format!("{tip}?.textContent.includes('desired 2')"))?;
    // It stays while the chart goes on.
    view.browser.run("document.querySelector('[data-f=\"chart\"] svg').dataset.at = 'old'")?;
    view.until(&stack, "a new chart", 10.0, "!document.querySelector('[data-f=\"chart\"] svg').dataset.at")?;
    view.until(&stack, "the words still", 5.0, &format!("{tip}.offsetWidth > 0"))?;
    view.browser.run("document.getElementById('theme').focus()")?;
    view.browser.press(Key::Enter)?;
    is_dark(&stack, &view.browser, true)?;
    view.is_quiet()
}
