//! Payloads by hand: protocol 0 is text, so that no Python is needed to make them.

/// `name(*arguments)`, the arguments as pickled text.
fn call(module: &str, name: &str, arguments: &str) -> Vec<u8> {
    format!("(c{module}\n{name}\n{arguments}t.").into_bytes()
}

pub(crate) fn add(left: i64, right: i64) -> Vec<u8> {
    call("operator", "add", &format!("I{left}\nI{right}\n"))
}

pub(crate) fn divide(left: i64, right: i64) -> Vec<u8> {
    call("operator", "floordiv", &format!("I{left}\nI{right}\n"))
}

pub(crate) fn sleep(seconds: f64) -> Vec<u8> {
    call("time", "sleep", &format!("F{seconds}\n"))
}

/// Runs these lines.
pub(crate) fn execute(code: &str) -> Vec<u8> {
    let code = code.replace('\\', "\\u005c").replace('\n', "\\u000a");
    call("builtins", "exec", &format!("V{code}\n"))
}

/// What this expression is.
pub(crate) fn evaluate(expression: &str) -> Vec<u8> {
    call("builtins", "eval", &format!("V{expression}\n"))
}

/// An answer that is a small number.
pub(crate) fn small(data: &[u8]) -> Option<u8> {
    match data {
        [0x80, 2..=5, b'K', number, b'.'] => Some(*number),
        _ => None,
    }
}

/// An answer that is text of ASCII.
pub(crate) fn text(data: &[u8]) -> String {
    // In front of it: protocol, perhaps a frame, and the kind of text with its length.
    let begin = data.windows(2).position(|pair| pair[0] == 0x8c).expect("a short text");
    let length = usize::from(data[begin + 1]);
    String::from_utf8(data[begin + 2..begin + 2 + length].to_vec()).unwrap()
}
