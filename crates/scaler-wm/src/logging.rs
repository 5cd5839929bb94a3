//! Where this manager's own log lines go, and in which form.

use std::{
    env,
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
};

use scaler_wm_core::options::{OptionError, Values};
use tracing::{Dispatch, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    registry,
};

use crate::plain::wants_colours;

/// Where lines of `values`' level and form go.
///
/// # Errors
/// When a file cannot be opened.
pub(crate) fn subscriber(values: &Values) -> Result<Dispatch, OptionError> {
    let level = match values.text("logging_level").as_str() {
        "DEBUG" => LevelFilter::DEBUG,
        "WARNING" => LevelFilter::WARN,
        "ERROR" | "CRITICAL" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    let refuse = |path: &str, error: &io::Error| {
        values.problem("logging_paths", format!("{path}: {error}; give another path, or make its folder first"))
    };
    let sinks: Vec<Sink> = values
        .texts("logging_paths")
        .iter()
        .map(|path| Sink::open(path).map_err(|error| refuse(path, &error)))
        .collect::<Result<_, _>>()?;
    // Colours are for eyes: one terminal, and nobody who said no.
    let has_colours = matches!(&*sinks, [sink] if sink.is_terminal()) && wants_colours();
    let sinks = Sinks(Arc::new(Mutex::new(sinks)));
    let lines = fmt::layer().with_ansi(has_colours).with_target(false).with_writer(sinks);
    // What the AWS SDK says of each try, our own lines say once; and each frame of HTTP/2 is nobody's business.
    let of_others = if level == LevelFilter::DEBUG { LevelFilter::INFO } else { LevelFilter::OFF };
    let filter = ["aws_", "h2", "hyper"]
        .into_iter()
        .fold(Targets::new().with_default(level), |filter, target| filter.with_target(target, of_others))
        // Where it tells of credentials that it has found, it tells the id of the key.
        .with_target("aws_config", of_others.min(LevelFilter::WARN));
    Ok(if values.text("log_format") == "json" {
        Dispatch::new(registry().with(lines.json().flatten_event(true).with_filter(filter)))
    } else {
        Dispatch::new(registry().with(lines.with_filter(filter)))
    })
}

/// A path as the package reads it: `~` is the home folder, `$NAME` and `${NAME}` are environment variables.
fn expanded(path: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let path = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            format!("{}{rest}", variable("HOME").unwrap_or_else(|| "~".to_owned()))
        }
        _ => path.to_owned(),
    };
    let mut whole = String::with_capacity(path.len());
    let mut rest = &*path;
    while let Some(at) = rest.find('$') {
        whole.push_str(&rest[..at]);
        rest = &rest[at..];
        let (name, length) = match rest[1..].strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((name, _)) => (name, name.len() + 3),
            None => {
                let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                let end = rest[1..].find(|letter| !is_part(letter)).map_or(rest.len(), |end| end + 1);
                (&rest[1..end], end)
            }
        };
        // What is not set stays as it is written.
        whole.push_str(&variable(name).unwrap_or_else(|| rest[..length].to_owned()));
        rest = &rest[length..];
    }
    whole.push_str(rest);
    whole
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
            "/dev/stdout" | "-" => Self::Stdout,
            "/dev/stderr" => Self::Stderr,
            path => {
                let path = expanded(path, |variable| env::var(variable).ok());
                Self::File(OpenOptions::new().create(true).append(true).open(path)?)
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_the_package_reads_them() {
        let variable = |name: &str| match name {
            "HOME" => Some("/home/u".to_owned()),
            "A_1" => Some("x".to_owned()),
            _ => None,
        };
        for (path, wanted) in [
            ("~/log", "/home/u/log"),
            ("~", "/home/u"),
            ("~other/log", "~other/log"),
            ("/v/$A_1/${A_1}y.log", "/v/x/xy.log"),
            ("$NOT/${NOT}$", "$NOT/${NOT}$"),
            ("plain", "plain"),
        ] {
            assert_eq!(expanded(path, variable), wanted, "{path}");
        }
    }
}
