//! What the header says of pointers, handles and threads.

use std::{ffi::c_void, ptr, sync::Mutex};

use scaler_wm_symphony_sim::{abi, scaler_soam_get_api};

use crate::{
    alone::alone,
    payload,
    table::{RECOVERABLE, api, call, connect},
};

#[test]
fn a_table_is_there_for_our_version_alone() {
    alone(&[], || {
        let has = |major, minor| !scaler_soam_get_api(major, minor).is_null();
        assert_eq!([has(1, 0), has(1, 1), has(2, 0), has(0, 0)], [true, false, false, false]);
        assert_eq!((api().size as usize, api().major, api().minor), (size_of::<abi::Api>(), 1, 0));
    });
}

#[test]
fn order_is_kept() {
    alone(&[], || {
        let mut connection = ptr::null_mut();
        let name = c"app".as_ptr();
        // SAFETY: all pointers live longer than the calls.
        unsafe {
            let early = call(|error| api().connect.unwrap()(name, name, name, &raw mut connection, error));
            assert!(early.unwrap_err().1.contains("initialize"));
            let connection = connect("app", "").unwrap();
            call(|error| api().initialize.unwrap()(error)).unwrap();
            assert_eq!(call(|error| api().shutdown.unwrap()(error)).unwrap_err().0, abi::INVALID);
            let session = connection.create();
            let handle = connection.0;
            // Consumed although it has an open session, which is detached.
            let close = || call(|error| api().connection_close.unwrap()(handle, error)).unwrap_err();
            assert!(close().1.contains("had open sessions"));
            assert!(close().1.contains("no open connection"));
            assert!(session.close(abi::DESTROY).unwrap_err().1.contains("no open session"));
            call(|error| api().shutdown.unwrap()(error)).unwrap();
            assert!(connect("app", "").err().unwrap().1.contains("shut down"));
        }
    });
}

#[test]
fn wrong_arguments_are_errors() {
    alone(&[], || {
        let connection = connect("app", "").unwrap();
        for priority in [-1, 10_001] {
            let problem = connection.create_as(RECOVERABLE, priority, std::time::Duration::ZERO).err().unwrap();
            assert_eq!(problem.0, abi::INVALID);
        }
        let session = connection.create();
        let mut id = abi::Id { text: [0; 128] };
        // SAFETY: what is null is not followed.
        unsafe {
            let submit = api().task_submit.unwrap();
            let (handle, none) = (session.handle, ptr::null());
            let no_data = call(|error| submit(handle, ptr::null(), none, 1, &raw mut id, error));
            assert_eq!(no_data.unwrap_err().0, abi::INVALID);
            let no_place = call(|error| submit(handle, ptr::null(), none, 0, ptr::null_mut(), error));
            assert_eq!(no_place.unwrap_err().0, abi::INVALID);
            // An error is not asked for.
            assert_eq!(submit(ptr::null_mut(), ptr::null(), none, 0, &raw mut id, ptr::null_mut()), abi::INVALID);
            let open = api().session_open.unwrap();
            let mut other = ptr::null_mut();
            let no_callbacks = call(|error| open(connection.0, c"1".as_ptr(), 0, ptr::null(), &raw mut other, error));
            assert_eq!(no_callbacks.unwrap_err().0, abi::INVALID);
        }
        assert!(session.so_far().is_empty());
        session.destroy();
        assert_eq!(session.close(abi::DESTROY).unwrap_err().0, abi::INVALID);
        connection.close();
    });
}

struct Caller {
    session: Mutex<Option<usize>>,
    told: Mutex<std::sync::mpsc::Sender<abi::Status>>,
}

unsafe extern "C" fn calls_back(user: *mut c_void, _: *const abi::Output) {
    // SAFETY: it lives until the close has returned.
    let caller = unsafe { &*user.cast::<Caller>() };
    let session: *mut abi::Session = ptr::with_exposed_provenance_mut(caller.session.lock().unwrap().unwrap());
    // SAFETY: not allowed, and that is told; nothing else happens.
    let status = unsafe { api().session_close.unwrap()(session, abi::DETACH, ptr::null_mut()) };
    caller.told.lock().unwrap().send(status).unwrap();
}

unsafe extern "C" fn ignores(_: *mut c_void, _: *const abi::Error) {}

#[test]
fn the_table_refuses_to_be_called_from_a_callback() {
    alone(&[], || {
        let connection = connect("app", "").unwrap();
        let id = connection.create();
        let name = std::ffi::CString::new(id.id()).unwrap();
        id.detach();
        let (told, heard) = std::sync::mpsc::channel();
        let caller = Caller { session: Mutex::new(None), told: Mutex::new(told) };
        let callbacks = abi::Callbacks {
            size: u32::try_from(size_of::<abi::Callbacks>()).unwrap(),
            flags: 0,
            user: (&raw const caller).cast_mut().cast(),
            on_output: Some(calls_back),
            on_session_error: Some(ignores),
        };
        let mut session = ptr::null_mut();
        let payload = payload::add(1, 1);
        let mut task = abi::Id { text: [0; 128] };
        // SAFETY: all pointers live longer than the calls.
        unsafe {
            let (callbacks, place) = (&raw const callbacks, &raw mut session);
            let open = |error| api().session_open.unwrap()(connection.0, name.as_ptr(), 0, callbacks, place, error);
            call(open).unwrap();
            *caller.session.lock().unwrap() = Some(session.expose_provenance());
            let (data, length) = (payload.as_ptr(), payload.len() as u64);
            let submit = api().task_submit.unwrap();
            call(|error| submit(session, ptr::null(), data, length, &raw mut task, error)).unwrap();
            assert_eq!(heard.recv().unwrap(), abi::INVALID);
            call(|error| api().session_close.unwrap()(session, abi::DESTROY, error)).unwrap();
        }
        connection.close();
    });
}
