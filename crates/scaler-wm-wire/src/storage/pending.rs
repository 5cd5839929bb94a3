//! Requests that have not been answered, without any input or output.

use std::collections::BTreeMap;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::{
    Error, ErrorKind, Result,
    message::{ObjectId, ObjectRequestHeader, ObjectRequestKind, ObjectResponseHeader, ObjectResponseKind},
};

/// Requests that nobody waits for any more are looked for when there are so many more than after the last time.
const LOOK_AFTER: usize = 256;

/// What is asked of the server.
#[derive(Debug)]
pub(super) enum Ask {
    /// Send this object once it exists.
    Get,
    /// Keep this.
    Set(Bytes),
    /// Forget it.
    Delete,
}

/// One request, and who waits for its answer.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) object: ObjectId,
    pub(super) ask: Ask,
    pub(super) reply: oneshot::Sender<Result<Bytes>>,
}

impl Request {
    fn header(&self, id: u64) -> Result<Vec<u8>> {
        let (kind, payload_length) = match &self.ask {
            Ask::Get => (ObjectRequestKind::Get, u64::MAX),
            Ask::Set(payload) => (ObjectRequestKind::Set, payload.len() as u64),
            Ask::Delete => (ObjectRequestKind::Delete, 0),
        };
        ObjectRequestHeader { object: self.object.clone(), payload_length, request_id: id, kind }.encode()
    }

    fn payload(&self) -> Option<&Bytes> {
        match &self.ask {
            Ask::Set(payload) => Some(payload),
            Ask::Get | Ask::Delete => None,
        }
    }
}

/// Requests that have not been answered, oldest first.
#[derive(Debug, Default)]
pub(super) struct Pending {
    requests: BTreeMap<u64, Request>,
    last: u64,
    look_at: usize,
}

impl Pending {
    /// Takes a request and gives its frames to `send`. One that has no form is answered with the reason.
    pub(super) fn add(&mut self, request: Request, send: &mut impl FnMut(&[u8]) -> Result<()>) {
        if self.requests.len() >= self.look_at {
            self.forget_abandoned();
            self.look_at = self.requests.len() + LOOK_AFTER;
        }
        self.last += 1;
        match write(self.last, &request, send) {
            Ok(()) => drop(self.requests.insert(self.last, request)),
            // Whoever asked may have gone, here and below.
            Err(error) => drop(request.reply.send(Err(error))),
        }
    }

    /// Every request again, for a new connection.
    pub(super) fn again(&mut self, send: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.forget_abandoned();
        self.requests.iter().try_for_each(|(id, request)| write(*id, request, send))
    }

    fn forget_abandoned(&mut self) {
        self.requests.retain(|_, request| !request.reply.is_closed());
    }

    /// Hands an answer to whoever waits for it. One that nobody knows was asked for on an earlier connection, or given up.
    pub(super) fn answered(&mut self, header: &ObjectResponseHeader, payload: Bytes) {
        let Some(request) = self.requests.remove(&header.response_id) else { return };
        let is_fit = matches!(
            (&request.ask, header.kind),
            (Ask::Get, ObjectResponseKind::GetOk)
                | (Ask::Set(_), ObjectResponseKind::SetOk)
                | (Ask::Delete, ObjectResponseKind::DeleteOk | ObjectResponseKind::DeleteNotExists)
        );
        let answer = if is_fit {
            Ok(payload)
        } else {
            let context = format!("the server answers another request than ours: {:?}", header.kind);
            Err(Error::new(ErrorKind::Malformed, "use the object storage", context))
        };
        drop(request.reply.send(answer));
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }
}

/// Both frames or none.
fn write(id: u64, request: &Request, send: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let header = request.header(id)?;
    let Some(payload) = request.payload() else { return send(&header) };
    if payload.len() as u64 > crate::ymq::MAX_FRAME {
        let context = format!("{} bytes, at most {} travel at once", payload.len(), crate::ymq::MAX_FRAME);
        return Err(Error::new(ErrorKind::Oversized, "store an object", context));
    }
    send(&header)?;
    send(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(ask: Ask) -> (Request, oneshot::Receiver<Result<Bytes>>) {
        let (reply, answer) = oneshot::channel();
        (Request { object: ObjectId(Bytes::from_static(&[7; 32])), ask, reply }, answer)
    }

    fn header(response_id: u64, kind: ObjectResponseKind) -> ObjectResponseHeader {
        ObjectResponseHeader { object: ObjectId(Bytes::from_static(&[7; 32])), payload_length: 0, response_id, kind }
    }

    #[test]
    fn what_was_not_answered_is_asked_again_unless_nobody_waits() {
        let mut pending = Pending::default();
        let mut frames = Vec::new();
        let mut send = |frame: &[u8]| {
            frames.push(frame.to_vec());
            Ok(())
        };
        let (set, _answer) = request(Ask::Set(Bytes::from_static(b"payload")));
        let (get, given_up) = request(Ask::Get);
        pending.add(set, &mut send);
        pending.add(get, &mut send);
        drop(given_up);
        pending.again(&mut send).unwrap();
        let ids = frames.iter().filter_map(|frame| ObjectRequestHeader::decode(frame).ok());
        assert_eq!(ids.map(|header| header.request_id).collect::<Vec<_>>(), [1, 2, 1]);
        assert_eq!(frames.iter().filter(|frame| *frame == b"payload").count(), 2);
    }

    #[test]
    fn an_answer_reaches_whoever_asked_and_must_be_one() {
        let mut pending = Pending::default();
        let (get, mut got) = request(Ask::Get);
        let (delete, mut deleted) = request(Ask::Delete);
        pending.add(get, &mut |_| Ok(()));
        pending.add(delete, &mut |_| Ok(()));
        pending.answered(&header(9, ObjectResponseKind::GetOk), Bytes::new());
        pending.answered(&header(2, ObjectResponseKind::SetOk), Bytes::new());
        assert_eq!(deleted.try_recv().unwrap().unwrap_err().kind(), ErrorKind::Malformed);
        pending.answered(&header(1, ObjectResponseKind::GetOk), Bytes::from_static(b"it"));
        assert_eq!(got.try_recv().unwrap().unwrap(), Bytes::from_static(b"it"));
        assert!(pending.is_empty());
    }

    #[test]
    fn an_object_without_a_form_is_refused_at_once() {
        let mut pending = Pending::default();
        let (reply, mut answer) = oneshot::channel();
        pending.add(Request { object: ObjectId(Bytes::from_static(b"short")), ask: Ask::Get, reply }, &mut |_| Ok(()));
        assert_eq!(answer.try_recv().unwrap().unwrap_err().kind(), ErrorKind::Unrepresentable);
        assert!(pending.is_empty());
    }
}
