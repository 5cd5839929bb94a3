//! Headers of the object storage server, whose schema is the same in both versions.

use capnp::{message, serialize};

use super::{Coded, Fail, limits};
use crate::{
    Result,
    generated::v2::storage_capnp::{
        self as s, object_request_header::RequestType, object_response_header::ResponseType,
    },
    message::{ObjectId, ObjectRequestHeader, ObjectRequestKind, ObjectResponseHeader, ObjectResponseKind},
};

pub(crate) fn decode_request(bytes: &[u8]) -> Result<ObjectRequestHeader> {
    let read = || -> Coded<ObjectRequestHeader> {
        let frame = serialize::read_message_from_flat_slice_no_alloc(&mut &*bytes, limits(bytes))?;
        let header = frame.get_root::<s::object_request_header::Reader<'_>>()?;
        let kind = match header.get_request_type()? {
            RequestType::SetObject => ObjectRequestKind::Set,
            RequestType::GetObject => ObjectRequestKind::Get,
            RequestType::DeleteObject => ObjectRequestKind::Delete,
            RequestType::DuplicateObjectId => ObjectRequestKind::Duplicate,
            RequestType::InfoGetTotal => ObjectRequestKind::InfoTotal,
        };
        Ok(ObjectRequestHeader {
            object: object_id(header.get_object_id()?),
            payload_length: header.get_payload_length(),
            request_id: header.get_request_id(),
            kind,
        })
    };
    read().map_err(|fail| fail.into_error("decode a request of the object storage"))
}

pub(crate) fn encode_request(value: &ObjectRequestHeader) -> Result<Vec<u8>> {
    let mut frame = message::Builder::new_default();
    let mut header = frame.init_root::<s::object_request_header::Builder<'_>>();
    set_object_id(header.reborrow().init_object_id(), &value.object)
        .map_err(|fail| fail.into_error("encode a request of the object storage"))?;
    header.set_payload_length(value.payload_length);
    header.set_request_id(value.request_id);
    header.set_request_type(match value.kind {
        ObjectRequestKind::Set => RequestType::SetObject,
        ObjectRequestKind::Get => RequestType::GetObject,
        ObjectRequestKind::Delete => RequestType::DeleteObject,
        ObjectRequestKind::Duplicate => RequestType::DuplicateObjectId,
        ObjectRequestKind::InfoTotal => RequestType::InfoGetTotal,
    });
    Ok(serialize::write_message_to_words(&frame))
}

pub(crate) fn decode_response(bytes: &[u8]) -> Result<ObjectResponseHeader> {
    let read = || -> Coded<ObjectResponseHeader> {
        let frame = serialize::read_message_from_flat_slice_no_alloc(&mut &*bytes, limits(bytes))?;
        let header = frame.get_root::<s::object_response_header::Reader<'_>>()?;
        let kind = match header.get_response_type()? {
            ResponseType::SetOk => ObjectResponseKind::SetOk,
            ResponseType::GetOk => ObjectResponseKind::GetOk,
            ResponseType::DelOk => ObjectResponseKind::DeleteOk,
            ResponseType::DelNotExists => ObjectResponseKind::DeleteNotExists,
            ResponseType::DuplicateOk => ObjectResponseKind::DuplicateOk,
            ResponseType::InfoGetTotalOk => ObjectResponseKind::InfoTotalOk,
        };
        Ok(ObjectResponseHeader {
            object: object_id(header.get_object_id()?),
            payload_length: header.get_payload_length(),
            response_id: header.get_response_id(),
            kind,
        })
    };
    read().map_err(|fail| fail.into_error("decode a response of the object storage"))
}

pub(crate) fn encode_response(value: &ObjectResponseHeader) -> Result<Vec<u8>> {
    let mut frame = message::Builder::new_default();
    let mut header = frame.init_root::<s::object_response_header::Builder<'_>>();
    set_object_id(header.reborrow().init_object_id(), &value.object)
        .map_err(|fail| fail.into_error("encode a response of the object storage"))?;
    header.set_payload_length(value.payload_length);
    header.set_response_id(value.response_id);
    header.set_response_type(match value.kind {
        ObjectResponseKind::SetOk => ResponseType::SetOk,
        ObjectResponseKind::GetOk => ResponseType::GetOk,
        ObjectResponseKind::DeleteOk => ResponseType::DelOk,
        ObjectResponseKind::DeleteNotExists => ResponseType::DelNotExists,
        ObjectResponseKind::DuplicateOk => ResponseType::DuplicateOk,
        ObjectResponseKind::InfoTotalOk => ResponseType::InfoGetTotalOk,
    });
    Ok(serialize::write_message_to_words(&frame))
}

fn object_id(reader: s::object_id::Reader<'_>) -> ObjectId {
    let fields = [reader.get_field0(), reader.get_field1(), reader.get_field2(), reader.get_field3()];
    ObjectId::from(fields.map(u64::to_be_bytes).as_flattened())
}

fn set_object_id(mut builder: s::object_id::Builder<'_>, id: &ObjectId) -> Coded<()> {
    let (fields, rest) = id.as_bytes().as_chunks::<8>();
    let ([field0, field1, field2, field3], []) = (fields, rest) else {
        return Err(Fail::Unrepresentable("an object id that is not 32 bytes long"));
    };
    builder.set_field0(u64::from_be_bytes(*field0));
    builder.set_field1(u64::from_be_bytes(*field1));
    builder.set_field2(u64::from_be_bytes(*field2));
    builder.set_field3(u64::from_be_bytes(*field3));
    Ok(())
}
