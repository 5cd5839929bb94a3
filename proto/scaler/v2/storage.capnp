# Headers of the object storage server: the same in both versions of the wire, read off 2.6.0 and 2.9.0.
#
# A request is one frame with an ObjectRequestHeader and, for setObject and duplicateObjectId, one with the payload. A
# response is one frame with an ObjectResponseHeader and, where payloadLength > 0, one with the payload.
@0xc93dfbb6db9f46ec;

struct ObjectId {
  # The 32 bytes of an object id as four big-endian numbers.
  field0 @0 :UInt64;
  field1 @1 :UInt64;
  field2 @2 :UInt64;
  field3 @3 :UInt64;
}

struct ObjectRequestHeader {
  objectId @0 :ObjectId;
  payloadLength @1 :UInt64;
  # Of the payload that follows; for getObject the most that the caller takes.
  requestId @2 :UInt64;
  requestType @3 :RequestType;

  enum RequestType {
    setObject @0;
    getObject @1;
    # Answered once the object exists.
    deleteObject @2;
    duplicateObjectId @3;
    infoGetTotal @4;
  }
}

struct ObjectResponseHeader {
  objectId @0 :ObjectId;
  payloadLength @1 :UInt64;
  responseId @2 :UInt64;
  responseType @3 :ResponseType;

  enum ResponseType {
    setOk @0;
    getOk @1;
    delOk @2;
    delNotExists @3;
    duplicateOk @4;
    infoGetTotalOk @5;
  }
}
