//! The helper's process and the two halves of the socket to it.

use std::{
    os::fd::OwnedFd,
    os::unix::net::UnixStream as StdUnixStream,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::{Child, Command as Process},
    sync::mpsc,
    time::timeout,
};

use super::protocol::{Command, Event, Hello, How};
use crate::{Error, ErrorKind, NativeConfig};

/// The helper's program.
const SOURCE: &str = include_str!("../../python/helper.py");
/// Reads the program from standard input, so that `ps` shows one short line. The helper has the same line for the
/// interpreters that it starts itself.
const BOOT: &str = "import socket as s;c=s.socket(fileno=0);\
                    SOURCE=c.recv(int(c.recv(8,s.MSG_WAITALL)),s.MSG_WAITALL);\
                    exec(compile(SOURCE,'<scaler-wm helper>','exec'))";
/// Bytes of one line of the helper's, at most: its longest one, with notes, is far below that.
const LONGEST_LINE: u64 = 64 * 1024;
/// How long workers may take to leave when the manager is gone, before they are killed.
const END_SECONDS: f64 = 5.0;
/// How long the helper may take to end after its workers' time is over.
const LAST_STEPS: Duration = Duration::from_secs(3);

/// A running helper. Dropped, it is killed; its workers notice.
#[derive(Debug)]
pub(crate) struct Helper {
    child: Child,
    commands: mpsc::UnboundedSender<Vec<u8>>,
}

impl Helper {
    /// Starts one; its events come out of the reader.
    ///
    /// Must be called on a thread that stays: a child is told of the end of the thread that started it.
    pub(crate) fn start(python: &Path, config: &NativeConfig) -> Result<(Self, Events), Error> {
        let failed = |error| Error::io("start the Python helper", python.display().to_string(), error);
        let (ours, theirs) = StdUnixStream::pair().map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let child = Process::new(python)
            .args(["-c", BOOT])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            // A terminal's Ctrl-C is for the manager, which then asks the workers one by one.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (reader, writer) = UnixStream::from_std(ours).map_err(failed)?.into_split();
        let (commands, queue) = mpsc::unbounded_channel();
        tokio::spawn(write(writer, queue));
        let helper = Self { child, commands };
        let mut hello = format!("{:8}{SOURCE}", SOURCE.len()).into_bytes();
        hello.extend(line(&Hello::new(config, END_SECONDS)));
        helper.queue(hello);
        Ok((helper, Events { lines: BufReader::new(reader) }))
    }

    /// Asks for a worker.
    pub(crate) fn start_worker(&self, name: &str) {
        self.queue(line(&Command::Start { name }));
    }

    /// Asks or tells a worker; the answer comes as an event with the same id.
    pub(crate) fn stop_worker(&self, name: &str, how: How, within: Duration, id: u64) {
        self.queue(line(&Command::Stop { name, how, within: within.as_secs_f64(), id }));
    }

    fn queue(&self, bytes: Vec<u8>) {
        // A helper that is gone is told by the end of its events.
        drop(self.commands.send(bytes));
    }

    /// Lets the workers leave, and waits for the helper's end, which comes after theirs.
    pub(crate) async fn end(self) -> Result<ExitStatus, Error> {
        let Self { mut child, commands } = self;
        drop(commands); // end of file: the manager is gone, as far as the helper knows
        let longest = Duration::from_secs_f64(END_SECONDS) + LAST_STEPS;
        let ended = match timeout(longest, child.wait()).await {
            Ok(ended) => ended,
            Err(_) => {
                // Killing is the last word: the kernel tells its workers.
                child.start_kill().and(child.wait().await)
            }
        };
        ended.map_err(|error| Error::io("end the Python helper", "it may still run", error))
    }

    /// Kills a helper that no longer answers.
    pub(crate) fn kill(&mut self) {
        if let Err(error) = self.child.start_kill() {
            tracing::debug!(%error, "the helper was gone already");
        }
    }
}

fn line<T: serde::Serialize>(message: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(message).expect("plain structures with text keys become JSON");
    bytes.push(b'\n');
    bytes
}

/// Writes until nobody has anything to say any more; the end of it is the helper's end of file.
async fn write(mut writer: OwnedWriteHalf, mut queue: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(bytes) = queue.recv().await {
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// What a helper says, in order.
#[derive(Debug)]
pub(crate) struct Events {
    lines: BufReader<OwnedReadHalf>,
}

impl Events {
    /// The next event; `None` when the helper is gone.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, Error> {
        let mut text = String::new();
        let read = (&mut self.lines).take(LONGEST_LINE).read_line(&mut text).await;
        match read {
            Ok(0) => Ok(None),
            Ok(_) => serde_json::from_str(&text).map(Some).map_err(|error| {
                let context = format!("a line that is none of its events ({error})");
                Error::new(ErrorKind::Helper, "understand the Python helper", context)
            }),
            Err(error) => Err(Error::io("hear the Python helper", "its socket is broken", error)),
        }
    }
}
