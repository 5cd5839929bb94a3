//! What a manager costs while its scheduler floods it, and how many frames go through a connection.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, path::Path, thread};

use scaler_wm_tests::{Failure, LATEST, Result, Venv, memory_of, python_scripts};

use super::{cases::median, sheet::Sheet};
use crate::shell;

/// Managers and connections of each kind, by turns.
const RUNS: usize = 3;
/// Bytes of one flood.
const FLOOD: usize = 1_000_000_000;
/// A flood that has not been taken within this time is over: what had been taken by then is said.
const LONGEST: Duration = Duration::from_secs(60);
/// A manager that has more resident than this is spared the rest: the machine is not to run out of memory.
const TOO_MUCH: u64 = 4 << 30;
/// Frames on their way, of ours and of the released package, so that each takes a second at least; and bytes of each.
const RATES: [(&str, [usize; 2], usize); 2] =
    [("64 bytes", [4_000_000, 100_000], 64), ("64 KiB", [40_000, 20_000], 64 << 10)];

pub(crate) fn measure() -> Result<Sheet> {
    let venv = Venv::ensure(LATEST, &super::say)?;
    let binary = shell::build_binary(&["--release"])?;
    let example = shell::build_example("scaler-wm-wire", "frames")?;
    let mut sheet = Sheet::default();
    for (name, frame) in
        [("64 KiB that are of no use", log_line(64 << 10)), ("32 bytes, answers to heartbeats", echo())]
    {
        let (mut ours, mut released) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            ours.push(flooded("ours", &mut our_manager(&binary, &venv), &frame)?);
            released.push(flooded("released", &mut released_manager(&venv), &frame)?);
        }
        let what = format!("most memory under a flood of 1 GB, frames of {name}");
        let (ours, released) = (middle(&ours), middle(&released));
        eprintln!("{what}: {:.3} of the released manager's", ours / released);
        sheet.beside(what, (ours, released), "MB", ("at most 64 MB", ours <= 64.0));
    }
    for (way, verb) in [("receive", "received"), ("send", "sent")] {
        for (size, [ours_count, released_count], bytes) in RATES {
            let (mut ours, mut released) = (Vec::new(), Vec::new());
            for _ in 0..RUNS {
                ours.push(rate(&mut Command::new(&example), way, ours_count, bytes)?);
                let mut command = Command::new(venv.python());
                released.push(rate(command.arg(python_scripts().join("frames.py")), way, released_count, bytes)?);
            }
            let what = format!("frames of {size} {verb} in a second");
            eprintln!("{what}: ours {ours:.0?}, released {released:.0?}");
            let (ours, released) = (median(ours), median(released));
            eprintln!("{what}: {:.2} times the released package's", ours / released);
            sheet.beside(what, (ours, released), "/s", ("", true));
        }
    }
    Ok(sheet)
}

#[expect(clippy::cast_precision_loss, reason = "some megabytes")]
fn middle(peaks: &[u64]) -> f64 {
    median(peaks.iter().map(|peak| *peak as f64 / 1e6).collect())
}

/// Kept for as long as its program runs, and ends it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn our_manager(binary: &Path, venv: &Venv) -> Command {
    let mut command = Command::new(binary);
    command.args(["baremetal_native", "ADDRESS", "-wmi", "flooded", "-mtc", "1", "--python"]).arg(venv.python());
    command
}

fn released_manager(venv: &Venv) -> Command {
    let mut command = Command::new(venv.program("scaler_worker_manager"));
    command.args(["baremetal_native", "ADDRESS", "-wmi", "flooded", "-mtc", "1"]);
    command
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::new(what, error)
}

/// A port of loopback, and a program that connects to it.
fn started(command: &mut Command, folder: &Path) -> Result<(Running, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed("listen"))?;
    let address = format!("tcp://{}", listener.local_addr().map_err(failed("listen"))?);
    let words: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let mut told = Command::new(command.get_program());
    told.args(words.into_iter().map(|word| if word == "ADDRESS" { address.clone().into() } else { word }));
    let log = fs::File::create(folder.join("log")).map_err(failed("make a log"))?;
    let errors = log.try_clone().map_err(failed("make a log"))?;
    told.stdin(Stdio::null()).stdout(log).stderr(errors).env("XDG_STATE_HOME", folder);
    let running = Running(told.spawn().map_err(failed("start a program"))?);
    let (mut stream, _) = listener.accept().map_err(failed("see it connect"))?;
    stream.set_nodelay(true).map_err(failed("set up a connection"))?;
    // Both name themselves: magic, version, and a name.
    stream.write_all(&[&b"YMQ\x02"[..], &5_u64.to_le_bytes(), b"flood"].concat()).map_err(failed("greet"))?;
    let mut magic = [0; 4];
    stream.read_exact(&mut magic).map_err(failed("be greeted"))?;
    read_frame(&mut stream)?;
    Ok((running, stream))
}

