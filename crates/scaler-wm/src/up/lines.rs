//! What the commands print: passed on, and the last of it kept.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, PipeReader, Write},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::sync::oneshot;

/// Lines that are kept.
const KEPT: usize = 20;
/// Bytes of a line that are kept, at most.
const LONGEST: usize = 500;

/// The last lines that a command printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    fn keep(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(&line[..line.len().min(LONGEST)]).trim_end().to_owned();
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The lines, for a message.
    pub(super) fn indented(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("  {line}\n")).collect()
    }
}

/// Passes on everything that comes out of `pipe` to standard output, each line whole and behind `prefix`; tells when
/// nothing more will come. In a thread of its own: whoever reads our output may be slow, and that must stop nothing else.
///
/// # Errors
/// When there is no thread to be had.
pub(super) fn pass_on(pipe: PipeReader, prefix: String) -> io::Result<(Tail, oneshot::Receiver<()>)> {
    let tail = Tail::default();
    let (over, is_over) = oneshot::channel();
    let kept = tail.clone();
    thread::Builder::new().name("lines".to_owned()).spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = prefix.clone().into_bytes();
        while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            kept.keep(&line[prefix.len()..]);
            if line.last() != Some(&b'\n') {
                line.push(b'\n');
            }
            // Nobody may listen any more: the command must go on all the same.
            let _ = io::stdout().lock().write_all(&line).and_then(|()| io::stdout().flush());
            line.truncate(prefix.len());
        }
        // Whoever waited may have given up.
        let _ = over.send(());
    })?;
    Ok((tail, is_over))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_long_ones_cut() {
        let tail = Tail::default();
        for number in 0..30 {
            tail.keep(format!("line {number}\n").as_bytes());
        }
        tail.keep(&[b'x'; 2 * LONGEST]);
        let text = tail.indented();
        assert_eq!(text.lines().count(), KEPT);
        assert!(text.starts_with("  line 11\n") && text.lines().all(|line| line.len() <= LONGEST + 2), "{text}");
    }
}
