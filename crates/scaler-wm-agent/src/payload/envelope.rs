//! Writes what runs a task elsewhere.

use scaler_wm_core::{Error, ErrorKind, Inputs, Result, TaskId};

use super::{
    expression::EXPRESSION,
    opcode::{
        BINBYTES, BINUNICODE, EMPTY_DICT, EMPTY_LIST, GLOBAL, MARK, PROTO, REDUCE, SETITEMS, SHORT_BINBYTES, STOP,
        TUPLE, TUPLE1,
    },
};

/// The longest serializer, function or argument that an envelope takes, in bytes: what its pickle can tell the length of.
pub const LARGEST_PART: u64 = u32::MAX as u64;

/// Protocol 3: the first that has bytes, and known to every Python 3.
const PROTOCOL: u8 = 3;
/// Opcode and length in front of bytes or text of any length.
const LONG_HEADER: usize = 5;

/// A task's inputs, ready to be written as a pickle that runs them when it is called where it was unpickled.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    inputs: &'a Inputs,
}

impl<'a> Envelope<'a> {
    /// An envelope of these inputs.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when one of them is longer than [`LARGEST_PART`].
    pub fn new(inputs: &'a Inputs) -> Result<Self> {
        let parts = || [&inputs.serializer, &inputs.function].into_iter().chain(&inputs.arguments);
        if let Some(part) = parts().find(|part| part.len() as u64 > LARGEST_PART) {
            let context = format!("one of its inputs has {} bytes, at most {LARGEST_PART} fit", part.len());
            return Err(Error::new(ErrorKind::Invalid, "write the payload of a task", context));
        }
        Ok(Self { inputs })
    }

    /// `(function,)`, as Symphony's service takes it: `function()` runs the task.
    #[must_use]
    pub fn tuple(&self) -> Vec<u8> {
        let mut tuple = Vec::new();
        self.write_tuple(&mut tuple);
        tuple
    }

    /// The same into a buffer, in the place of what is in it: one serves many tasks.
    pub fn write_tuple(&self, buffer: &mut Vec<u8>) {
        let mut pickle = Pickle::within(std::mem::take(buffer), 3 + self.function_len() + 1);
        self.write_function(&mut pickle);
        pickle.byte(TUPLE1);
        *buffer = pickle.end();
    }

    /// `{"task_id": …, "source": …, "function": function, "arguments": []}`, as the job runner of the released Batch images
    /// takes it (read off release 2.9.0).
    #[must_use]
    pub fn job(&self, task: &TaskId, client: &[u8]) -> Vec<u8> {
        let texts = [("task_id", task.to_string()), ("source", hex(client))];
        let keys = ["function", "arguments"];
        let texts_len: usize = texts.iter().map(|(key, text)| 2 * LONG_HEADER + key.len() + text.len()).sum();
        let keys_len: usize = keys.iter().map(|key| LONG_HEADER + key.len()).sum();
        let mut pickle = Pickle::new(3 + 4 + texts_len + keys_len + self.function_len());
        pickle.byte(EMPTY_DICT);
        pickle.byte(MARK);
        for (key, text) in &texts {
            pickle.text(key);
            pickle.text(text);
        }
        pickle.text(keys[0]);
        self.write_function(&mut pickle);
        pickle.text(keys[1]);
        pickle.byte(EMPTY_LIST);
        pickle.byte(SETITEMS);
        pickle.end()
    }

    /// `eval(EXPRESSION)(serializer, function, *arguments)`.
    fn write_function(&self, pickle: &mut Pickle) {
        pickle.raw(EVAL);
        pickle.text(EXPRESSION);
        pickle.byte(TUPLE1);
        pickle.byte(REDUCE);
        pickle.byte(MARK);
        pickle.bytes(&self.inputs.serializer);
        pickle.bytes(&self.inputs.function);
        self.inputs.arguments.iter().for_each(|argument| pickle.bytes(argument));
        pickle.byte(TUPLE);
        pickle.byte(REDUCE);
    }

    /// At least as many bytes as [`Envelope::write_function`] writes.
    fn function_len(&self) -> usize {
        let parts = [&self.inputs.serializer, &self.inputs.function].into_iter().chain(&self.inputs.arguments);
        let parts: usize = parts.map(|part| LONG_HEADER + part.len()).sum();
        EVAL.len() + LONG_HEADER + EXPRESSION.len() + 5 + parts
    }
}

const EVAL: &[u8] = b"cbuiltins\neval\n";
const _: () = assert!(EVAL[0] == GLOBAL);

/// A pickle that is being written, in a buffer that never grows: what a task weighs is copied once.
struct Pickle(Vec<u8>);

impl Pickle {
    fn new(capacity: usize) -> Self {
        Self::within(Vec::new(), capacity)
    }

    fn within(mut buffer: Vec<u8>, capacity: usize) -> Self {
        buffer.clear();
        buffer.reserve_exact(capacity);
        let mut pickle = Self(buffer);
        pickle.raw(&[PROTO, PROTOCOL]);
        pickle
    }

    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.byte(BINUNICODE);
        self.length(text.len());
        self.raw(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        match u8::try_from(bytes.len()) {
            Ok(length) => self.raw(&[SHORT_BINBYTES, length]),
            Err(_) => {
                self.byte(BINBYTES);
                self.length(bytes.len());
            }
        }
        self.raw(bytes);
    }

    fn length(&mut self, length: usize) {
        let length = u32::try_from(length).expect("checked when the envelope was made; texts are ours, and short");
        self.raw(&length.to_le_bytes());
    }

    fn end(mut self) -> Vec<u8> {
        self.byte(STOP);
        self.0
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn the_buffer_never_grows() {
        for sizes in [vec![], vec![0], vec![255, 256], vec![1 << 20; 3]] {
            let arguments = sizes.iter().map(|size| Bytes::from(vec![1_u8; *size])).collect();
            let inputs = Inputs { serializer: Bytes::from_static(b"s"), function: Bytes::from_static(b"f"), arguments };
            let envelope = Envelope::new(&inputs).unwrap();
            let capacity = 3 + envelope.function_len() + 1;
            let tuple = envelope.tuple();
            assert!(tuple.len() <= capacity && tuple.capacity() == capacity, "{} of {capacity}", tuple.len());
            let mut used = b"an earlier one".repeat(100);
            envelope.write_tuple(&mut used);
            assert_eq!(used, tuple);
            let job = envelope.job(&TaskId::from(&[3; 16]), b"Client|x");
            assert!(job.capacity() - job.len() < 64, "{} of {}", job.len(), job.capacity());
        }
    }
}
