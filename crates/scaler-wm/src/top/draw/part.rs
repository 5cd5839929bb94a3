//! What is in each of the parts that are scrolled.

use super::{Line, Look, Tone, lines, plain};
use crate::{
    ctl::{clock, or_dash},
    top::view::View,
};

/// Why there are not more or fewer units, and what was decided.
pub(super) fn why(view: &View, look: &Look, columns: usize) -> Vec<Line> {
    let Some(round) = view.round() else { return vec![waiting()] };
    let told = &round.explanation;
    let mut all: Vec<Line> = Vec::new();
    let mut add = |text: &str, tone: Tone, indent: usize| {
        all.extend(lines(&plain(text, &look.glyphs), tone, columns, indent));
    };
    add(&told.now, Tone::Strong, 2);
    for (word, reasons) in [("Not more: ", &told.not_more), ("Not fewer: ", &told.not_fewer)] {
        for reason in reasons {
            add(&format!("{word}{reason}"), Tone::Plain, 2);
        }
    }
    for decision in &told.decisions {
        add(&format!("{}  {}", clock(decision.at_ms), decision.cause), Tone::Plain, 11);
        for effect in &decision.effects {
            add(&format!("           -> {effect}"), Tone::New, 14);
        }
        if decision.effects.is_empty() {
            let target = or_dash(decision.target);
            add(&format!("           -> target {target}, {} there", decision.observed), Tone::Plain, 14);
        }
    }
    all
}

/// What has happened, the newest first.
pub(super) fn events(view: &View, look: &Look, columns: usize) -> Vec<Line> {
    let Some(round) = view.round() else { return vec![waiting()] };
    if round.events.is_empty() {
        return vec![Line::new("nothing has happened yet", Tone::Plain)];
    }
    let of = |event: &scaler_wm_control::v1::Event| format!("{}  {}", clock(event.at_ms), event.text);
    let texts = round.events.iter().rev().map(of);
    texts.flat_map(|text| lines(&plain(&text, &look.glyphs), Tone::Plain, columns, 11)).collect()
}

/// Nothing has been told of a manager that has just been chosen.
pub(super) fn waiting() -> Line {
    Line::new("asking", Tone::Plain)
}
