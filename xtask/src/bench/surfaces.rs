//! What people look at: how quick it is there, and what it costs.

use std::env;
use std::path::{Path, PathBuf};

use scaler_wm_tests::{
    Browser, Failure, ManagerKind, ManagerOptions, Ports, Result, Stack, StackOptions, install_browser, manager_binary,
};

use super::{cases::median, sheet::Sheet, surfaces_top};
use crate::{
    dist::{self, Packages, megabytes},
    shell,
};

/// Browsers that are started anew, each with nothing in its cache.
const RUNS: usize = 7;
/// Updates of the page that are looked at, while units come and go.
const UPDATES: u32 = 20;

pub(crate) fn measure() -> Result<Sheet> {
    install_browser(&super::say)?;
    let binary = match env::var_os("SCALER_WM_BIN") {
        Some(_) => manager_binary()?,
        None => shell::build_binary(&["--release"])?,
    };
    let mut sheet = Sheet::default();
    page(&binary, &mut sheet)?;
    surfaces_top::rows(&binary, &mut sheet)?;
    let Packages { binary, archive, wheel, .. } = dist::build("")?;
    for (what, path) in [("the wheel", wheel), ("the archive", archive), ("the binary in them", binary)] {
        sheet.alone(what, megabytes(&path)?, "MB", ("", true));
    }
    Ok(sheet)
}

/// The status page, in a real browser.
fn page(binary: &Path, sheet: &mut Sheet) -> Result<()> {
    let stack = Stack::start(StackOptions { is_told: true, ..StackOptions::default() })?;
    let port = Ports::single()?;
    let _manager = stack.connected_manager(&ManagerOptions {
        kind: ManagerKind::Ours,
        binary: Some(PathBuf::from(binary)),
        cooldown: Some(0.0),
        heartbeat: Some(1.0),
        extra: vec!["--http-address".to_owned(), format!("127.0.0.1:{port}")],
        ..ManagerOptions::default()
    })?;
    let address = format!("http://127.0.0.1:{port}/");
    let (mut bytes, mut pictures, mut facts) = (0.0, Vec::new(), Vec::new());
    for run in 0..RUNS {
        eprintln!("a new browser opens the page, {} of {RUNS}", run + 1);
        let browser = Browser::start()?;
        browser.open(&address)?;
        stack.until("the page", 20.0, || browser.holds(&format!("{FIRST_PICTURE} && {ALL}[0]")).then_some(()))?;
        bytes = figure(&browser, "performance.getEntriesByType('navigation')[0].encodedBodySize")?;
        pictures.push(figure(&browser, &format!("{FIRST_PICTURE}.startTime"))?);
        facts.push(figure(&browser, &format!("{ALL}[0].responseEnd"))?);
    }
    eprintln!("first pictures: {pictures:.0?} ms, first facts: {facts:.0?} ms");
    let kib = bytes / 1024.0;
    sheet.alone("status page: one file", kib, "KiB", ("under 100 KiB", kib < 100.0));
    let picture = median(pictures);
    sheet.alone("status page: first picture, nothing cached", picture, "ms", ("under 200 ms", picture < 200.0));
    let facts = median(facts);
    sheet.alone("status page: how managers stand is there", facts, "ms", ("", true));

    eprintln!("{UPDATES} updates while units come and go");
    let browser = Browser::start()?;
    browser.open(&address)?;
    for wish in [1, 4, 2, 0] {
        stack.wish(wish)?;
        let seen = figure(&browser, &format!("{ALL}.length"))? + f64::from(UPDATES) / 4.0;
        stack.until("updates", 60.0, || browser.holds(&format!("{ALL}.length >= {seen}")).then_some(()))?;
    }
    let rate = format!("({ALL}.length - 1) / ({ALL}.at(-1).startTime - {ALL}[0].startTime) * 1000");
    let rate = figure(&browser, &rate)?;
    sheet.alone("status page: updates", rate, "/s", ("at most 1 /s", rate <= 1.0));
    let sizes = format!("{ALL}.map((each) => each.encodedBodySize).filter((size) => size > 0).sort((a, b) => a - b)");
    let [middle, most] = [".at(sizes.length / 2)", ".at(-1)"]
        .map(|which| figure(&browser, &format!("((sizes) => sizes{which} / 1024)({sizes})")));
    sheet.alone("status page: an update when something has happened", middle?, "KiB", ("", true));
    sheet.alone("status page: the largest of them", most?, "KiB", ("", true));
    Ok(())
}

/// The entry of the browser's own clock for the first picture with something on it.
const FIRST_PICTURE: &str = "performance.getEntriesByName('first-contentful-paint')[0]";

/// Its entries for updates.
const ALL: &str = "performance.getEntriesByType('resource').filter((each) => each.name.endsWith('/api/v1/status'))";

fn figure(browser: &Browser, expression: &str) -> Result<f64> {
    let told = browser.run(&format!("return {expression}"))?;
    told.as_f64().ok_or_else(|| Failure::new(format!("read {expression}"), told))
}
