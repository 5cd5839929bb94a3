//! clap's command, made of the declarations.

use clap::{Arg, ArgAction, Command, builder::StyledStr};
use scaler_wm_core::options::{Alias, Kind, OptionSpec, Preset};

use super::options;
use crate::{
    backends::{BACKENDS, Backend},
    exit::EXIT_CODES,
};

/// The id of `-c`.
pub(super) const CONFIG: &str = "config";
/// The id of `--allow-unknown-keys`.
pub(super) const ALLOW_UNKNOWN_KEYS: &str = "allow_unknown_keys";

/// The whole command.
pub(super) fn command() -> Command {
    Command::new("scaler-wm")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Worker managers for OpenGRIS Scaler: start and stop workers as its scheduler wants.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("TYPE")
        .subcommand_help_heading("Types of worker managers")
        .disable_help_subcommand(true)
        .after_help(format!(
            "`scaler-wm TYPE --help` lists the flags of a type.\n\n{EXIT_CODES}\n\nExample:\n  {}",
            BACKENDS.first().map_or("", |backend| backend.example)
        ))
        .subcommands(BACKENDS.iter().map(subcommand))
}

fn subcommand(backend: &'static Backend) -> Command {
    Command::new(backend.name)
        .about(backend.about)
        .infer_long_args(true)
        .max_term_width(100)
        .next_line_help(true)
        .override_usage(format!("scaler-wm {} [FLAGS] [ADDRESS] [-c FILE]", backend.name))
        .args(options(backend).into_iter().map(argument))
        .arg(
            Arg::new(CONFIG)
                .short('c')
                .long("config")
                .value_name("FILE")
                .help_heading("Files")
                .help("TOML file; its one [[worker_manager]] entry of this type gives what no flag gives."),
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

fn argument(spec: &'static OptionSpec) -> Arg {
    let argument = Arg::new(spec.key).hide(spec.is_hidden).help(help(spec));
    if spec.is_positional {
        return argument.value_name(spec.value_name).required(false);
    }
    let long_aliases = spec.aliases.iter().filter_map(|alias| match alias {
        Alias::Long(long) => Some(*long),
        Alias::Short(_) => None,
    });
    let argument = argument.long(spec.long()).help_heading(spec.group.heading()).aliases(long_aliases);
    match spec.kind {
        Kind::Flag => argument.action(ArgAction::SetTrue),
        // The last one counts, as with the released package.
        Kind::Texts => argument.value_name(spec.value_name).num_args(1..).action(ArgAction::Append),
        _ => argument
            .value_name(spec.value_name)
            .action(ArgAction::Set)
            .overrides_with(spec.key)
            .allow_hyphen_values(matches!(spec.kind, Kind::Integer { .. } | Kind::Float)),
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
    format!("{short}{}{preset}", spec.help).into()
}
