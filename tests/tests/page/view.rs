//! A manager that serves its page, and a browser that shows it.

use scaler_wm_tests::{
    Browser, Failure, Manager, ManagerKind, ManagerOptions, Ports, Result, Stack, StackOptions, install_browser,
};

/// The page of a manager, in a browser.
pub(crate) struct View {
    /// First: it goes before what it looks at.
    pub(crate) browser: Browser,
    pub(crate) address: String,
}

/// A scheduler that asks for what it is told.
pub(crate) fn told() -> Result<Stack> {
    Stack::start(StackOptions { is_told: true, ..StackOptions::default() })
}

/// A manager that serves its page at the port.
pub(crate) fn manager(stack: &Stack, id: &str, port: u16) -> Result<Manager> {
    let extra = vec!["--http-address".to_owned(), format!("127.0.0.1:{port}")];
    let options = ManagerOptions {
        kind: ManagerKind::Ours,
        id: id.to_owned(),
        cooldown: Some(0.0),
        heartbeat: Some(1.0),
        extra,
        ..ManagerOptions::default()
    };
    stack.connected_manager(&options)
}

impl View {
    /// Opens the page at a port.
    pub(crate) fn of(port: u16) -> Result<Self> {
        install_browser(&|line| eprintln!("{line}"))?;
        let view = Self { browser: Browser::start()?, address: format!("http://127.0.0.1:{port}/") };
        view.browser.resize(1280, 900)?;
        view.browser.open(&view.address)?;
        Ok(view)
    }

    /// A manager of this name, and its page once it shows something.
    pub(crate) fn of_manager(stack: &Stack, id: &str) -> Result<(Manager, Self)> {
        let port = Ports::single()?;
        let manager = manager(stack, id, port)?;
        let view = Self::of(port)?;
        view.until(stack, "the manager's name", 10.0, &format!("{} === {}", text("manager"), quoted(id)))?;
        Ok((manager, view))
    }

    /// Waits until an expression is true in the page.
    pub(crate) fn until(&self, stack: &Stack, what: &str, seconds: f64, expression: &str) -> Result<()> {
        let waited =
            stack.until(&format!("{what} on the page"), seconds, || self.browser.holds(expression).then_some(()));
        waited.map_err(|failure| failure.with_context(self.browser.text("body").unwrap_or_default()))
    }

    /// Nothing was complained of on the console so far, by the page or by the browser about it.
    pub(crate) fn is_quiet(&self) -> Result<()> {
        let complaints = self.browser.complaints()?;
        if complaints.is_empty() {
            Ok(())
        } else {
            Err(Failure::new("see a quiet console", format!("{complaints:#?}")))
        }
    }
}

/// What the page shows of a fact, as an expression.
pub(crate) fn text(fact: &str) -> String {
    format!("document.querySelector('[data-f=\"{fact}\"]')?.textContent")
}

/// Whether the page shows these words among those of a fact, as an expression.
pub(crate) fn has(fact: &str, words: &str) -> String {
    format!("{}.includes({})", text(fact), quoted(words))
}

pub(crate) fn quoted(words: &str) -> String {
    serde_json::Value::from(words).to_string()
}
