//! Where this manager's own log lines go, and in which form.

use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
};

use scaler_wm_core::options::{OptionError, Values};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Starts logging as these values say.
///
/// # Errors
/// When a file cannot be opened.
pub(crate) fn start(values: &Values) -> Result<(), OptionError> {
    let level = match values.text("logging_level").as_str() {
        "DEBUG" => LevelFilter::DEBUG,
        "WARNING" => LevelFilter::WARN,
        "ERROR" | "CRITICAL" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    let sinks: Vec<Sink> = values
        .texts("logging_paths")
        .iter()
        .map(|path| Sink::open(path).map_err(|error| values.problem("logging_paths", format!("{path}: {error}"))))
        .collect::<Result<_, _>>()?;
    // Colours are for eyes: one terminal, and nobody who said no.
    let has_colours = matches!(&*sinks, [sink] if sink.is_terminal()) && std::env::var_os("NO_COLOR").is_none();
    let sinks = Sinks(Arc::new(Mutex::new(sinks)));
    let builder = tracing_subscriber::fmt().with_max_level(level).with_ansi(has_colours).with_target(false);
    let builder = builder.with_writer(sinks);
    if values.text("log_format") == "json" {
        builder.json().flatten_event(true).init();
    } else {
        builder.init();
    }
    Ok(())
}

/// One place where lines go.
enum Sink {
    Stdout,
    Stderr,
    File(File),
}

impl Sink {
    fn open(path: &str) -> io::Result<Self> {
        Ok(match path {
            "/dev/stdout" => Self::Stdout,
            "/dev/stderr" => Self::Stderr,
            path => Self::File(OpenOptions::new().create(true).append(true).open(path)?),
        })
    }

    fn is_terminal(&self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
            Self::File(_) => false,
        }
    }

    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().lock().write_all(line).and_then(|()| io::stdout().flush()),
            Self::Stderr => io::stderr().lock().write_all(line),
            Self::File(file) => file.write_all(line),
        }
    }
}

/// Every place, each line whole.
#[derive(Clone)]
struct Sinks(Arc<Mutex<Vec<Sink>>>);

impl Write for Sinks {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // One place that is full or gone is no reason to lose the line elsewhere, let alone to stop.
        for sink in &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = sink.write_all(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sinks {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
