//! Desired and observed over time, one above the other: side by side they differ without a colour.

use ratatui::widgets::{Sparkline, SparklineBar, Widget};

use super::{Paper, Rect, Tone, take};
use crate::{
    ctl::{clock, or_dash, time},
    top::{history::Sample, view::View},
};

/// Columns of the words before a bar.
const WORDS: u16 = 16;

type Figure = fn(&Sample) -> Option<u32>;

/// Lines of the whole, in a window of so many.
pub(super) fn height(of_all: u16) -> u16 {
    1 + 2 * (of_all / 12).clamp(1, 4)
}

/// Draws it.
pub(super) fn draw(paper: &mut Paper<'_>, area: Rect, view: &View) {
    let (Some(history), Some(manager)) = (view.history(), view.manager()) else { return };
    let glyphs = &paper.look.glyphs;
    let (columns, step) = history.columns(area.width.saturating_sub(WORDS).into());
    let most = columns.iter().flatten().map(|sample| sample.observed.max(sample.desired.unwrap_or(0))).max();
    let most = most.unwrap_or(0).max(1);
    let mut rest = area;
    let title = take(&mut rest, 1);
    let left = format!("{0} Since {1}, {2} a column ", glyphs.rule, clock(history.began()), time(step));
    paper.bar(title, &left, &format!(" highest {most} {}", glyphs.rule), glyphs.rule, Tone::Plain);

    let each = rest.height / 2;
    let desired: Figure = |sample| sample.desired;
    let observed: Figure = |sample| Some(sample.observed);
    for (word, now, tone, figure) in [
        ("desired", or_dash(manager.desired), Tone::New, desired),
        ("observed", manager.observed.to_string(), Tone::Good, observed),
    ] {
        let room = take(&mut rest, each);
        // On the ground that the bar stands on.
        paper.write(Rect { width: WORDS.min(room.width), ..room }, each.saturating_sub(1), &label(word, &now), tone);
        let bars = Rect { x: room.x + WORDS.min(room.width), width: room.width.saturating_sub(WORDS), ..room };
        let bar = |sample: &Option<Sample>| SparklineBar::from(sample.as_ref().and_then(figure).map(u64::from));
        Sparkline::default()
            .data(columns.iter().map(bar))
            .max(most.into())
            .bar_set(glyphs.bars.clone())
            .absent_value_symbol(" ")
            .style(paper.look.style(tone))
            .render(bars, paper.buffer);
    }
}

fn label(word: &str, now: &str) -> String {
    format!("{word:<9}{now:>5} ")
}
