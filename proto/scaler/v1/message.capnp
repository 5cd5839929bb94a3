# Messages of OpenGRIS Scaler, version 1 of the wire: releases 2.4.0 to 2.6.0, read off 2.6.0.
#
# One frame holds one `Message`, unpacked, in the standard stream framing. What has to agree with the releases is the
# layout: ordinals, types, and the order of union members. Names are ours wherever they do not travel.
# Members typed AnyPointer are messages that no manager, worker or monitor needs: they keep their place in the union.
@0xf1f8f9d3fc9b2a14;

# ---- parts ----

struct Capability {
  name @0 :Text;
  # For example "gpu" or "linux".
  value @1 :Int64;
  # A quantity; -1 where there is none.
}

struct StorageAddress {
  host @0 :Text;
  port @1 :UInt16;
  scheme @2 :Text;
}

struct ObjectMetadata {
  # The lists run in parallel, one entry per object.
  objectIds @0 :List(Data);
  objectTypes @1 :List(ObjectType);
  objectNames @2 :List(Data);
}

enum ObjectType {
  serializer @0;
  object @1;
}

struct Resource {
  cpu @0 :UInt16;
  # Tenths of a percent.
  rss @1 :UInt64;
  # Bytes.
}

struct ProcessorStatus {
  pid @0 :UInt32;
  initialized @1 :Bool;
  hasTask @2 :Bool;
  suspended @3 :Bool;
  resource @4 :Resource;
}

# ---- tasks ----

struct Task {
  taskId @0 :Data;
  source @1 :Data;
  # The client that submitted it.
  metadata @2 :Data;
  # Empty, or big-endian `?i?`: profiling, priority, stream_output.
  functionId @3 :Data;
  arguments @4 :List(Argument);
  capabilities @5 :List(Capability);

  struct Argument {
    kind @0 :Kind;
    data @1 :Data;

    enum Kind {
      task @0;
      object @1;
    }
  }
}

struct TaskCancel {
  taskId @0 :Data;
  flags @1 :Flags;

  struct Flags {
    force @0 :Bool;
  }
}

struct TaskCancelConfirm {
  taskId @0 :Data;
  outcome @1 :CancelOutcome;
}

enum CancelOutcome {
  canceled @0;
  failed @1;
  notFound @2;
}

struct TaskResult {
  taskId @0 :Data;
  outcome @1 :ResultOutcome;
  metadata @2 :Data;
  results @3 :List(Data);
  # Object ids.
}

enum ResultOutcome {
  success @0;
  failed @1;
  workerDied @2;
}

struct TaskLog {
  taskId @0 :Data;
  stream @1 :LogStream;
  content @2 :Text;
}

enum LogStream {
  stdout @0;
  stderr @1;
}

struct ObjectInstruction {
  instruction @0 :Instruction;
  objectUser @1 :Data;
  objects @2 :ObjectMetadata;

  enum Instruction {
    create @0;
    delete @1;
    clear @2;
  }
}

# ---- workers and managers ----

struct WorkerHeartbeat {
  agent @0 :Resource;
  rssFree @1 :UInt64;
  queueSize @2 :UInt32;
  queuedTasks @3 :UInt32;
  latencyMicroseconds @4 :UInt32;
  taskLock @5 :Bool;
  processors @6 :List(ProcessorStatus);
  capabilities @7 :List(Capability);
  managerId @8 :Data;
}

struct WorkerHeartbeatEcho {
  storage @0 :StorageAddress;
}

struct DisconnectRequest {
  # A worker that leaves.
  worker @0 :Data;
}

struct DisconnectResponse {
  worker @0 :Data;
}

struct ManagerHeartbeat {
  maxTaskConcurrency @0 :UInt32;
  capabilities @1 :List(Capability);
  managerId @2 :Data;
}

struct ManagerHeartbeatEcho {
}

struct ManagerCommand {
  requests @0 :List(Request);

  struct Request {
    taskConcurrency @0 :UInt32;
    capabilities @1 :List(Capability);
  }
}

struct ClientDisconnect {
  kind @0 :Kind;

  enum Kind {
    disconnect @0;
    shutdown @1;
  }
}

# ---- what the monitor publishes ----

