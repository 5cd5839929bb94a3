//! Who connects to a manager and means no good: over HTTP, and at the socket of the control plane.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use scaler_wm_tests::{ManagerOptions, Result};

use crate::watched::{Watched, told};

const MB: u64 = 1 << 20;
/// What a client of HTTP/2 says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Its settings, all as they are.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// So many come and go at the same time, and so often each.
const CROWD: u32 = 64;
const EACH: u32 = 80;
const AT_ONCE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(20);

trait Line: Read + Write + Send {}

impl<T: Read + Write + Send> Line for T {}

/// A place where a manager listens.
enum Place {
    Http(u16),
    Control(PathBuf),
}

impl Place {
    fn connect(&self, within: Duration) -> io::Result<Box<dyn Line>> {
        Ok(match self {
            Self::Http(port) => {
                let address = (Ipv4Addr::LOCALHOST, *port).into();
                let stream = TcpStream::connect_timeout(&address, within)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
            Self::Control(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
        })
    }

    /// Says something, and the same over and over, until all is said or it is hung up upon.
    fn say(&self, first: &[u8], again: &[u8], times: usize) -> io::Result<Box<dyn Line>> {
        let mut line = self.connect(PATIENCE)?;
        let mut all = || -> io::Result<()> {
            line.write_all(first)?;
            (0..times).try_for_each(|_| line.write_all(again))
        };
        // It may hang up whenever it likes.
        let _ = all();
        Ok(line)
    }
}

#[test]
fn guests_that_mean_no_good_cost_little_and_good_ones_are_answered() -> Result<()> {
    let stack = told()?;
    let address = stack.address();
    let options =
        ManagerOptions { limit: 2, monitor_address: Some(stack.monitor_address()), ..ManagerOptions::default() };
    let mut watched = Watched::start(stack, &address, options, 64 * MB)?;
    let http = Place::Http(watched.http());
    let control = Place::Control(watched.socket());
    for (place, begun) in [(&http, &b"GET /healthz HTTP/1.1\r\n"[..]), (&control, &[PREFACE, SETTINGS].concat()[..])] {
        misbehave(&mut watched, place, begun)?;
    }
    watched.works()
}

fn misbehave(watched: &mut Watched, place: &Place, begun: &[u8]) -> Result<()> {
    let header = [b"x-long: ", &[b'x'; 1 << 16][..], b"\r\n"].concat();
    // A frame of 2^24 - 1 bytes; and as many small ones as it takes: pings, settings, resets, requests that are none.
    let frame = |kind: u8, length: u8| {
        [&[0, 0, length, kind, 0, 0, 0, 0, u8::from(kind == 3)][..], &vec![0; length.into()]].concat()
    };
    let said: [(&str, &[u8], Vec<u8>, usize); 10] = [
        ("garbage", b"", vec![0xa5; 1 << 16], 64),
        ("half a beginning", &begun[..begun.len() / 2], Vec::new(), 0),
        ("a beginning alone", begun, Vec::new(), 0),
        ("a head without an end", begun, header, 1 << 10),
        ("headers without an end", begun, b"x: y\r\n".to_vec(), 1 << 18),
        (
            "a body of 2^63 bytes",
            b"POST /healthz HTTP/1.1\r\ncontent-length: 9223372036854775807\r\n\r\n",
            vec![0; 1 << 16],
            1 << 8,
        ),
        ("a frame of 2^24 bytes", begun, [&b"\xff\xff\xff\0\0\0\0\0\x01"[..], &[0; 1 << 16]].concat(), 1 << 8),
        ("endless pings", begun, frame(6, 8).repeat(1 << 10), 100),
        ("endless settings", begun, frame(4, 0).repeat(1 << 10), 100),
        ("endless resets", begun, frame(3, 4).repeat(1 << 10), 100),
    ];
    for (name, first, again, times) in &said {
        let line = place.say(first, again, *times);
        watched.check(name)?;
        drop(line);
    }

    // More than are let in at a time: those who come then wait until these are told to go.
    let stalled: Vec<_> = (0..300).filter_map(|_| place.say(&begun[..begun.len() / 2], b"", 0).ok()).collect();
    watched.check("300 that say half a word")?;
    watched.answers()?;
    drop(stalled);

    let started = Instant::now();
    // Whoever finds the queue full goes at once: the system would try again a second later.
    thread::scope(|scope| {
        for _ in 0..CROWD {
            scope.spawn(|| (0..EACH).for_each(|_| drop(place.connect(AT_ONCE))));
        }
    });
    let rate = f64::from(CROWD * EACH) / started.elapsed().as_secs_f64();
    println!("{} came and went, {rate:.0} a second", CROWD * EACH);
    watched.check("5,120 that come and go")?;
    watched.answers()
}
