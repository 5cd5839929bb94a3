//! The helper's process and the two halves of the socket to it.

use std::{
    fs::File,
    io::{self, IoSlice},
    mem::MaybeUninit,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::net::UnixStream as StdUnixStream,
    },
    path::Path,
    process::Stdio,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use scaler_wm_python::FOR_THIS_PROCESS_ALONE;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::{Child, Command as Process},
    sync::mpsc,
    time::{sleep, timeout},
};

use super::protocol::{Claim, Command, Event, Hello, How};
use crate::{Error, ErrorKind, NativeConfig};

/// The helper's program.
const SOURCE: &str = include_str!("../../python/helper.py");
/// Reads the program from standard input, so that `ps` shows one short line. The helper has the same line for the
/// interpreters that it starts itself.
const BOOT: &str = "import socket as s;c=s.socket(fileno=0);\
                    SOURCE=c.recv(int(c.recv(8,s.MSG_WAITALL)),s.MSG_WAITALL);\
                    exec(compile(SOURCE,'<scaler-wm helper>','exec'))";
/// The socket of a helper that outlives its manager, in the state folder.
pub(crate) const SOCKET: &str = "helper.sock";
/// Bytes of one line of the helper's, at most: a thousand kept workers are far below that.
const LONGEST_LINE: u64 = 1024 * 1024;
/// How long workers may take to leave when the manager is gone, before they are killed.
const END_SECONDS: f64 = 5.0;
/// How long the helper may take to end after its workers' time is over.
const LAST_STEPS: Duration = Duration::from_secs(3);

/// A running helper. One that has nothing to keep is killed when this is dropped; its workers notice.
#[derive(Debug)]
pub(crate) struct Helper {
    /// `None` only while it is ended.
    process: Option<Running>,
    commands: mpsc::UnboundedSender<Vec<u8>>,
    is_kept: bool,
}

impl Drop for Helper {
    fn drop(&mut self) {
        if !self.is_kept {
            self.kill();
        }
    }
}

/// The process.
#[derive(Debug)]
enum Running {
    /// Ours.
    Child(Child),
    /// One that an earlier manager started: a descriptor that stands for it, and for no other process of its number.
    Adopted(OwnedFd),
    /// Not known yet.
    Claimed,
}

impl Helper {
    /// Starts one; its events come out of the reader.
    ///
    /// Must be called on a thread that stays: a child is told of the end of the thread that started it.
    pub(crate) fn start(python: &Path, config: &NativeConfig) -> Result<(Self, Events), Error> {
        let failed = |error| Error::io("start the Python helper", python.display().to_string(), error);
        let (ours, theirs) = StdUnixStream::pair().map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let mut command = Process::new(python);
        for name in FOR_THIS_PROCESS_ALONE {
            command.env_remove(name);
        }
        let child = command
            .args(["-c", BOOT])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            // A terminal's Ctrl-C is for the manager, which then asks the workers one by one.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let stream = UnixStream::from_std(ours).map_err(failed)?;
        let (helper, events) = Self::over(stream, Running::Child(child));
        let version = version(config, python);
        let mut hello = format!("{:8}{SOURCE}", SOURCE.len()).into_bytes();
        hello.extend(line(&Hello::new(config, END_SECONDS, &version)));
        helper.queue(hello);
        Ok((helper, events))
    }

