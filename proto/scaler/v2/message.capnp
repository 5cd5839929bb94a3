# Messages of OpenGRIS Scaler, version 2 of the wire: releases from 2.7.0 on, read off 2.9.0.
#
# One frame holds one `Message`, unpacked, in the standard stream framing. What has to agree with the releases is the
# layout: ordinals, types, and the order of union members. Names are ours wherever they do not travel.
# Members typed AnyPointer are messages that no manager, worker or monitor needs: they keep their place in the union.
@0xa46152c006ba3ac7;

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
  objectSizes @3 :List(UInt64);
  # Payload bytes, from 2.9.0 on.
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
  currentTaskId @5 :Data;
  # Empty when idle; from 2.9.0 on.
  taskAgeSeconds @6 :UInt32;
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
  memLimit @9 :UInt64;
  hostname @10 :Text;
  # From here on 2.9.0.
  netSentBytes @11 :UInt64;
  netReceivedBytes @12 :UInt64;
}

struct WorkerHeartbeatEcho {
  storage @0 :StorageAddress;
}

struct WorkerDisconnectNotification {
  # A worker that leaves: the sender.
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
    resource @2 :Resource;
    latencyMicroseconds @3 :UInt32;
    lastSeenSeconds @4 :UInt16;
    connectedSeconds @5 :UInt32;
    hostname @6 :Text;
  }
}

struct ObjectManagerStatus {
  objects @0 :UInt32;
  storage @1 :StorageStatus;

  struct StorageStatus {
    ids @0 :UInt64;
    payloads @1 :UInt64;
    bytes @2 :UInt64;
    pendingRequests @3 :UInt64;
    pendingObjects @4 :UInt64;
    oldestPendingSeconds @5 :UInt64;
  }
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
  lastSeenSeconds @8 :UInt16;
  itl @9 :Text;
  processors @10 :List(ProcessorStatus);
  memLimit @11 :UInt64;
  hostname @12 :Text;
  netSentBytes @13 :UInt64;
  netReceivedBytes @14 :UInt64;
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
    lastSeenSeconds @2 :UInt16;
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
  objectBytes @6 :UInt64;
  # From here on 2.9.0.
  client @7 :Data;
  event @8 :Text;
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
    stateClient @11 :AnyPointer;
    stateObject @12 :AnyPointer;
    stateBalanceAdvice @13 :AnyPointer;
    stateScheduler @14 :StateScheduler;
    stateWorker @15 :StateWorker;
    stateTask @16 :StateTask;
    stateGraphTask @17 :AnyPointer;
    clientDisconnect @18 :ClientDisconnect;
    clientShutdownResponse @19 :AnyPointer;
    processorInitialized @20 :AnyPointer;
    informationRequest @21 :AnyPointer;
    informationResponse @22 :AnyPointer;
    managerHeartbeat @23 :ManagerHeartbeat;
    managerHeartbeatEcho @24 :ManagerHeartbeatEcho;
    managerCommand @25 :ManagerCommand;
    workerDisconnectNotification @26 :WorkerDisconnectNotification;
  }
}
