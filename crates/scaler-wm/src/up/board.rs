//! What `up` tells while it works, on standard error: for people, or as JSON lines.

use std::time::Instant;

use serde_json::{Value, json};

use crate::exit::say;

/// What is told of one part.
#[derive(Clone, Debug)]
pub(super) struct Card {
    /// Its name: the section, and the id of a manager.
    pub(super) name: String,
    /// Where it is to be found, or where it goes.
    pub(super) addresses: Vec<String>,
    /// Where its log goes.
    pub(super) logs: Vec<String>,
}

/// Tells what goes on.
#[derive(Debug)]
pub(super) struct Board {
    began: Instant,
    is_json: bool,
    /// Columns of the longest name.
    width: usize,
}

impl Board {
    pub(super) fn new(is_json: bool, cards: &[Card]) -> Self {
        let width = cards.iter().map(|card| card.name.chars().count()).max().unwrap_or_default();
        Self { began: Instant::now(), is_json, width }
    }

    /// Columns of the longest name.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    fn seconds(&self) -> f64 {
        (self.began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
    }

    /// Something happened to a part.
    pub(super) fn tell(&self, card: &Card, event: &str, detail: &str) {
        if self.is_json {
            let mut line = json!({ "part": card.name, "event": event, "seconds": self.seconds() });
            if !detail.is_empty() {
                line["detail"] = Value::from(detail);
            }
            return say(&format!("{line}\n"));
        }
        let gap = if detail.is_empty() { "" } else { " " };
        say(&format!("{:>7.2} s  {:<width$}  {event}{gap}{detail}\n", self.seconds(), card.name, width = self.width));
    }

    /// Everything is up: what there is, where, and where logs go.
    /// But for those that wait for somebody else's scheduler, whom `waiting` names.
    pub(super) fn all_up(&self, cards: &[Card], waiting: &[String]) {
        if self.is_json {
            let parts: Vec<Value> = cards
                .iter()
                .map(|card| json!({ "part": card.name, "addresses": card.addresses, "logs": card.logs }))
                .collect();
            return say(&format!(
                "{}\n",
                json!({ "event": "all up", "seconds": self.seconds(), "parts": parts, "waiting": waiting })
            ));
        }
        say(&table(cards, self.width));
        let what = if waiting.is_empty() {
            "everything is up".to_owned()
        } else {
            format!("everything else is up, {} not yet heard by a scheduler,", waiting.join(", "))
        };
        say(&format!("{what} after {:.2} s; Ctrl-C or SIGTERM stops it\n", self.seconds()));
    }

    /// All of it is stopping, for a reason.
    pub(super) fn stopping(&self, reason: &str) {
        if self.is_json {
            return say(&format!("{}\n", json!({ "event": "stopping", "seconds": self.seconds(), "detail": reason })));
        }
        say(&format!("{:>7.2} s  stopping everything: {reason}\n", self.seconds()));
    }
}

/// A row for each part: name, address, log; more addresses and logs below.
fn table(cards: &[Card], width: usize) -> String {
    let columns = cards.iter().flat_map(|card| &card.addresses).map(|address| address.chars().count());
    let address_width = columns.max().unwrap_or_default().max("address".len());
    let width = width.max("part".len());
    let mut text = format!("\n  {:<width$}  {:<address_width$}  log\n", "part", "address");
    for card in cards {
        let rows = card.addresses.len().max(card.logs.len()).max(1);
        for row in 0..rows {
            let name = if row == 0 { &*card.name } else { "" };
            let address = card.addresses.get(row).map_or("", String::as_str);
            let log = card.logs.get(row).map_or("", String::as_str);
            let line = format!("  {name:<width$}  {address:<address_width$}  {log}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lines_up_and_fits() {
        let card = |name: &str, addresses: &[&str], logs: &[&str]| Card {
            name: name.to_owned(),
            addresses: addresses.iter().map(|text| (*text).to_owned()).collect(),
            logs: logs.iter().map(|text| (*text).to_owned()).collect(),
        };
        let cards = [
            card("object_storage_server", &["tcp://127.0.0.1:8517"], &["this output"]),
            card("scheduler", &["tcp://127.0.0.1:8516", "tcp://127.0.0.1:8518"], &["/v/scheduler.log"]),
        ];
        let text = table(&cards, 21);
        assert_eq!(
            text,
            "
  part                   address               log
  object_storage_server  tcp://127.0.0.1:8517  this output
  scheduler              tcp://127.0.0.1:8516  /v/scheduler.log
                         tcp://127.0.0.1:8518

"
        );
    }
}
