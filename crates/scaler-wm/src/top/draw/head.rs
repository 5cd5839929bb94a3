//! The bars at the top and at the bottom, and how the manager stands.

use scaler_wm_control::{stage_word, v1};

use super::{Line, Look, Paper, Rect, Tone, lines, plain, width};
use crate::{
    ctl::{clock, notes_of, or_dash},
    top::{glyphs::Glyphs, view::View},
};

/// What is watched, and whether the picture is alive.
pub(super) fn bar(paper: &mut Paper<'_>, area: Rect, view: &View) {
    let glyphs = &paper.look.glyphs;
    let (managers, at) = view.managers();
    let mut right = Vec::new();
    if managers.len() > 1 {
        right.push(format!("manager {} of {}", at + 1, managers.len()));
    }
    if view.is_paused {
        right.push(format!("PAUSED at {}", clock(view.at)));
    }
    if view.gone.is_some() {
        right.push("NO ANSWER".to_owned());
    }
    let right = right.join(&format!(" {} ", glyphs.dot));
    let left = match view.manager() {
        Some(manager) => {
            let name = plain(&manager.manager, glyphs);
            format!(" {name}  {}  {} ", plain(&manager.r#type, glyphs), stage_word(manager.stage))
        }
        None => " scaler-wm top ".to_owned(),
    };
    let right = if right.is_empty() { String::new() } else { format!("{right} ") };
    paper.bar(area, &left, &right, " ", Tone::Bar);
}

/// The keys; those that go in, the needed ones first.
pub(super) fn keys(paper: &mut Paper<'_>, area: Rect, view: &View) {
    let Glyphs { up_down, left_right, .. } = paper.look.glyphs;
    let (managers, _) = view.managers();
    let several = (managers.len() > 1).then(|| format!("{left_right} manager"));
    let pause = if view.is_paused { "p go on" } else { "p pause" };
    let all: Vec<String> = if view.is_help {
        vec!["any key goes back".to_owned(), "q quit".to_owned()]
    } else {
        [Some("q quit".to_owned()), Some("? help".to_owned()), Some("Tab next part".to_owned()), several]
            .into_iter()
            .flatten()
            .chain([format!("{up_down} PgUp/Dn"), pause.to_owned(), "s sort".to_owned()])
            .collect()
    };
    let mut text = String::new();
    for key in &all {
        if width(&text) + width(key) + 2 <= area.width.into() {
            text.push_str(&format!(" {key} "));
        }
    }
    paper.bar(area, &text, "", " ", Tone::Bar);
}

/// What is not as it should be, or not as it usually is.
pub(super) fn notes(view: &View, look: &Look, columns: usize) -> Vec<Line> {
    let mut notes = Vec::new();
    if let Some((since, why)) = &view.gone {
        let (since, told) = (clock(*since), clock(view.at));
        let text = format!("! no answer since {since}, asked again every second; below: as of {told}");
        notes.extend(lines(&text, Tone::Bad, columns, 2));
        let text = format!("  {}", plain(why, &look.glyphs));
        notes.extend(lines(&text, Tone::Bad, columns, 2));
    }
    let Some(manager) = view.manager() else { return notes };
    if manager.is_failing {
        notes.extend(lines("! it fails to bring what is wanted", Tone::Bad, columns, 2));
    }
    for note in notes_of(manager, view.at) {
        notes.extend(lines(&format!("! {}", plain(&note, &look.glyphs)), Tone::Warning, columns, 2));
    }
    notes
}

/// Figures, the scheduler, limits: what matters most first, as there may not be room for all.
pub(super) fn facts(view: &View, look: &Look, columns: usize) -> Vec<Line> {
    let Some(manager) = view.manager() else { return Vec::new() };
    let mut figures = Vec::new();
    if manager.wanted != manager.desired {
        figures.push(format!("wanted {}", or_dash(manager.wanted)));
    }
    figures.push(format!("desired {}", or_dash(manager.desired)));
    if manager.target != manager.desired {
        figures.push(format!("target {}", or_dash(manager.target)));
    }
    figures.extend([
        format!("observed {}", manager.observed),
        format!("running {}", manager.running),
        format!("draining {}", manager.draining),
        format!("on order {}", manager.on_order),
        format!("tasks {}", manager.tasks),
    ]);
    let (scheduler, tone) = scheduler(&manager.link.clone().unwrap_or_default(), look);
    let mut lines = flow(&figures, Tone::Strong, columns);
    lines.extend(flow(&scheduler, tone, columns));
    lines.extend(flow(&limits(manager, view, look), Tone::Plain, columns));
    lines
}

fn scheduler(link: &v1::SchedulerLink, look: &Look) -> (Vec<String>, Tone) {
    let state = if link.is_up { "scheduler answers" } else { "scheduler AWAY: nothing is started or let go" };
    let mut words = vec![state.to_owned()];
    if !link.peer.is_empty() {
        words.push(plain(&link.peer, &look.glyphs).into_owned());
    }
    if !link.wire_version.is_empty() {
        words.push(format!("wire {}", plain(&link.wire_version, &look.glyphs)));
    }
    if let Some(lag) = link.heartbeat_lag_seconds {
        words.push(format!("lag {:.1} ms", lag * 1000.0));
    }
    (words, if link.is_up { Tone::Plain } else { Tone::Bad })
}

fn limits(manager: &v1::ManagerStatus, view: &View, look: &Look) -> Vec<String> {
    let limits = manager.limits.unwrap_or_default();
    let most = limits.most_units.map_or_else(|| "no limit".to_owned(), |most| format!("at most {most} units"));
    let mut words = vec![most, format!("task concurrency {} each", limits.task_concurrency_per_unit)];
    if !manager.place.is_empty() {
        words.push(plain(&manager.place, &look.glyphs).into_owned());
    }
    words.push(format!("process {}", view.status.pid));
    words
}

/// Words side by side, none of them broken where a line is long enough for it.
fn flow(words: &[String], tone: Tone, columns: usize) -> Vec<Line> {
    let mut all: Vec<String> = Vec::new();
    for word in words {
        match all.last_mut() {
            Some(line) if width(line) + 3 + width(word) <= columns => {
                line.push_str("   ");
                line.push_str(word);
            }
            _ => all.push(word.clone()),
        }
    }
    all.iter().flat_map(|line| lines_of(line, tone, columns)).collect()
}

fn lines_of(line: &str, tone: Tone, columns: usize) -> Vec<Line> {
    if width(line) <= columns { vec![Line::new(line, tone)] } else { lines(line, tone, columns, 2).collect() }
}
