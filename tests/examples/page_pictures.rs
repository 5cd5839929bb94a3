//! Pictures of the status page, for the documentation: a released scheduler scales local workers meanwhile, for a minute.
//!
//! `cargo run -p scaler-wm-tests --example page_pictures -- FOLDER`

use std::path::PathBuf;
use std::process::ExitCode;

use scaler_wm_tests::{
    Browser, ManagerKind, ManagerOptions, Ports, Result, Scheme, Script, Stack, StackOptions, install_browser,
};

/// Tasks that run at a time, wave after wave.
const WAVES: [u32; 3] = [12, 30, 20];

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("say where the pictures are to go: page_pictures FOLDER");
        return ExitCode::from(2);
    };
    match take(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn take(folder: &std::path::Path) -> Result<()> {
    install_browser(&|line| eprintln!("{line}"))?;
    let stack = Stack::start(StackOptions::default())?;
    let port = Ports::single()?;
    let mut manager = stack.connected_manager(&ManagerOptions {
        kind: ManagerKind::Ours,
        id: "local".to_owned(),
        limit: 6,
        cooldown: Some(4.0),
        heartbeat: Some(1.0),
        extra: vec!["--http-address".to_owned(), format!("127.0.0.1:{port}")],
        ..ManagerOptions::default()
    })?;
    let browser = Browser::start()?;
    browser.resize(1200, 1010)?;
    browser.open(&format!("http://127.0.0.1:{port}/"))?;
    let picture = |name: &str| {
        for (scheme, word) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
            browser.prefer(scheme)?;
            browser.screenshot(&folder.join(format!("{name}-{word}.png")))?;
        }
        Ok(())
    };
    let shows = |fact: &str, words: &str| {
        let expression = format!("document.querySelector('[data-f=\"{fact}\"]')?.textContent.includes('{words}')");
        stack.until(&format!("{words} among the {fact}"), 60.0, || browser.holds(&expression).then_some(()))
    };
    shows("observed", "0")?;
    picture("status-page-empty")?;
    for (wave, tasks) in WAVES.into_iter().enumerate() {
        eprintln!("wave {} of {}", wave + 1, WAVES.len());
        let mut client = stack.client(&Script::Workload { tasks, seconds: 1.5 })?;
        if wave + 1 == WAVES.len() {
            stack.until("some results", 60.0, || (client.done() >= u64::from(tasks / 2)).then_some(()))?;
            shows("units", "busy")?;
            picture("status-page")?;
            browser.resize(360, 780)?;
            picture("status-page-narrow")?;
            browser.resize(1200, 1010)?;
        }
        client.finish(120.0).map_err(|failure| stack.explain(failure))?;
        stack.until("workers that go", 60.0, || (stack.connected() <= 2).then_some(()))?;
    }
    manager.kill();
    let gone = "document.querySelector('#banner.on')";
    stack.until("that nobody answers", 20.0, || browser.holds(gone).then_some(()))?;
    picture("status-page-gone")
}
