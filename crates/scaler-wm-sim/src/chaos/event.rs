//! What can happen to a manager and its units.

use std::{fmt, time::Duration};

use scaler_wm_core::ErrorKind;

/// Something that happens at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds after the beginning.
    pub at: u64,
    /// What.
    pub what: What,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The scheduler wants so many units.
    Wanted(u32),
    /// A unit that is at the scheduler gets work, and tasks that wait behind it.
    Busy {
        /// Which: counted among those that are there, from the oldest, over and over.
        unit: u32,
        /// For so many milliseconds.
        millis: u64,
        /// Tasks that wait in it.
        queued: u32,
    },
    /// A unit dies.
    Dies(u32),
    /// The infrastructure says that it will take a unit.
    TakenSoon {
        /// Which.
        unit: u32,
        /// After so many milliseconds.
        millis: u64,
    },
    /// The scheduler is away for so many milliseconds.
    Away(u64),
    /// The next call of this kind goes wrong.
    Next(CallKind, Spoiled),
    /// All calls of this kind fail, for so many milliseconds.
    Outage(CallKind, ErrorKind, u64),
    /// The next time that this is to be written down it cannot be.
    RecordFails(Write),
    /// The next unit that is made goes wrong.
    NextUnit(Bad),
    /// The manager is killed, and started again.
    Killed {
        /// At which moment.
        when: When,
        /// So many milliseconds later.
        down: u64,
        /// The clock is set so many milliseconds ahead, or back, meanwhile.
        clock: i64,
    },
    /// The manager is told to end, and started again so many milliseconds later.
    Restarted(u64),
}

/// Which kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// A launch.
    Launch,
    /// A look at what is there.
    Look,
    /// A question to units.
    Stop,
}

/// What the journal is told of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Write {
    /// That it is about to be called.
    Launch,
    /// Its receipt.
    Receipt,
    /// What came of it.
    Outcome,
    /// That all of it is gone.
    End,
}

impl Write {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Launch, Self::Receipt, Self::Outcome, Self::End];
}

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoiled {
    /// It fails, and nothing is done.
    Fails(ErrorKind),
    /// It is done, and nobody hears of it.
    LosesReply,
    /// It fails with an unknown outcome, and is done so many milliseconds later; looks and questions are not done at all.
    Late(u64),
    /// It takes so many milliseconds.
    Takes(u64),
    /// So many units are missing, for this reason.
    Partly(u32, ErrorKind),
}

/// How a unit goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// It does not come up.
    NeverStarts,
    /// It does not come up, for want of capacity.
    NoCapacity,
    /// It comes up, and never reaches the scheduler.
    NeverJoins,
    /// It takes so many milliseconds to come up.
    Slow(u64),
}

/// When a manager is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// When it is at this point the next time but so many.
    At(Point, u32),
}

/// Every wait of a manager on its way through a launch, a look, a stop, its beginning, or its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// A launch is not on record yet.
    Recording,
    /// It is, and nobody has heard of it.
    Recorded,
    /// A launch is on its way.
    Calling,
    /// It has been carried out, and the answer is not on its way.
    Carried,
    /// The answer is there.
    Answered,
    /// The outcome of a launch is not on record yet.
    Settling,
    /// It is.
    Settled,
    /// The record of a launch is not removed yet.
    Forgetting,
    /// It is.
    Forgotten,
    /// Units are about to be asked.
    Asking,
    /// They have been, and the answer is not on its way.
    Asked,
    /// The answer is there.
    Replied,
    /// A look is on its way.
    Looking,
    /// What is there is known.
    Looked,
    /// What is on record is about to be read.
    Loading,
    /// It has been.
    Loaded,
    /// What was made for units is about to be removed.
    Sweeping,
    /// It has been.
    Swept,
    /// Units are about to be let go of, since they stay.
    Leaving,
    /// They have been.
    Left,
}

