//! Options: placeholder