    /// Takes over one that an earlier manager has left behind, if there is one; its first event says what it has.
    pub(crate) async fn claim(folder: &Path, config: &NativeConfig) -> Option<(Self, Events)> {
        // What nobody listens at any more is left for the next helper to replace.
        let stream = connect(folder).ok()?;
        // With the place to which this process prints: workers print there from here on.
        let claim = line(&Claim { keep_seconds: config.keep.map(|keep| keep.as_secs_f64()) });
        let outputs = [rustix::stdio::stdout(), rustix::stdio::stderr()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&outputs));
        sendmsg(&stream, &[IoSlice::new(&claim)], &mut ancillary, SendFlags::NOSIGNAL).ok()?;
        stream.set_nonblocking(true).ok()?;
        let (mut helper, events) = Self::over(UnixStream::from_std(stream).ok()?, Running::Claimed);
        // Whatever it has stays, should it not be what we can use.
        helper.is_kept = true;
        Some((helper, events))
    }

    fn over(stream: UnixStream, process: Running) -> (Self, Events) {
        let (reader, writer) = stream.into_split();
        let (commands, queue) = mpsc::unbounded_channel();
        tokio::spawn(write(writer, queue));
        (Self { process: Some(process), commands, is_kept: false }, Events { lines: BufReader::new(reader) })
    }

    /// The process of one that was taken over.
    pub(crate) fn is_process(&mut self, pid: i32) {
        if matches!(self.process, Some(Running::Claimed))
            && let Some(pid) = Pid::from_raw(pid)
            && let Ok(process) = pidfd_open(pid, PidfdFlags::empty())
        {
            self.process = Some(Running::Adopted(process));
        }
    }

    /// From here on it stays when this is dropped, or it does not.
    pub(crate) fn keeps(&mut self, is_kept: bool) {
        self.is_kept = is_kept;
    }

    /// Asks for a worker.
    pub(crate) fn start_worker(&self, name: &str, launch: &str) {
        self.queue(line(&Command::Start { name, launch }));
    }

    /// Asks or tells a worker; the answer comes as an event with the same id.
    pub(crate) fn stop_worker(&self, name: &str, how: How, within: Duration, id: u64) {
        self.queue(line(&Command::Stop { name, how, within: within.as_secs_f64(), id }));
    }

    /// Lets every worker hand back; it ends after the last one.
    pub(crate) fn retire(&self) {
        self.queue(line(&Command::Retire));
    }

    fn queue(&self, bytes: Vec<u8>) {
        // A helper that is gone is told by the end of its events.
        drop(self.commands.send(bytes));
    }

    /// Lets the workers leave, and waits for the helper's end, which comes after theirs.
    pub(crate) async fn end(mut self) -> Result<(), Error> {
        self.queue(line(&Command::End));
        let Some(process) = self.process.take() else { return Ok(()) };
        let longest = Duration::from_secs_f64(END_SECONDS) + LAST_STEPS;
        let ended = match process {
            Running::Child(mut child) => match timeout(longest, child.wait()).await {
                Ok(ended) => ended.map(drop),
                // Killing is the last word: the kernel tells its workers.
                Err(_) => child.start_kill().and(child.wait().await.map(drop)),
            },
            Running::Adopted(process) => match timeout(longest, ended(&process)).await {
                Ok(()) => Ok(()),
                Err(_) => pidfd_send_signal(&process, Signal::KILL).map_err(Into::into),
            },
            Running::Claimed => Ok(()),
        };
        ended.map_err(|error| Error::io("end the Python helper", "it may still run", error))
    }

    /// Kills a helper that no longer answers.
    pub(crate) fn kill(&mut self) {
        let killed = match &mut self.process {
            Some(Running::Child(child)) => child.start_kill(),
            Some(Running::Adopted(process)) => pidfd_send_signal(&*process, Signal::KILL).map_err(Into::into),
            Some(Running::Claimed) | None => Ok(()),
        };
        if let Err(error) = killed {
            tracing::debug!(%error, "the helper was gone already");
        }
    }
}

/// A line to the helper that waits in a state folder. Whoever says nothing on it disturbs nobody.
pub(crate) fn connect(folder: &Path) -> io::Result<StdUnixStream> {
    // By way of the open folder: its own name may be longer than such an address can be.
    let folder = File::open(folder)?;
    let socket = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(SOCKET);
    StdUnixStream::connect(socket)
}

/// Waits for the end of a process that is not our child: looked at now and then, as it happens once.
async fn ended(process: &OwnedFd) {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    while !matches!(poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&now)), Ok(1..)) {
        sleep(Duration::from_millis(20)).await;
    }
}

/// What a helper is and how it starts workers, as a digest: a manager takes over only one that is the same as its own
/// would be. FNV-1a: it guards against differences, not against forgery.
pub(crate) fn version(config: &NativeConfig, python: &Path) -> String {
    // Without what may differ from manager to manager.
    let plain = NativeConfig { keep: None, folder: None, ..config.clone() };
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let interpreter = python.as_os_str().as_encoded_bytes().iter().copied();
    for byte in SOURCE.bytes().chain(line(&Hello::new(&plain, END_SECONDS, ""))).chain(interpreter) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{}-{hash:016x}", env!("CARGO_PKG_VERSION"))
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
