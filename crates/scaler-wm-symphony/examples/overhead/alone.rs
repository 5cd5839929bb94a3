//! The library alone: its table called in a loop, and callbacks that count. What is left of a task's cost then is not ours.

use std::{
    ffi::c_void,
    mem::ManuallyDrop,
    path::Path,
    ptr,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread::{self, Thread},
    time::Instant,
};

use scaler_wm_agent::payload::Envelope;
use scaler_wm_symphony::abi;
use serde_json::{Value, json};

use crate::{ROUNDS, Result, cpu_now, inputs, median};

/// What callbacks are told to use.
struct Count {
    /// Outputs that are still to come.
    left: AtomicUsize,
    /// Who waits for them.
    waits: Thread,
}

/// What a task costs from its submission to its output, in the middle of some rounds.
pub(crate) fn costs(library: &Path, tasks: usize) -> Result<Value> {
    let table = table(library)?;
    let count = Box::leak(Box::new(Count { left: AtomicUsize::new(0), waits: thread::current() }));
    let session = session(&table, count)?;
    let submit = table.task_submit.ok_or("the library has no task_submit")?;
    let inputs = inputs();
    let payload = Envelope::new(&inputs)?.tuple();
    let (mut id, mut error) = (abi::Id { text: [0; 128] }, blank()?);
    let [mut time, mut cpu] = [const { Vec::new() }; 2];
    // The first ones warm up, and are not counted.
    for round in 0..=ROUNDS {
        count.left.store(tasks, SeqCst);
        let (began, cpu_began) = (Instant::now(), cpu_now());
        for _ in 0..tasks {
            let tag = c"0123456789abcdef0123456789abcdef";
            // SAFETY: the session is open; tag, payload, id and error stay until it returns.
            let status = unsafe {
                let length = payload.len() as u64;
                submit(session, tag.as_ptr(), payload.as_ptr(), length, &raw mut id, &raw mut error)
            };
            done("submit a task", status)?;
        }
        while count.left.load(SeqCst) > 0 {
            thread::park();
        }
        if round > 0 {
            time.push(began.elapsed());
            cpu.push(cpu_now() - cpu_began);
        }
    }
    let [time_ns, cpu_ns] = [time, cpu].map(|took| median(took).as_secs_f64() * 1e9 / tasks as f64);
    Ok(json!({"time_ns": time_ns, "cpu_ns": cpu_ns}))
}

fn table(path: &Path) -> Result<abi::Api> {
    // SAFETY: loading runs the library's initializers; whoever has named it vouches for them.
    // Never unloaded: it has threads of its own.
    let library = ManuallyDrop::new(unsafe { libloading::Library::new(path) }?);
    // SAFETY: the header says that this symbol is a function of this type.
    let entry = unsafe { library.get::<abi::GetApi>(abi::ENTRY) }?;
    // SAFETY: it may be called with any version, and a table that it gives for ours is as large as ours, for good.
    let table = unsafe { entry(abi::MAJOR, abi::MINOR).as_ref() };
    Ok(*table.ok_or("the library does not serve this version")?)
}

fn session(table: &abi::Api, count: &'static Count) -> Result<*mut abi::Session> {
    let functions = (table.initialize, table.connect, table.session_create);
    let (Some(initialize), Some(connect), Some(create)) = functions else {
        return Err("the library has functions missing".into());
    };
    let callbacks = abi::Callbacks {
        size: size_of::<abi::Callbacks>().try_into()?,
        flags: 0,
        user: ptr::from_ref(count).cast_mut().cast(),
        on_output: Some(on_output),
        on_session_error: Some(on_session_error),
    };
    let options = abi::SessionOptions {
        size: size_of::<abi::SessionOptions>().try_into()?,
        codec: abi::CODEC_BYTE_ARRAY,
        name: c"Overhead".as_ptr(),
        kind: c"RecoverableAllHistoricalData".as_ptr(),
        tag: ptr::null(),
        service: ptr::null(),
        priority: 0,
        flags: 0,
    };
    let (mut connection, mut session, mut error) = (ptr::null_mut(), ptr::null_mut(), blank()?);
    let guest = c"Guest".as_ptr();
    // SAFETY: it is the first call, and the error stays until it returns.
    done("initialize", unsafe { initialize(&raw mut error) })?;
    // SAFETY: texts, result and error stay until it returns.
    let status = unsafe { connect(c"Overhead".as_ptr(), guest, guest, &raw mut connection, &raw mut error) };
    done("connect", status)?;
    // SAFETY: the connection is open; all of these stay until it returns, and the count for as long as we run.
    let status =
        unsafe { create(connection, &raw const options, &raw const callbacks, &raw mut session, &raw mut error) };
    done("make a session", status)?;
    Ok(session)
}

fn blank() -> Result<abi::Error> {
    let size = size_of::<abi::Error>().try_into()?;
    Ok(abi::Error { size, status: abi::OK, soam_code: 0, kind: [0; 60], message: [0; 952] })
}

fn done(what: &str, status: abi::Status) -> Result<()> {
    if status == abi::OK { Ok(()) } else { Err(format!("failed to {what}: status {status}").into()) }
}

unsafe extern "C" fn on_output(user: *mut c_void, _output: *const abi::Output) {
    // SAFETY: the library passes on what it was given, a count that lives as long as we run.
    let count = unsafe { &*user.cast::<Count>() };
    if count.left.fetch_sub(1, SeqCst) == 1 {
        count.waits.unpark();
    }
}

unsafe extern "C" fn on_session_error(_user: *mut c_void, _error: *const abi::Error) {
    eprintln!("the session is lost: its outputs are awaited in vain");
}
