//! What an option is.

/// One option, declared once.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// The TOML key, in snake case; the long flag is the same with hyphens.
    pub key: &'static str,
    /// The short flag without its hyphen; upstream's have several letters.
    pub short: Option<&'static str>,
    /// Further names on the command line.
    pub aliases: &'static [Alias],
    /// Whether it is given by position on the command line; by its key in TOML all the same.
    pub is_positional: bool,
    /// The environment variable, if it has one.
    pub environment: Option<&'static str>,
    /// What it takes.
    pub kind: Kind,
    /// What it is when nobody says.
    pub preset: Preset,
    /// Where `--help` lists it.
    pub group: Group,
    /// What stands for its value in `--help`, such as `SECONDS`.
    pub value_name: &'static str,
    /// A value to begin with, where there is no default: what a fresh configuration file shows.
    pub sample: Option<&'static str>,
    /// One or two sentences, with unit; the default is added from [`OptionSpec::preset`].
    pub help: &'static str,
    /// Whether `--help` leaves it out.
    pub is_hidden: bool,
    /// Whether it is ours: an abbreviation that begins it and one of the released package means the latter.
    pub is_ours: bool,
    /// The key of the option of which this is but another name on the command line; it has no value of its own.
    pub stands_for: Option<&'static str>,
    /// The key of an option that makes this one needless, if it is required otherwise.
    pub unless: Option<&'static str>,
}

/// A further name of an option on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alias {
    /// `--name`.
    Long(&'static str),
    /// `-name`.
    Short(&'static str),
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Nothing: it is there or not.
    Flag,
    /// A whole number of at least `min`, or `special`.
    Integer {
        /// The smallest one.
        min: i64,
        /// One more that is allowed, with a meaning of its own.
        special: Option<i64>,
    },
    /// A number of at least 0.
    Float,
    /// A number above 0.
    PositiveFloat,
    /// A text that is not empty.
    Text,
    /// A text that may be empty.
    AnyText,
    /// One of these words, in any case.
    Choice(&'static [&'static str]),
    /// `tcp://host:port` and the like.
    Address,
    /// `linux,gpu=2`.
    Capabilities,
    /// One or more texts, one argument each.
    Texts,
    /// Texts in one argument, separated by commas; in a file a list as well. There may be none.
    List,
    /// `K=V,K2=V2`; in a file a table as well. There may be none.
    Pairs,
    /// `host:port`.
    HostPort,
    /// A text that is not empty, and that neither messages nor logs ever show.
    Secret,
}

/// What an option is when nobody says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Preset {
    /// It has no value.
    Nothing,
    /// Somebody must say.
    Required,
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(&'static str),
    /// One text in a list.
    Texts(&'static str),
    /// The number of CPUs that this process may use.
    Cpus,
    /// It has no value, and what that means is said so in `--help`.
    Described(&'static str),
}

/// Where `--help` lists an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What every manager has.
    Manager,
    /// What every worker is started with.
    Worker,
    /// What belongs to one kind of manager.
    Backend,
    /// Certificates.
    Security,
    /// What a scheduler decides by.
    Policy,
    /// Where a manager is watched and told what to do.
    Control,
    /// Logs.
    Logging,
    /// Files and folders.
    Files,
}

impl Kind {
    /// What it takes, in a few words.
    #[must_use]
    pub fn takes(self) -> String {
        match self {
            Self::Flag => "nothing; in a file true or false".to_owned(),
            Self::Integer { min: i64::MIN, .. } => "a whole number".to_owned(),
            Self::Integer { min, special: None } => format!("a whole number, at least {min}"),
            Self::Integer { min, special: Some(special) } => format!("a whole number, at least {min}, or {special}"),
            Self::Float => "a number, at least 0".to_owned(),
            Self::PositiveFloat => "a number above 0".to_owned(),
            Self::Text => "a text, not empty".to_owned(),
            Self::AnyText => "a text".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Address => "an address, such as tcp://host:port or ipc://path".to_owned(),
            Self::Capabilities => "a capability list, such as linux,gpu=2".to_owned(),
            Self::Texts => "one or more texts; in a file a text or a list".to_owned(),
            Self::List => "texts separated by commas; in a file also a list".to_owned(),
            Self::Pairs => "K=V,K2=V2; in a file also a table".to_owned(),
            Self::HostPort => "host:port".to_owned(),
            Self::Secret => "a text, not empty, which nothing ever shows".to_owned(),
        }
    }
}

impl Group {
    /// The heading.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Manager => "Manager",
            Self::Worker => "Workers",
            Self::Backend => "Infrastructure",
            Self::Security => "Security",
            Self::Policy => "Policy",
            Self::Control => "Control",
            Self::Logging => "Logs",
            Self::Files => "Files",
        }
    }
}