impl Point {
    /// Every one.
    pub const ALL: [Self; 20] = [
        Self::Recording,
        Self::Recorded,
        Self::Calling,
        Self::Carried,
        Self::Answered,
        Self::Settling,
        Self::Settled,
        Self::Forgetting,
        Self::Forgotten,
        Self::Asking,
        Self::Asked,
        Self::Replied,
        Self::Looking,
        Self::Looked,
        Self::Loading,
        Self::Loaded,
        Self::Sweeping,
        Self::Swept,
        Self::Leaving,
        Self::Left,
    ];
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recording => "before a launch is on record",
            Self::Recorded => "once a launch is on record",
            Self::Calling => "before a launch is called",
            Self::Carried => "after a launch is carried out, before the answer",
            Self::Answered => "at the answer to a launch",
            Self::Settling => "before the outcome of a launch is on record",
            Self::Settled => "once the outcome of a launch is on record",
            Self::Forgetting => "before a record is removed",
            Self::Forgotten => "once a record is removed",
            Self::Asking => "before units are asked",
            Self::Asked => "after units are asked, before the answer",
            Self::Replied => "at the answer of units",
            Self::Looking => "before a look",
            Self::Looked => "at what a look shows",
            Self::Loading => "before the records are read",
            Self::Loaded => "once the records are read",
            Self::Sweeping => "before a sweep",
            Self::Swept => "after a sweep",
            Self::Leaving => "before units are let go of",
            Self::Left => "once units are let go of",
        })
    }
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Launch => "launch",
            Self::Receipt => "receipt",
            Self::Outcome => "outcome of a launch",
            Self::End => "end of a launch",
        })
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Launch => "launch",
            Self::Look => "look",
            Self::Stop => "stop",
        })
    }
}

/// Milliseconds in words.
struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s", Duration::from_millis(self.0).as_secs_f64())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {:>8}  {}", Span(self.at).to_string(), self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wanted(units) => write!(f, "{units} units are wanted"),
            Self::Busy { unit, millis, queued } => {
                write!(f, "unit {unit} is busy for {}, {queued} tasks wait in it", Span(*millis))
            }
            Self::Dies(unit) => write!(f, "unit {unit} dies"),
            Self::TakenSoon { unit, millis } => write!(f, "unit {unit} will be taken in {}", Span(*millis)),
            Self::Away(millis) => write!(f, "the scheduler is away for {}", Span(*millis)),
            Self::Next(call, spoiled) => write!(f, "the next {call} {spoiled}"),
            Self::Outage(call, kind, millis) => write!(f, "every {call} fails ({kind}) for {}", Span(*millis)),
            Self::RecordFails(write) => write!(f, "the next {write} cannot be written down"),
            Self::NextUnit(bad) => write!(f, "the next unit {bad}"),
            Self::Killed { when, down, clock } => {
                write!(f, "the manager is killed {when}, and starts again {} later", Span(*down))?;
                match clock {
                    0 => Ok(()),
                    1.. => write!(f, " with the clock set {} ahead", Span(clock.unsigned_abs())),
                    _ => write!(f, " with the clock set back by {}", Span(clock.unsigned_abs())),
                }
            }
            Self::Restarted(down) => write!(f, "the manager is told to end, and starts again {} later", Span(*down)),
        }
    }
}

impl fmt::Display for Spoiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fails(kind) => write!(f, "fails ({kind})"),
            Self::LosesReply => f.write_str("is carried out, and the reply is lost"),
            Self::Late(millis) => write!(f, "is given up, and carried out {} later", Span(*millis)),
            Self::Takes(millis) => write!(f, "takes {}", Span(*millis)),
            Self::Partly(missing, kind) => write!(f, "brings {missing} units too few ({kind})"),
        }
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverStarts => f.write_str("does not come up"),
            Self::NoCapacity => f.write_str("does not come up, for want of capacity"),
            Self::NeverJoins => f.write_str("never reaches the scheduler"),
            Self::Slow(millis) => write!(f, "takes {} to come up", Span(*millis)),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("at once"),
            Self::At(point, 0) => write!(f, "{point}"),
            Self::At(point, skip) => write!(f, "{point}, the time after {skip} others"),
        }
    }
}
