//! Lines of JSON in, as many lines of JSON out.

use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Write};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::exit::{Failure, say};

/// Answers every line of standard input with one of standard output, at once. A line that cannot be answered gets its
/// error, there and with its number on standard error; blank lines are passed over.
///
/// # Errors
/// When there was such a line, or standard input or output failed.
pub(super) fn answer<A: Serialize>(
    what: &str,
    mut answer: impl FnMut(&[u8]) -> Result<A, String>,
) -> Result<(), Failure> {
    let mut input = BufReader::new(io::stdin().lock());
    if io::stdin().is_terminal() {
        say(&format!("reading {what} a line from standard input; Ctrl-D ends, --help shows what it looks like\n"));
    }
    let mut output = io::BufWriter::new(io::stdout().lock());
    let (mut number, mut answered, mut refused) = (0_u64, 0_u64, 0_u64);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        if read.map_err(|error| Failure::Running(format!("failed to read standard input: {error}")))? == 0 {
            break;
        }
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let written = match answer(&line) {
            Ok(answer) => serde_json::to_writer(&mut output, &answer),
            Err(problem) => {
                refused += 1;
                say(&format!("error: line {number}: {problem}\n"));
                serde_json::to_writer(&mut output, &json!({ "error": problem }))
            }
        };
        answered += 1;
        let mut written = written.map_err(io::Error::from).and_then(|()| output.write_all(b"\n"));
        // Who writes one line and waits for its answer gets it.
        if written.is_ok() && input.buffer().is_empty() {
            written = output.flush();
        }
        if let Some(end) = unless_written(written) {
            return end;
        }
    }
    if let Some(end) = unless_written(output.flush()) {
        return end;
    }
    match refused {
        0 => Ok(()),
        _ => Err(Failure::Running(format!("{refused} of {answered} lines could not be answered"))),
    }
}

/// How it ends if nothing can be written any more; nobody listening is no failure.
fn unless_written(written: io::Result<()>) -> Option<Result<(), Failure>> {
    let error = written.err()?;
    Some(match error.kind() {
        ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Failure::Running(format!("failed to write to standard output: {error}"))),
    })
}

/// Reads what a line says.
pub(super) fn read<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| {
        let text = error.to_string();
        // Of the line's own number, which is always 1 there, the reader would learn nothing.
        let place = format!(" at line {} column {}", error.line(), error.column());
        match text.strip_suffix(&place) {
            Some(text) => format!("{text} (column {})", error.column()),
            None => text,
        }
    })
}
