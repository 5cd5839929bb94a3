//! From a view to a picture. Nothing else decides what is seen.

mod chart;
mod head;
mod help;
mod pane;
mod part;
mod units;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};

use super::{
    glyphs::Glyphs,
    text::{cut, plain, width, wrap},
    view::View,
};

/// From this height on there is a chart.
const CHART_FROM: u16 = 18;

/// What a line means. Each differs by its words, too: colours may be missing, and not everybody sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Plain,
    Strong,
    /// The bars above and below.
    Bar,
    Good,
    New,
    Warning,
    Bad,
}

/// How it looks.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) glyphs: Glyphs,
    pub(super) has_colours: bool,
}

impl Look {
    /// Of the sixteen colours that every terminal has, and whatever it has for background.
    fn style(&self, tone: Tone) -> Style {
        let (colour, modifier) = match tone {
            Tone::Plain => (None, Modifier::empty()),
            Tone::Strong => (None, Modifier::BOLD),
            Tone::Bar => (None, Modifier::REVERSED),
            Tone::Good => (Some(Color::Green), Modifier::empty()),
            Tone::New => (Some(Color::Cyan), Modifier::empty()),
            Tone::Warning => (Some(Color::Yellow), Modifier::BOLD),
            Tone::Bad => (Some(Color::Red), Modifier::BOLD),
        };
        let style = Style::new().add_modifier(modifier);
        match colour.filter(|_| self.has_colours) {
            Some(colour) => style.fg(colour),
            None => style,
        }
    }
}

/// A line of text.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    tone: Tone,
}

impl Line {
    fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// Lines of which none is wider than this, of one text.
fn lines(text: &str, tone: Tone, most: usize, indent: usize) -> impl Iterator<Item = Line> + use<> {
    wrap(text, most, indent).into_iter().map(move |text| Line { text, tone })
}

/// Where is drawn, and how.
struct Paper<'a> {
    look: &'a Look,
    buffer: &'a mut Buffer,
}

impl Paper<'_> {
    /// Writes one line of an area, which is counted from its top; outside nothing is written.
    fn write(&mut self, area: Rect, line: u16, text: &str, tone: Tone) {
        if line < area.height && area.width > 0 {
            let text = cut(text, area.width.into(), &self.look.glyphs);
            self.buffer.set_stringn(area.x, area.y + line, text, area.width.into(), self.look.style(tone));
        }
    }

    /// Writes lines from the top of an area on.
    fn write_all(&mut self, area: Rect, lines: &[Line]) {
        for (at, line) in (0..area.height).zip(lines) {
            self.write(area, at, &line.text, line.tone);
        }
    }

    /// A bar: text at both ends. The left one is cut for the right one to be seen.
    fn bar(&mut self, area: Rect, left: &str, right: &str, filler: &str, tone: Tone) {
        let glyphs = &self.look.glyphs;
        let room = usize::from(area.width);
        let right = cut(right, room.saturating_sub(8), glyphs);
        let left = cut(left, room.saturating_sub(width(&right)), glyphs);
        let filled = filler.repeat(room.saturating_sub(width(&left) + width(&right)));
        self.write(area, 0, &format!("{left}{filled}{right}"), tone);
    }
}

/// The next so many lines of what is left of an area.
fn take(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    let taken = Rect { height, ..*rest };
    rest.y += height;
    rest.height -= height;
    taken
}

/// Draws all of it.
pub(super) fn draw(view: &mut View, look: &Look, buffer: &mut Buffer) {
    let all = buffer.area;
    let mut rest = all;
    let mut paper = Paper { look, buffer };
    let bar = take(&mut rest, 1);
    head::bar(&mut paper, bar, view);
    if rest.height >= 3 {
        let keys = Rect { y: all.bottom() - 1, height: 1, ..all };
        rest.height -= 1;
        head::keys(&mut paper, keys, view);
    }
    if view.is_help {
        return help::draw(&mut paper, rest, view);
    }
    let columns = usize::from(all.width);
    let notes = head::notes(view, look, columns);
    let room = take(&mut rest, height_of(&notes).min((all.height / 4).max(1)));
    paper.write_all(room, &notes);
    let facts = head::facts(view, look, columns);
    let room = take(&mut rest, height_of(&facts).min((all.height / 3).max(1)));
    paper.write_all(room, &facts);
    if all.height >= CHART_FROM {
        let height = chart::height(all.height);
        let room = take(&mut rest, height);
        chart::draw(&mut paper, room, view);
    }
    pane::draw(&mut paper, rest, view);
}

fn height_of(lines: &[Line]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}
