//! The loop: keys, answers, signals.

use std::time::Duration;

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::Signal,
    stdio::stdin,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

use super::{
    ask::{self, News},
    glyphs::Glyphs,
    keys,
    screen::{self, Screen},
    view::{Does, View},
};
use crate::{cli::Whom, exit::Failure, plain::wants_colours, signals::Signals};

/// How often it is looked whether the terminal is still there.
const LOOKS: Duration = Duration::from_secs(1);

/// Watches a manager until a key or a signal ends it.
///
/// # Errors
/// When there is no terminal, or nobody answers at the start.
pub(crate) fn top(whom: Whom) -> Result<(), Failure> {
    screen::check()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    runtime.block_on(run(whom))
}

async fn run(whom: Whom) -> Result<(), Failure> {
    // Before the screen is taken, or any signal: what is wrong here is said as `ctl` says it, and Ctrl-C ends it.
    let mut asking = ask::begin(whom).await?;
    let mut view = View::default();
    view.hear(News::Told(Box::new(asking.round("").await?)));

    let mut signals = Signals::new()?;
    let mut hangups = signal(SignalKind::hangup()).map_err(Failure::running)?;
    let mut goes_on = signal(SignalKind::from_raw(Signal::CONT.as_raw())).map_err(Failure::running)?;
    let (ask, asked) = watch::channel(view.asks());
    let (tell, mut told) = mpsc::channel(1);
    let mut screen = Screen::new(Glyphs::of_locale(), wants_colours()).map_err(gone)?;
    let mut keys = keys::listen();
    tokio::spawn(asking.go_on(asked, tell));
    let mut looks = interval(LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut may_differ = true;
    loop {
        if may_differ {
            screen.show(&mut view).map_err(gone)?;
        }
        may_differ = true;
        // Cancel safe, all of them: what is not taken stays.
        tokio::select! {
            key = keys.recv() => match key {
                Some(Ok(event)) => match view.does(&event) {
                    Does::End => return Ok(()),
                    Does::Stop => {
                        screen.leave().map_err(gone)?;
                        screen::stop();
                        screen.enter().map_err(gone)?;
                    }
                    Does::GoOn => {}
                },
                Some(Err(error)) => return Err(gone(error)),
                None => return Err(Failure::Running("nothing reads the keys any more".to_owned())),
            },
            news = told.recv() => match news {
                Some(news) => view.hear(news),
                None => return Err(Failure::Running("nothing asks the manager any more".to_owned())),
            },
            () = signals.next() => return Ok(()),
            _ = hangups.recv() => return Ok(()),
            // Whoever stopped it may have left the terminal in any state.
            _ = goes_on.recv() => screen.enter().map_err(gone)?,
            _ = looks.tick() => match is_hung_up() {
                true => return Err(gone("hung up")),
                false => may_differ = false,
            },
        }
        let asks = view.asks();
        ask.send_if_modified(|before| {
            let is_new = *before != asks;
            *before = asks;
            is_new
        });
    }
}

/// Whether nobody is at the terminal any more. A read would not say so: it gives nothing, again and again.
fn is_hung_up() -> bool {
    let stdin = stdin();
    let mut looked_at = [PollFd::new(&stdin, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut looked_at, Some(&at_once)).is_ok()
        && looked_at[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
}

fn gone(why: impl std::fmt::Display) -> Failure {
    Failure::Running(format!("the terminal is gone: {why}"))
}
