//! Whole files.

use fastrand::Rng;

use super::TYPES;
use super::case::Case;
use super::choice::{Chosen, choose};
use super::given::Given;
use super::mistake::Mistake;
use super::toml::lines;
use crate::released::{Described, Surface};

const PARTS: [&str; 3] = ["object_storage_server", "scheduler", "gui"];

/// A section that is being put together.
struct Section<'a> {
    kind: &'a str,
    options: &'a [Described],
    chosen: Chosen,
}

/// A file that runs, or has one mistake; `needed` is a type of manager that it must have.
pub(crate) fn file_case(surface: &Surface, mistake: Option<Mistake>, needed: Option<&str>, rng: &mut Rng) -> Case {
    let mut case = Case { mistake: mistake.map(Mistake::name), ..Case::default() };
    if mistake == Some(Mistake::NothingToStart) {
        case.toml = Some((*rng.choice(&["", "# nothing\n", "[top]\na = 1\n"]).unwrap_or(&"")).to_owned());
        return case;
    }
    let mut kinds: Vec<&str> = PARTS.into_iter().filter(|_| rng.bool()).collect();
    let managers = rng.usize(..4);
    kinds.extend((0..managers).filter_map(|_| rng.choice(TYPES)));
    // An object storage server alone has no numbers.
    let is_poor = kinds.iter().all(|kind| *kind == PARTS[0]);
    kinds.extend(needed.or(Some("symphony").filter(|_| is_poor)));
    if kinds.iter().filter(|kind| TYPES.contains(kind)).count() > 1 {
        case.features.push("several managers");
    }
    let mut sections: Vec<Section<'_>> = kinds
        .into_iter()
        .map(|kind| {
            let options = surface[kind].as_slice();
            Section { kind, options, chosen: choose(kind, options, rng) }
        })
        .collect();
    // No two managers may share one.
    for (index, section) in sections.iter_mut().enumerate() {
        if let Some((_, given)) = section.chosen.iter_mut().find(|(key, _)| key == "worker_manager_id") {
            *given = Given::Word(format!("manager {index}"));
        }
    }
    if let Some(mistake) = mistake {
        let last = sections.len() - 1;
        let mut places: Vec<usize> = if needed.is_some() { vec![last] } else { (0..=last).collect() };
        rng.shuffle(&mut places);
        // Not every section has options with which it can be made.
        case.wrong = places.into_iter().find_map(|place| {
            let section = &mut sections[place];
            Some(mistake.make(section.kind, section.options, &mut section.chosen, true, rng)?.0)
        });
    }
    case.toml = Some(document(&sections, mistake, &mut case.features, rng));
    case
}

fn document(
    sections: &[Section<'_>],
    mistake: Option<Mistake>,
    features: &mut Vec<&'static str>,
    rng: &mut Rng,
) -> String {
    let managers = sections.iter().filter(|section| TYPES.contains(&section.kind)).count();
    let is_array = managers > 1 || rng.bool();
    let mut texts = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let mut own = String::new();
        let (header, name) = if !TYPES.contains(&section.kind) {
            (format!("[{}]", section.kind), section.kind)
        } else if is_array {
            ("[[worker_manager]]".to_owned(), "worker_manager")
        } else {
            ("[worker_manager]".to_owned(), "worker_manager")
        };
        if name == "worker_manager" {
            let is_wrong = index == sections.len() - 1;
            own = match mistake.filter(|_| is_wrong) {
                Some(Mistake::UntypedEntry) => String::new(),
                Some(Mistake::UnknownType) => "type = \"aws_lambda\"\n".to_owned(),
                _ => format!("type = \"{}\"\n", section.kind),
            };
        }
        let (grouped, flat) = parted(section, rng);
        own.extend(lines(&flat, rng, features).into_iter().map(|line| line + "\n"));
        let mut text = format!("{header}\n{own}");
        if let Some((group, chosen)) = grouped {
            features.push("table of a group");
            text.push_str(&format!("[{name}.{group}]\n{}\n", lines(&chosen, rng, features).join("\n")));
        }
        texts.push(text);
    }
    rng.shuffle(&mut texts);
    let mut text = texts.join("\n");
    if mistake == Some(Mistake::NoToml) {
        text.push_str(rng.choice(&["x =\n", "[worker_manager\n", "= 3\n", "b = tru\n", "a = \"\n"]).unwrap_or(&"="));
    }
    text
}

/// Sometimes one group of the options is written as a table of its own; the package then looks nowhere else for them.
fn parted(section: &Section<'_>, rng: &mut Rng) -> (Option<(String, Chosen)>, Chosen) {
    let group_of = |key: &str| {
        let option = section.options.iter().find(|option| option.key == key);
        option.and_then(|option| option.group.clone())
    };
    let groups: Vec<String> = section.chosen.iter().filter_map(|(key, _)| group_of(key)).collect();
    let group = rng.choice(&groups).filter(|_| rng.u8(..3) == 0);
    match group {
        None => (None, section.chosen.clone()),
        Some(group) => {
            let is_in = |(key, _): &(String, Given)| group_of(key).as_ref() == Some(group);
            let (grouped, flat) = section.chosen.iter().cloned().partition(is_in);
            (Some((group.clone(), grouped)), flat)
        }
    }
}
