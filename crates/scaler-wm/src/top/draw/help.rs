//! What keys and words mean.

use super::{Line, Paper, Rect, Tone, lines};
use crate::top::view::View;

const KEYS: [(&str, &str); 8] = [
    ("q, Esc, Ctrl-C", "end"),
    ("Tab, Shift-Tab", "the next part, the one before: units, why, events"),
    ("Up, Down, PageUp, PageDown, Home, End", "scroll in that part"),
    ("Left, Right", "the manager before, the next one"),
    ("s", "sort units by state, tasks, age or name"),
    ("p", "pause, go on"),
    ("Ctrl-Z", "stop; `fg` goes on"),
    ("?", "this"),
];

const WORDS: [(&str, &str); 8] = [
    ("wanted", "units that the scheduler wants; shown if an operator's limits say otherwise"),
    ("desired", "the same within those limits"),
    ("target", "units aimed at, shown if others: fewer only after the cooldown"),
    ("observed", "units that are there"),
    ("running", "those of them that are up and stay"),
    ("draining", "those on their way out"),
    ("on order", "units that launches may still bring"),
    ("lag", "how long the scheduler took to answer the last heartbeat"),
];

/// Draws it.
pub(super) fn draw(paper: &mut Paper<'_>, area: Rect, view: &View) {
    let columns = usize::from(area.width);
    let mut all = vec![Line::new("Keys", Tone::Strong)];
    let add = |all: &mut Vec<Line>, (word, meaning): (&str, &str)| {
        all.extend(lines(&format!("  {word}: {meaning}"), Tone::Plain, columns, 6));
    };
    KEYS.into_iter().for_each(|one| add(&mut all, one));
    all.push(Line::new("Words", Tone::Strong));
    WORDS.into_iter().for_each(|one| add(&mut all, one));
    let about = format!("The manager is of scaler-wm {}. Times of day are UTC.", view.status.version);
    all.extend(lines(&super::plain(&about, &paper.look.glyphs), Tone::Plain, columns, 0));
    paper.write_all(area, &all);
}
