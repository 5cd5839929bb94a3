//! The sample of a plug-in, in Python: by itself, and as a backend of a real stack.

mod suite;
mod whole;
