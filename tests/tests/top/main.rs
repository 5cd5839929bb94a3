//! `scaler-wm top` beside a real stack, in a terminal of tmux.

mod ends;
mod live;
mod tmux;
mod watched;