fn read_frame(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut length = [0; 8];
    stream.read_exact(&mut length).map_err(failed("read a frame"))?;
    let length = usize::try_from(u64::from_le_bytes(length)).map_err(|error| Failure::new("read a frame", error))?;
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).map_err(failed("read a frame"))?;
    Ok(frame)
}

/// A frame with its length.
fn framed(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u64).to_le_bytes()[..], content].concat()
}

/// A message of one segment of these words, whose root is a structure of one word and one pointer: the member of the union, and
/// what it is.
fn message(member: u64, words: &[u64]) -> Vec<u8> {
    let all = [&[1 << 32 | 1 << 48, member][..], words].concat();
    let head = (all.len() as u64) << 32;
    framed(&[&[head][..], &all].concat().iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>())
}

/// The answer to a manager's heartbeat.
fn echo() -> Vec<u8> {
    message(24, &[0])
}

/// A line that a task has printed, so many bytes long: nothing for a manager.
fn log_line(bytes: usize) -> Vec<u8> {
    let text = bytes - 64;
    // A structure of a word and two pointers; the second one is a text.
    let mut words = vec![1 << 32 | 2 << 48, 0, 0, 1 | ((text as u64) << 3 | 2) << 32];
    words.extend(vec![u64::from_le_bytes(*b"xxxxxxxx"); text / 8 - 1]);
    words.push(u64::from_le_bytes(*b"xxxxxxx\0"));
    message(4, &words)
}

/// Floods a manager, and says how much it had resident at most, in bytes.
fn flooded(whose: &str, command: &mut Command, frame: &[u8]) -> Result<u64> {
    let folder = tempfile::tempdir().map_err(failed("make a folder"))?;
    let (mut running, mut stream) = started(command, folder.path())?;
    let pid = i32::try_from(running.0.id()).map_err(|error| Failure::new("know a process", error))?;
    // What it says is read, and of no interest.
    let mut heard = stream.try_clone().map_err(failed("hear a manager"))?;
    thread::spawn(move || io::copy(&mut heard, &mut io::sink()));
    read_until_ready(pid);
    let before = memory_of(pid).peak;
    let batch = frame.repeat((1 << 20) / frame.len() + 1);
    let (began, mut sent) = (Instant::now(), 0);
    stream.set_write_timeout(Some(LONGEST)).map_err(failed("set up a connection"))?;
    while sent < FLOOD && began.elapsed() < LONGEST && memory_of(pid).resident < TOO_MUCH {
        if stream.write_all(&batch).is_err() {
            break;
        }
        sent += batch.len();
    }
    let seconds = began.elapsed().as_secs_f64();
    let peak = memory_of(pid).peak;
    let ended =
        running.0.try_wait().ok().flatten().map_or_else(String::new, |status| format!(", and it has ended: {status}"));
    eprintln!(
        "{whose}: {:.0} MB at most, {:.0} MB before; {:.0} MB were taken in {seconds:.1} s{ended}",
        peak as f64 / 1e6,
        before as f64 / 1e6,
        sent as f64 / 1e6,
    );
    Ok(peak)
}

/// Until it has nothing to do: a manager imports, and makes itself ready, for a while.
fn read_until_ready(pid: i32) {
    let mut last = scaler_wm_tests::cpu_time(pid);
    loop {
        thread::sleep(Duration::from_secs(2));
        let now = scaler_wm_tests::cpu_time(pid);
        if now - last < Duration::from_millis(50) {
            return;
        }
        last = now;
    }
}

/// Frames in a second that a program takes or sends, by the clock of its peer.
fn rate(command: &mut Command, way: &str, count: usize, bytes: usize) -> Result<f64> {
    let folder = tempfile::tempdir().map_err(failed("make a folder"))?;
    command.args(["ADDRESS", way, &count.to_string(), &bytes.to_string()]);
    let (mut running, mut stream) = started(command, folder.path())?;
    let frame = framed(&vec![7; bytes]);
    let began;
    if way == "receive" {
        let batch = frame.repeat(count / 100);
        began = Instant::now();
        for _ in 0..100 {
            stream.write_all(&batch).map_err(failed("send frames"))?;
        }
        read_frame(&mut stream)?;
    } else {
        let mut buffer = vec![0; 1 << 20];
        let mut left = frame.len() * count;
        // The first ones say that it has begun.
        left -= stream.read(&mut buffer[..1]).map_err(failed("receive frames"))?;
        began = Instant::now();
        while left > 0 {
            let most = left.min(buffer.len());
            match stream.read(&mut buffer[..most]).map_err(failed("receive frames"))? {
                0 => return Err(Failure::new("receive frames", "it hung up")),
                read => left -= read,
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    stream.write_all(&framed(b"done")).map_err(failed("end a measurement"))?;
    let status = running.0.wait().map_err(failed("end a measurement"))?;
    if !status.success() {
        let said = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        return Err(Failure::new("measure a rate", status).with_context(said));
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    Ok(count as f64 / seconds)
}