struct BinderStatus {
  received @0 :List(Pair);
  sent @1 :List(Pair);

  struct Pair {
    client @0 :Text;
    number @1 :UInt32;
  }
}

struct ClientManagerStatus {
  clients @0 :List(ClientStatus);

  struct ClientStatus {
    clientId @0 :Data;
    tasks @1 :UInt32;
  }
}

struct ObjectManagerStatus {
  objects @0 :UInt32;
}

struct TaskManagerStatus {
  stateToCount @0 :List(Pair);

  struct Pair {
    state @0 :UInt8;
    count @1 :UInt32;
  }
}

struct WorkerManagerStatus {
  workers @0 :List(WorkerStatus);
}

struct WorkerStatus {
  workerId @0 :Data;
  agent @1 :Resource;
  rssFree @2 :UInt64;
  free @3 :UInt32;
  sent @4 :UInt32;
  # Tasks that the scheduler has with this worker: 0 means idle.
  queued @5 :UInt32;
  suspended @6 :UInt8;
  lagMicroseconds @7 :UInt64;
  lastSeenSeconds @8 :UInt8;
  itl @9 :Text;
  processors @10 :List(ProcessorStatus);
}

struct ScalingManagerStatus {
  managedWorkers @0 :List(Pair);
  details @1 :List(Detail);

  struct Pair {
    managerId @0 :Data;
    workerIds @1 :List(Data);
  }

  struct Detail {
    managerId @0 :Data;
    identity @1 :Text;
    lastSeenSeconds @2 :UInt8;
    maxTaskConcurrency @3 :UInt32;
    capabilities @4 :Text;
    pendingWorkers @5 :UInt32;
  }
}

struct StateScheduler {
  binder @0 :BinderStatus;
  scheduler @1 :Resource;
  rssFree @2 :UInt64;
  clientManager @3 :ClientManagerStatus;
  objectManager @4 :ObjectManagerStatus;
  taskManager @5 :TaskManagerStatus;
  workerManager @6 :WorkerManagerStatus;
  scalingManager @7 :ScalingManagerStatus;
}

struct StateWorker {
  workerId @0 :Data;
  state @1 :WorkerState;
  capabilities @2 :List(Capability);
}

enum WorkerState {
  connected @0;
  disconnected @1;
}

struct StateTask {
  taskId @0 :Data;
  functionName @1 :Data;
  state @2 :TaskState;
  worker @3 :Data;
  capabilities @4 :List(Capability);
  metadata @5 :Data;
}

enum TaskState {
  inactive @0;
  running @1;
  canceling @2;
  balanceCanceling @3;
  success @4;
  failed @5;
  workerDied @6;
  canceled @7;
  canceledNotFound @8;
  balanceCanceled @9;
  workerDisconnecting @10;
}

# ---- the frame ----

struct Message {
  union {
    task @0 :Task;
    taskCancel @1 :TaskCancel;
    taskCancelConfirm @2 :TaskCancelConfirm;
    taskResult @3 :TaskResult;
    taskLog @4 :TaskLog;
    graphTask @5 :AnyPointer;
    objectInstruction @6 :ObjectInstruction;
    clientHeartbeat @7 :AnyPointer;
    clientHeartbeatEcho @8 :AnyPointer;
    workerHeartbeat @9 :WorkerHeartbeat;
    workerHeartbeatEcho @10 :WorkerHeartbeatEcho;
    disconnectRequest @11 :DisconnectRequest;
    disconnectResponse @12 :DisconnectResponse;
    stateClient @13 :AnyPointer;
    stateObject @14 :AnyPointer;
    stateBalanceAdvice @15 :AnyPointer;
    stateScheduler @16 :StateScheduler;
    stateWorker @17 :StateWorker;
    stateTask @18 :StateTask;
    stateGraphTask @19 :AnyPointer;
    clientDisconnect @20 :ClientDisconnect;
    clientShutdownResponse @21 :AnyPointer;
    processorInitialized @22 :AnyPointer;
    informationRequest @23 :AnyPointer;
    informationResponse @24 :AnyPointer;
    managerHeartbeat @25 :ManagerHeartbeat;
    managerHeartbeatEcho @26 :ManagerHeartbeatEcho;
    managerCommand @27 :ManagerCommand;
  }
}
