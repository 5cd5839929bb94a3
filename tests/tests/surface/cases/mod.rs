//! Random command lines and files, from a seed.

mod case;
mod choice;
mod file;
mod flags;
mod given;
mod manager;
mod mistake;
mod toml;
mod values;

pub(crate) use case::{Case, FILE};
pub(crate) use file::file_case;
pub(crate) use manager::manager_case;
pub(crate) use mistake::{FILE_MISTAKES, Mistake, manager_mistakes};

/// The types of manager that we have.
pub(crate) const TYPES: [&str; 5] = ["baremetal_native", "aws_raw_ecs", "orb_aws_ec2", "aws_hpc", "symphony"];

/// Everything that some cases must be examples of, besides the mistakes.
pub(crate) const FEATURES: [&str; 39] = [
    "long flag",
    "short flag",
    "abbreviated long flag",
    "abbreviated short flag",
    "short flag with its value at once",
    "value after =",
    "negative value",
    "other name of a flag",
    "several paths",
    "number in an odd form",
    "number as text in the file",
    "flag as text in the file",
    "whole float in the file",
    "hexadecimal in the file",
    "list as text in the file",
    "array in the file",
    "pairs as text in the file",
    "table as a value in the file",
    "capabilities",
    "key with hyphens",
    "key in quotes",
    "address in the file only",
    "address on the command line",
    "address in both",
    "command line over file",
    "command line over environment",
    "environment over file",
    "environment alone",
    "no file",
    "file given at once",
    "file given by an abbreviation",
    "table",
    "array of tables",
    "inline",
    "other entries around",
    "other sections around",
    "carriage returns",
    "table of a group",
    "several managers",
];
