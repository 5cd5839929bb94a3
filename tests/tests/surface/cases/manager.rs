//! Command lines of one manager, with or without a file.

use fastrand::Rng;

use super::case::{Case, FILE};
use super::choice::{Chosen, another, choose};
use super::flags::Flags;
use super::given::Given;
use super::mistake::{Mistake, Place};
use super::toml::{around, lines};
use crate::released::Described;

/// The credentials that may come from the environment, with their keys.
const CREDENTIALS: [(&str, &str); 2] =
    [("aws_access_key_id", "AWS_ACCESS_KEY_ID"), ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY")];

/// A command line for a type of manager that runs, or has one mistake.
pub(crate) fn manager_case(kind: &str, options: &[Described], mistake: Option<Mistake>, rng: &mut Rng) -> Case {
    let mut case = Case { kind: Some(kind.to_owned()), mistake: mistake.map(Mistake::name), ..Case::default() };
    let mut chosen = choose(kind, options, rng);
    let wrong = mistake.and_then(|mistake| mistake.make(kind, options, &mut chosen, false, rng));

    case.wrong = wrong.as_ref().map(|(key, _)| key.clone());

    let needs_file = matches!(mistake, Some(Mistake::NoEntry | Mistake::SeveralEntries | Mistake::NoToml));
    let has_file = needs_file || rng.u8(..4) > 0;
    let (mut line, mut file) = (Chosen::new(), Chosen::new());
    for (key, given) in chosen {
        let is_wrong = wrong.as_ref().filter(|(wrong, _)| *wrong == key);
        let only_on_line = is_wrong.is_some_and(|(_, place)| *place == Place::Line);
        match rng.u8(..8) {
            _ if !has_file || only_on_line => line.push((key, given)),
            0..4 => line.push((key, given)),
            4 if is_wrong.is_none() && mistake != Some(Mistake::FixedWithoutLimit) => {
                case.features.push("command line over file");
                file.push((key.clone(), another(&key, rng)));
                line.push((key, given));
            }
            _ => file.push((key, given)),
        }
    }
    if kind == "aws_raw_ecs" {
        environment(&mut case, &line, &file, rng);
    }
    tell_addresses(&mut case, &line, &file);
    if !has_file {
        case.features.push("no file");
    }

    let flags = Flags::new(options);
    let mut words = Words::new(&flags, &line, &mut case.features, rng);
    if has_file {
        case.toml = Some(document(kind, &file, mistake, &mut case.features, rng));
        words.add_file(config(&mut case.features, rng));
    }
    case.arguments = words.in_any_order(mistake, &flags, rng);
    if mistake == Some(Mistake::UnknownType) {
        case.kind = Some((*rng.choice(&["aws_lambda", "native", "Symphony", ""]).unwrap_or(&"")).to_owned());
    }
    case
}

fn environment(case: &mut Case, line: &Chosen, file: &Chosen, rng: &mut Rng) {
    let has_keys = line.iter().chain(file).any(|(key, _)| CREDENTIALS.iter().any(|(name, _)| name == key));
    let has_both = rng.bool();
    for (key, variable) in CREDENTIALS {
        // Half a pair is none.
        if if has_keys { rng.bool() } else { !has_both } {
            continue;
        }
        case.environment.push((variable.to_owned(), "from the environment".to_owned()));
        let is_in = |chosen: &Chosen| chosen.iter().any(|(other, _)| other == key);
        case.features.push(match (is_in(line), is_in(file)) {
            (true, _) => "command line over environment",
            (false, true) => "environment over file",
            (false, false) => "environment alone",
        });
    }
}

fn tell_addresses(case: &mut Case, line: &Chosen, file: &Chosen) {
    let is_in = |chosen: &Chosen| chosen.iter().any(|(key, _)| key == "scheduler_address");
    case.features.extend(match (is_in(line), is_in(file)) {
        (true, true) => Some("address in both"),
        (true, false) => Some("address on the command line"),
        (false, true) => Some("address in the file only"),
        (false, false) => None,
    });
    let has_capabilities = |(key, given): &(String, Given)| {
        key == "per_worker_capabilities" && matches!(given, Given::Word(text) if text.contains(','))
    };
    if line.iter().chain(file).any(has_capabilities) {
        case.features.push("capabilities");
    }
}

fn config(features: &mut Vec<&'static str>, rng: &mut Rng) -> Vec<String> {
    let file = FILE.to_owned();
    match rng.u8(..7) {
        0 => vec!["--config".to_owned(), file],
        1 => vec![format!("--config={file}")],
        2 => {
            features.push("file given by an abbreviation");
            vec!["--conf".to_owned(), file]
        }
        3 => {
            features.push("file given at once");
            vec![format!("-c{file}")]
        }
        _ => vec!["-c".to_owned(), file],
    }
}

/// A command line that is being put together.
struct Words {
    /// The one word without a flag.
    address: Option<String>,
    /// Words that stay together, and whether a word after them would be taken for one of theirs.
    groups: Vec<(Vec<String>, bool)>,
}

impl Words {
    fn new(flags: &Flags<'_>, line: &Chosen, features: &mut Vec<&'static str>, rng: &mut Rng) -> Self {
        let mut words = Self { address: None, groups: Vec::new() };
        for (key, given) in line {
            let mut written = flags.written(key, given, rng, features);
            if key == "scheduler_address" {
                words.address = written.pop();
            } else {
                let is_open = matches!(given, Given::Words(_)) && !written[0].contains('=');
                words.groups.push((written, is_open));
            }
        }
        words
    }

    fn add_file(&mut self, file: Vec<String>) {
        self.groups.push((file, false));
    }

    /// All words, with those that are a mistake.
    fn in_any_order(mut self, mistake: Option<Mistake>, flags: &Flags<'_>, rng: &mut Rng) -> Vec<String> {
        let wrong = match mistake {
            Some(Mistake::UnknownFlag) => match rng.u8(..3) {
                0 => vec!["--scheduler-address=tcp://h:1".to_owned()],
                1 => vec!["-zz".to_owned(), "1".to_owned()],
                _ => vec!["--max-task-concurency".to_owned(), "1".to_owned()],
            },
            Some(Mistake::AmbiguousFlag) => vec![flags.ambiguous(rng), "1".to_owned()],
            Some(Mistake::FlagWithValue) => vec!["--hard-processor-suspend=true".to_owned()],
            _ => Vec::new(),
        };
        self.groups.push((wrong, false));
        rng.shuffle(&mut self.groups);
        let mut all = Vec::new();
        // The package takes the words of the file away first, so that an open group reaches over them.
        let places: Vec<usize> = (0..=self.groups.len())
            .filter(|place| {
                let before = self.groups[..*place].iter().rev();
                let mut before = before.skip_while(|(words, _)| words.is_empty() || is_file(words));
                !before.next().is_some_and(|(_, is_open)| *is_open)
            })
            .collect();
        let place = rng.choice(&places).copied().unwrap_or_default();
        for (index, (group, _)) in self.groups.iter().enumerate() {
            if index == place {
                all.extend(self.address.take());
            }
            all.extend(group.iter().cloned());
        }
        all.extend(self.address.take());
        match mistake {
            Some(Mistake::FlagWithoutValue) => all.push("--io-threads".to_owned()),
            Some(Mistake::WordTooMany) => {
                all.splice(0..0, ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2"].map(str::to_owned));
            }
            _ => {}
        }
        all
    }
}

fn is_file(words: &[String]) -> bool {
    words.last().is_some_and(|word| word.ends_with(FILE))
}

/// A file that has the manager's entry.
fn document(
    kind: &str,
    chosen: &Chosen,
    mistake: Option<Mistake>,
    features: &mut Vec<&'static str>,
    rng: &mut Rng,
) -> String {
    let mut own = lines(chosen, rng, features);
    let kind = if mistake == Some(Mistake::NoEntry) { "of_tomorrow" } else { kind };
    own.insert(rng.usize(..=own.len()), format!("type = \"{kind}\""));
    let is_several = mistake == Some(Mistake::SeveralEntries);
    let before = around(rng);
    let after = around(rng);
    if !before.is_empty() {
        features.push("other sections around");
    }
    // Tables cannot be written twice.
    let after = if before.is_empty() { after } else { String::new() };
    let layout = if is_several { rng.u8(2..5) } else { rng.u8(..5) };
    let mut text = match layout {
        0 => {
            features.push("table");
            format!("{before}[worker_manager]\n{}\n{after}", own.join("\n"))
        }
        1 => {
            features.push("inline");
            let table = format!("{{ {} }}", own.join(", "));
            let value = if rng.bool() { format!("[{table}]") } else { table };
            format!("worker_manager = {value}\n{before}{after}")
        }
        _ => {
            features.push("array of tables");
            let mut entries = vec![format!("[[worker_manager]]\n{}\n", own.join("\n"))];
            if is_several {
                entries.push(format!("[[worker_manager]]\ntype = \"{kind}\"\n"));
            }
            if rng.bool() {
                features.push("other entries around");
                entries.push("[[worker_manager]]\ntype = \"of_tomorrow\"\nio_threads = 0\n".to_owned());
                entries.push("[[worker_manager]]\nio_threads = 0\ntype = \"of_tomorrow_2\"\nx.y = 1\n".to_owned());
            }
            rng.shuffle(&mut entries);
            format!("{before}{}{after}", entries.join("\n"))
        }
    };
    if mistake == Some(Mistake::NoToml) {
        text.push_str(
            rng.choice(&["x =\n", "[worker_manager\n", "a = 1\na = 2\n", "= 3\n", "b = tru\n"]).unwrap_or(&"="),
        );
    }
    if rng.u8(..6) == 0 {
        features.push("carriage returns");
        text = text.replace('\n', "\r\n");
    }
    text
}
