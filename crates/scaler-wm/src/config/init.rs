//! A commented file to start from.

use scaler_wm_core::options::{Kind, OptionSpec, Preset, grouped};
use scaler_wm_options::{MANAGERS, PYTHON_MANAGERS, Section};

use crate::wrap::wrap;

/// Columns of a comment.
const COLUMNS: usize = 100;

/// The text of a file with one section: what is required is there, everything else a comment with its default.
pub(crate) fn init(section: &Section) -> String {
    let is_manager = MANAGERS.iter().chain(PYTHON_MANAGERS).any(|manager| manager.name == section.name);
    let mut text = format!("# {}\n", section.about);
    if is_manager {
        text.push_str(&format!("[[worker_manager]]\ntype = \"{}\"\n", section.name));
    } else {
        text.push_str(&format!("[{}]\n", section.name));
    }
    for (group, specs) in grouped(section.specs()) {
        text.push_str(&format!("\n# --- {}\n", group.heading()));
        for spec in specs {
            text.push_str(&format!("\n{}{}\n", comment(spec), key(spec)));
        }
    }
    text
}

fn comment(spec: &OptionSpec) -> String {
    let unit = match (spec.preset, spec.preset_text()) {
        (Preset::Required, _) => {
            format!(" Required{}.", spec.unless.map(|key| format!(" without {key}")).unwrap_or_default())
        }
        (Preset::Described(text), _) => format!(" Without it: {text}."),
        (Preset::Cpus, _) => " Without it: the number of CPUs.".to_owned(),
        _ => String::new(),
    };
    let variable = spec.environment.map(|variable| format!(" Environment variable: {variable}.")).unwrap_or_default();
    let text = format!("{}{unit}{variable}", spec.help);
    wrap(&text, COLUMNS - "# ".len()).into_iter().map(|line| format!("# {line}\n")).collect()
}

/// The key with its value; a comment unless it is required.
fn key(spec: &OptionSpec) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    let value = match (spec.preset, spec.kind) {
        (Preset::Integer(number), _) => number.to_string(),
        (Preset::Float(number), _) => format!("{number:?}"),
        (Preset::Texts(text), _) => format!("[{}]", quoted(text)),
        (Preset::Cpus, _) => "8".to_owned(),
        (_, Kind::Flag) => "false".to_owned(),
        (Preset::Text(text), _) if !text.is_empty() => quoted(text),
        _ => quoted(spec.sample.unwrap_or("…")),
    };
    let mark = if spec.preset == Preset::Required { "" } else { "# " };
    format!("{mark}{} = {value}", spec.key)
}

#[cfg(test)]
mod tests {
    use scaler_wm_options::PARTS;

    use super::*;

    fn all() -> impl Iterator<Item = &'static Section> {
        MANAGERS.iter().chain(PYTHON_MANAGERS).chain(PARTS).copied()
    }

    #[test]
    fn every_line_is_toml_when_the_comment_sign_is_taken_off() {
        for section in all() {
            let text: String = init(section)
                .lines()
                .map(|line| match line.strip_prefix("# ") {
                    Some(key) if key.contains(" = ") && !key.ends_with('.') => format!("{key}\n"),
                    _ => format!("{line}\n"),
                })
                .collect();
            let table: toml::de::DeTable<'_> = toml::de::DeTable::parse(&text)
                .unwrap_or_else(|error| panic!("{}: {error}\n{text}", section.name))
                .into_inner();
            assert_eq!(table.len(), 1, "{text}");
            for spec in section.specs().filter(|spec| !spec.is_hidden) {
                assert!(text.contains(&format!("\n{} = ", spec.key)), "{}: {}", section.name, spec.key);
            }
        }
    }
}
