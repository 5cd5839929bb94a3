//! Planner: what to do, as a pure function.
