//! Short flags of several letters, which clap does not know: each becomes its long one.

use std::collections::HashMap;

use scaler_wm_core::options::{Alias, OptionSpec};

/// The same command line with long flags. Only whole tokens are flags: what follows `--` is left alone.
pub(super) fn with_long_flags(arguments: &[String], options: &[&OptionSpec]) -> Vec<String> {
    let mut long: HashMap<String, String> = HashMap::new();
    for spec in options {
        let aliases = spec.aliases.iter().filter_map(|alias| match alias {
            Alias::Short(short) => Some(*short),
            Alias::Long(_) => None,
        });
        for short in spec.short.into_iter().chain(aliases) {
            long.insert(format!("-{short}"), format!("--{}", spec.long()));
        }
    }
    let mut is_over = false;
    arguments
        .iter()
        .map(|argument| {
            is_over |= argument == "--";
            if is_over {
                return argument.clone();
            }
            let (flag, value) =
                argument.split_once('=').map_or((&**argument, None), |(flag, value)| (flag, Some(value)));
            match (long.get(flag), value) {
                (Some(long), None) => long.clone(),
                (Some(long), Some(value)) => format!("{long}={value}"),
                (None, _) => argument.clone(),
            }
        })
        .collect()
}
