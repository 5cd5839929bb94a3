//! However it ends, the terminal is as it was.

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use scaler_wm_tests::{Failure, Proc, Result, all_processes, manager_binary, until};

use crate::{tmux::Tmux, watched::Watched};

fn signal(process: &Proc, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(process.pid).ok_or_else(|| Failure::new("signal it", "it has no number"))?;
    kill_process(pid, signal).map_err(|error| Failure::new("signal it", error))
}

#[test]
fn keys_and_signals_end_it_and_nothing_is_left_at_the_terminal() -> Result<()> {
    let watched = Watched::start(true)?;
    watched.explained((|| {
        for key in ["q", "Escape", "C-c"] {
            let top = watched.top((80, 24))?;
            top.until(&["desired 0"])?;
            top.check(top.screen()? == (true, false), "a screen of its own without a cursor")?;
            top.press(&[key])?;
            top.until_ended(0)?;
        }
        for how in [Signal::TERM, Signal::HUP, Signal::INT] {
            let top = watched.top((80, 24))?;
            top.until(&["desired 0"])?;
            signal(&top.top()?, how)?;
            top.until_ended(0)?;
        }
        Ok(())
    })())
}

#[test]
fn it_is_stopped_and_goes_on_as_other_programs() -> Result<()> {
    let watched = Watched::start(true)?;
    let top = watched.after((80, 24), &["bash", "--norc", "-ic", "\"$@\"; fg; echo came back", "bash"])?;
    watched.explained((|| {
        top.until(&["desired 0", "there are no units: see Why"])?;
        top.press(&["C-z"])?;
        // The shell lets it go on at once.
        top.until_it("it going on", |pane| pane.contains("desired 0") && pane.contains("q quit"))?;
        watched.stack.wish(1)?;
        top.until(&["observed 1"])?;
        top.press(&["q"])?;
        top.until(&["came back", "Stopped", "ended with 0"])?;
        top.check(top.screen()? == (false, true), "the screen given back")
    })())
}

#[test]
fn without_its_terminal_it_ends() -> Result<()> {
    let watched = Watched::start(true)?;
    watched.explained((|| {
        // The second one is not told by a signal, as the terminal is not that of its session: it has to look itself.
        for before in [&[][..], &["setsid"]] {
            let top = watched.after((80, 24), before)?;
            top.until(&["desired 0"])?;
            // Nor does it draw, by which it would find out.
            top.press(&["p"])?;
            top.until(&["PAUSED"])?;
            let process = top.top()?;
            top.tell(&["kill-server"])?;
            let is_gone = || (!all_processes().iter().any(|other| other.pid == process.pid)).then_some(());
            until("the end of `top`", 20.0, is_gone)?;
        }
        Ok(())
    })())
}

#[test]
fn colours_are_left_out_where_they_are_not_wanted() -> Result<()> {
    let watched = Watched::start(true)?;
    watched.stack.wish(1)?;
    let coloured = |top: &Tmux| -> Result<bool> {
        top.until(&["observed 1"])?;
        let raw = top.tell(&["capture-pane", "-p", "-e"])?;
        // Foreground or background, of the sixteen or by number.
        let codes = raw.split("\u{1b}[").skip(1).filter_map(|rest| rest.split_once('m'));
        let mut codes = codes.flat_map(|(codes, _)| codes.split(';'));
        Ok(codes.any(|code| code.parse::<u8>().is_ok_and(|code| (30..39).contains(&code) || (40..49).contains(&code))))
    };
    watched.explained((|| {
        let top = watched.top((80, 24))?;
        top.check(coloured(&top)?, "colours")?;
        let top = watched.after((80, 24), &["env", "NO_COLOR=1"])?;
        top.check(!coloured(&top)?, "no colours")?;
        let top = watched.after((80, 24), &["env", "LC_ALL=C", "LANG=C"])?;
        let pane = top.until(&["observed 1", "> Units: 1"])?;
        println!("{pane}");
        top.check(pane.is_ascii(), "ASCII alone")
    })())
}

#[test]
fn without_a_terminal_it_says_what_to_do_instead() -> Result<()> {
    let mut command = Command::new(manager_binary()?);
    let output = command.arg("top").stdin(Stdio::null()).output().map_err(|error| Failure::new("run it", error))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    println!("{errors}");
    let is_said = errors.contains("needs a terminal") && errors.contains("`scaler-wm ctl status --json`");
    if output.status.code() == Some(2) && output.stdout.is_empty() && is_said {
        return Ok(());
    }
    Err(Failure::new("see it refused", format!("{output:?}")))
}