/// Options by group, in the order in which each group is first met; those that are hidden are left out.
#[must_use]
pub fn grouped<'a>(specs: impl IntoIterator<Item = &'a OptionSpec>) -> Vec<(Group, Vec<&'a OptionSpec>)> {
    let mut groups: Vec<(Group, Vec<&'a OptionSpec>)> = Vec::new();
    for spec in specs.into_iter().filter(|spec| !spec.is_hidden) {
        match groups.iter_mut().find(|(group, _)| *group == spec.group) {
            Some((_, members)) => members.push(spec),
            None => groups.push((spec.group, vec![spec])),
        }
    }
    groups
}

impl OptionSpec {
    /// An option with nothing but its key, kind and help; for declarations to start from.
    #[must_use]
    pub const fn new(key: &'static str, kind: Kind, preset: Preset, help: &'static str) -> Self {
        Self {
            key,
            short: None,
            aliases: &[],
            is_positional: false,
            environment: None,
            kind,
            preset,
            group: Group::Backend,
            value_name: "VALUE",
            sample: None,
            help,
            is_hidden: false,
            is_ours: false,
            stands_for: None,
            unless: None,
        }
    }

    /// The same option with a short flag.
    #[must_use]
    pub const fn short(mut self, short: &'static str) -> Self {
        self.short = Some(short);
        self
    }

    /// The same option with what stands for its value in `--help`.
    #[must_use]
    pub const fn value(mut self, name: &'static str) -> Self {
        self.value_name = name;
        self
    }

    /// The same option with a value to begin with.
    #[must_use]
    pub const fn sample(mut self, sample: &'static str) -> Self {
        self.sample = Some(sample);
        self
    }

    /// The same option in a group.
    #[must_use]
    pub const fn group(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    /// The same option with further names.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [Alias]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The same option with an environment variable.
    #[must_use]
    pub const fn environment(mut self, variable: &'static str) -> Self {
        self.environment = Some(variable);
        self
    }

    /// The same option, given by position.
    #[must_use]
    pub const fn positional(mut self) -> Self {
        self.is_positional = true;
        self
    }

    /// The same option as one that the released package does not have.
    #[must_use]
    pub const fn ours(mut self) -> Self {
        self.is_ours = true;
        self
    }

    /// The same option, left out of `--help`.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.is_hidden = true;
        self
    }

    /// The same option as another name, on the command line only, of one that is declared elsewhere: what is given
    /// last counts, by whichever name.
    #[must_use]
    pub const fn stands_for(mut self, key: &'static str) -> Self {
        self.stands_for = Some(key);
        self.is_hidden = true;
        self
    }

    /// The same option, required only where nobody gives the one with this key.
    #[must_use]
    pub const fn unless(mut self, key: &'static str) -> Self {
        self.unless = Some(key);
        self
    }

    /// The long flag without its hyphens.
    #[must_use]
    pub fn long(&self) -> String {
        self.key.replace('_', "-")
    }

    /// How users know it on the command line: `--flag`, or the name of its position.
    #[must_use]
    pub fn flag(&self) -> String {
        if self.is_positional { self.value_name.to_owned() } else { format!("--{}", self.long()) }
    }

    /// The default in words; `None` where there is none.
    #[must_use]
    pub fn preset_text(&self) -> Option<String> {
        match self.preset {
            Preset::Nothing | Preset::Required => None,
            Preset::Integer(number) => Some(number.to_string()),
            Preset::Float(number) => Some(number.to_string()),
            Preset::Text(text) | Preset::Texts(text) | Preset::Described(text) => Some(text.to_owned()),
            Preset::Cpus => Some("number of CPUs".to_owned()),
        }
    }
}
