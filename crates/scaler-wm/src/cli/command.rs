//! clap's command, made of the declarations.

use clap::{Arg, ArgAction, Command, builder::StyledStr};
use scaler_wm_core::options::{Kind, OptionSpec, Preset};

use super::options;
use crate::{
    backends::{BACKENDS, Backend, ELSEWHERE},
    exit::EXIT_CODES,
};

/// The id of `-c`.
pub(super) const CONFIG: &str = "config";
/// The id of `--allow-unknown-keys`.
pub(super) const ALLOW_UNKNOWN_KEYS: &str = "allow_unknown_keys";

/// Flags that are no options: short name, if any, and long one.
pub(super) const BUILTIN: &[(Option<&str>, &str)] =
    &[(Some("c"), "config"), (None, "allow-unknown-keys"), (Some("h"), "help")];

/// Columns of a help text: 80, less the indentation that clap gives it.
const COLUMNS: usize = 70;

/// The whole command.
pub(super) fn command() -> Command {
    Command::new("scaler-wm")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Worker managers for OpenGRIS Scaler: workers as its scheduler wants them.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("TYPE")
        .subcommand_help_heading("Types of worker managers")
        .disable_help_subcommand(true)
        .override_usage("scaler-wm TYPE [FLAGS] [ADDRESS] [-c FILE]")
        .after_help(format!(
            "{}`scaler-wm TYPE --help` lists the flags of a type.\n\n{EXIT_CODES}\n\nExample:\n  {}",
            elsewhere(),
            BACKENDS.first().map_or("", |backend| backend.example)
        ))
        .subcommands(BACKENDS.iter().map(subcommand))
}

fn subcommand(backend: &'static Backend) -> Command {
    Command::new(backend.name)
        .about(backend.about)
        .next_line_help(true)
        .override_usage(format!("scaler-wm {} [FLAGS] [ADDRESS] [-c FILE]", backend.name))
        .args(options(backend).into_iter().map(argument))
        .arg(
            Arg::new(CONFIG)
                .short('c')
                .long("config")
                .value_name("FILE")
                .help_heading("Files")
                .help(wrapped("TOML file; its one [[worker_manager]] entry of this type gives what no flag gives.")),
        )
        .arg(
            Arg::new(ALLOW_UNKNOWN_KEYS)
                .long("allow-unknown-keys")
                .action(ArgAction::SetTrue)
                .help_heading("Files")
                .help("Warn of keys that nobody knows, instead of refusing them."),
        )
        .after_help(format!(
            "Every flag is also a TOML key, with underscores. Flags go before keys.\n\n{EXIT_CODES}\n\n\
             Examples:\n  {}\n  scaler-wm {} -c config.toml",
            backend.example, backend.name
        ))
}

/// The types of the released package that this build lacks, with what brings each.
fn elsewhere() -> String {
    let lines: String = ELSEWHERE.iter().map(|(kind, what)| format!("  {kind:<16}  {what}\n")).collect();
    if lines.is_empty() { lines } else { format!("Not in this build:\n{lines}\n") }
}

fn argument(spec: &'static OptionSpec) -> Arg {
    let argument = Arg::new(spec.key).hide(spec.is_hidden).help(help(spec));
    if spec.is_positional {
        return argument.value_name(spec.value_name).required(false);
    }
    let argument = argument.long(spec.long()).help_heading(spec.group.heading());
    match spec.kind {
        Kind::Flag => argument.action(ArgAction::SetTrue).overrides_with(spec.key),
        // The last one counts, as with the released package.
        Kind::Texts => {
            argument.value_name(spec.value_name).num_args(1..).action(ArgAction::Set).overrides_with(spec.key)
        }
        _ => argument
            .value_name(spec.value_name)
            .action(ArgAction::Set)
            .overrides_with(spec.key)
            .allow_negative_numbers(matches!(spec.kind, Kind::Integer { .. } | Kind::Float)),
    }
}

/// Short flag, help and default, as one text: clap knows nothing of short flags with several letters.
fn help(spec: &OptionSpec) -> StyledStr {
    let short = spec.short.map(|short| format!("[-{short}] ")).unwrap_or_default();
    let preset = match (spec.preset_text(), spec.preset) {
        (Some(text), _) if !text.is_empty() => format!(" [default: {text}]"),
        (_, Preset::Required) => " [required, here or in the file]".to_owned(),
        _ => String::new(),
    };
    wrapped(&format!("{short}{}{preset}", spec.help)).into()
}

/// The same words in lines: clap wraps none without a feature that asks the terminal for its size.
fn wrapped(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > COLUMNS {
            lines.push('\n');
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines
}
