//! The parts that are scrolled: units, why, events. Where there is room for one only, it is the one that was chosen.

use super::{Line, Paper, Rect, Tone, part, take, units};
use crate::top::view::{Pane, View};

/// From this width on, units have a column of their own.
const BESIDE_FROM: u16 = 120;
/// From this height on, all parts are seen at once.
const ALL_FROM: u16 = 11;

/// Draws as many as there is room for.
pub(super) fn draw(paper: &mut Paper<'_>, area: Rect, view: &mut View) {
    if area.height < ALL_FROM {
        let mut content = Content::new(paper, view, view.pane, area.width);
        return content.draw(paper, area, view, true);
    }
    let is_beside = area.width >= BESIDE_FROM;
    let units = if is_beside { area.width / 5 * 3 } else { area.width };
    let left = Rect { width: units, ..area };
    let right = if is_beside { Rect { x: area.x + units + 2, width: area.width - units - 2, ..area } } else { area };
    let widths = [left.width, right.width, right.width];
    let mut contents = Pane::ALL.map(|pane| Content::new(paper, view, pane, widths[pane as usize]));
    if is_beside {
        let needs = [0, contents[1].needs(), contents[2].needs()];
        let heights = heights(needs, view.pane, area.height.into());
        let mut rest = right;
        let areas = [left, take(&mut rest, heights[1]), take(&mut rest, heights[2])];
        contents.iter_mut().zip(areas).for_each(|(content, area)| content.draw(paper, area, view, false));
    } else {
        let needs = [contents[0].needs(), contents[1].needs(), contents[2].needs()];
        let mut rest = area;
        for (content, height) in contents.iter_mut().zip(heights(needs, view.pane, area.height.into())) {
            let area = take(&mut rest, height);
            content.draw(paper, area, view, false);
        }
    }
}

/// How many lines each part gets: all a quarter if they need it, and what is left goes to the chosen one first.
fn heights(needs: [usize; 3], chosen: Pane, room: usize) -> [u16; 3] {
    let mut heights = needs.map(|need| need.min(room / 4));
    let others = Pane::ALL.into_iter().filter(|pane| *pane != chosen);
    for at in std::iter::once(chosen).chain(others).map(|pane| pane as usize) {
        let left = room.saturating_sub(heights.iter().sum());
        heights[at] += left.min(needs[at] - heights[at]);
    }
    // What nobody needs is empty, at the end.
    heights[2] += room.saturating_sub(heights.iter().sum());
    heights.map(|height| u16::try_from(height).unwrap_or(u16::MAX))
}

/// What is in a part.
enum Content {
    Units(units::Table, Option<Line>),
    Lines(Pane, Vec<Line>),
}

impl Content {
    fn new(paper: &Paper<'_>, view: &View, pane: Pane, columns: u16) -> Self {
        let columns = usize::from(columns);
        match pane {
            Pane::Units => {
                let table = units::table(view, paper.look, columns);
                let instead = match view.round() {
                    None => Some(part::waiting()),
                    Some(_) if table.len() == 0 => Some(Line::new("there are no units: see Why", Tone::Plain)),
                    Some(_) => None,
                };
                Self::Units(table, instead)
            }
            Pane::Why => Self::Lines(pane, part::why(view, paper.look, columns)),
            Pane::Events => Self::Lines(pane, part::events(view, paper.look, columns)),
        }
    }

    const fn pane(&self) -> Pane {
        match self {
            Self::Units(..) => Pane::Units,
            Self::Lines(pane, _) => *pane,
        }
    }

    /// Lines that are scrolled.
    fn len(&self) -> usize {
        match self {
            Self::Units(table, _) => table.len(),
            Self::Lines(_, lines) => lines.len(),
        }
    }

    /// Lines that all of it takes, its title included.
    fn needs(&self) -> usize {
        1 + self.len() + usize::from(matches!(self, Self::Units(..)))
    }

    fn title(&self, view: &View) -> String {
        match self {
            Self::Units(table, _) => format!("Units: {}, by {}", table.len(), view.order.word()),
            Self::Lines(Pane::Events, _) => "Events, newest first".to_owned(),
            Self::Lines(..) => "Why, and the last decisions".to_owned(),
        }
    }

    /// Draws it, and remembers how much was seen of it. Alone, its title says which other parts there are.
    fn draw(&mut self, paper: &mut Paper<'_>, area: Rect, view: &mut View, is_alone: bool) {
        let glyphs = &paper.look.glyphs;
        let mut rest = area;
        let title = take(&mut rest, 1);
        let heading = match self {
            Self::Units(table, None) if rest.height > 1 => Some((take(&mut rest, 1), table.heading(paper.look))),
            _ => None,
        };
        let room = usize::from(rest.height);
        let at = self.pane() as usize;
        let first = view.offsets[at].min(self.len().saturating_sub(room));
        (view.offsets[at], view.rooms[at]) = (first, room);
        let seen = match self {
            Self::Units(_, Some(instead)) => vec![instead.clone()],
            Self::Units(table, None) => table.lines(first, room, paper.look),
            Self::Lines(_, lines) => lines[first..].to_vec(),
        };
        let (mark, tone) = match self.pane() == view.pane {
            true => (glyphs.mark, Tone::Strong),
            false => (glyphs.rule, Tone::Plain),
        };
        let left = format!("{mark} {} ", self.title(view));
        let last = (first + room).min(self.len());
        let mut right =
            if room < self.len() { format!(" {}-{last} of {} ", first + 1, self.len()) } else { String::new() };
        if is_alone {
            let others = Pane::ALL.into_iter().filter(|pane| *pane != view.pane).map(name).collect::<Vec<_>>();
            right.push_str(&format!(" Tab: {} ", others.join(", ")));
        }
        right.push_str(glyphs.rule);
        paper.bar(title, &left, &right, glyphs.rule, tone);
        if let Some((room, heading)) = heading {
            paper.write(room, 0, &heading.text, heading.tone);
        }
        paper.write_all(rest, &seen);
    }
}

const fn name(pane: Pane) -> &'static str {
    match pane {
        Pane::Units => "units",
        Pane::Why => "why",
        Pane::Events => "events",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_part_gets_what_the_others_leave() {
        assert_eq!(heights([1000, 50, 500], Pane::Units, 16), [8, 4, 4]);
        assert_eq!(heights([1000, 50, 500], Pane::Events, 16), [4, 4, 8]);
        assert_eq!(heights([3, 50, 500], Pane::Units, 16), [3, 9, 4]);
        assert_eq!(heights([3, 4, 2], Pane::Why, 16), [3, 4, 9]);
        assert_eq!(heights([3, 4, 2], Pane::Why, 0), [0, 0, 0]);
    }
}
