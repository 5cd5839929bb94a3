//! The terminal: taken, drawn upon, and given back as it was, whatever happens.

use std::{
    env,
    io::{self, BufWriter, IsTerminal, Stdout, Write, stdin, stdout},
    panic,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use ratatui::{
    Terminal,
    backend::CrosstermBackend,
    buffer::Buffer,
    crossterm::{
        cursor::{Hide, Show},
        execute,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
    layout::Rect,
};
use rustix::process::{Signal, kill_current_process_group};

use super::{
    draw::{Look, draw},
    glyphs::Glyphs,
    view::View,
};
use crate::exit::Failure;

/// A picture goes out in one piece: over a slow line half of one is seen.
const PICTURE: usize = 64 << 10;
/// Long enough for the system to stop a process that has asked for it.
const STOPS_WITHIN: Duration = Duration::from_millis(100);

/// Whether the terminal is ours just now.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Makes sure that there is a terminal.
///
/// # Errors
/// When there is none, or one without a cursor.
pub(super) fn check() -> Result<(), Failure> {
    let problem = if !stdout().is_terminal() {
        "standard output is none"
    } else if !stdin().is_terminal() {
        "standard input is none"
    } else if env::var("TERM").is_ok_and(|term| term == "dumb") {
        "TERM=dumb is none that can be drawn upon"
    } else {
        return Ok(());
    };
    Err(Failure::Usage(format!(
        "`top` needs a terminal, and {problem}; `scaler-wm ctl status --json` tells programs the same, and `ssh -t` brings \
         a terminal along"
    )))
}

/// Stops this process as Ctrl-Z does others, until it is told to go on. Where nobody could tell it, nothing happens.
pub(super) fn stop() {
    if kill_current_process_group(Signal::TSTP).is_ok() {
        thread::sleep(STOPS_WITHIN);
    }
}

/// The terminal, while it is ours.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    look: Look,
    shown: Option<Buffer>,
}

impl Screen {
    /// Takes it.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub(super) fn new(glyphs: Glyphs, has_colours: bool) -> io::Result<Self> {
        let before = panic::take_hook();
        // The words of a panic would go with the screen that they are written on.
        panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(PICTURE, stdout())))?;
        let mut screen = Self { terminal, look: Look { glyphs, has_colours }, shown: None };
        screen.enter()?;
        Ok(screen)
    }

    /// Takes it, also when it may have been changed meanwhile.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub(super) fn enter(&mut self) -> io::Result<()> {
        // What the library thinks of the terminal's modes may not be so any more.
        disable_raw_mode()?;
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        execute!(self.terminal.backend_mut(), EnterAlternateScreen, Hide)?;
        self.shown = None;
        // Clears it. Its own way to do so asks the terminal where the cursor is, and the keys are read elsewhere.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }

    /// Gives it back for now.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub(super) fn leave(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().flush()?;
        give_back();
        Ok(())
    }

    /// Shows how things are, if that is another picture than before.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub(super) fn show(&mut self, view: &mut View) -> io::Result<()> {
        let size = self.terminal.size()?;
        let area = Rect::new(0, 0, size.width, size.height);
        let mut picture = Buffer::empty(area);
        draw(view, &self.look, &mut picture);
        if self.shown.as_ref() == Some(&picture) {
            return Ok(());
        }
        let mut is_shown = false;
        self.terminal.draw(|frame| {
            // It may have another size by now: the next picture has it, too.
            is_shown = frame.area() == area;
            if is_shown {
                frame.buffer_mut().clone_from(&picture);
            }
        })?;
        self.shown = is_shown.then_some(picture);
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was. Nothing can be done about what fails here: it may have gone.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        drop(execute!(stdout(), LeaveAlternateScreen, Show));
        drop(disable_raw_mode());
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::{super::glyphs::ASCII, *};

    #[test]
    #[ignore = "it panics, at a terminal that the other one gives it"]
    fn panics_with_a_screen() {
        let mut screen = Screen::new(ASCII, true).unwrap();
        screen.show(&mut View::default()).unwrap();
        panic!("these are its words");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_says_a_word() {
        let this = env::current_exe().unwrap();
        let name = "top::screen::tests::panics_with_a_screen";
        let script = format!("stty -g; '{}' --ignored --exact {name} --nocapture; stty -g", this.display());
        let output = Command::new("script").args(["-qc", &script, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part:?} in {text:?}"));
        let (taken, given) = (at("\u{1b}[?1049h"), at("\u{1b}[?1049l"));
        assert!(taken < given && at("\u{1b}[?25h") < at("these are its words"), "{text:?}");
        assert!(given < at("these are its words"), "{text:?}");
        let modes: Vec<&str> = [text.lines().next(), text.lines().last()].into_iter().flatten().collect();
        assert_eq!(modes[0], modes[1], "{text:?}");
        assert!(modes[0].matches(':').count() > 20, "{text:?}");
    }
}
