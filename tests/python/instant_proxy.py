"""The released proxy with a backend whose tasks return their first argument in no time.

Arguments: SCHEDULER CONCURRENCY QUEUE [HOLD]. With HOLD every task runs until that file is there. All else is as the
package's manager for Symphony has it, the quickest of those that use the proxy: others sleep when nothing runs.
"""

import asyncio
import functools
import os
import sys

from scaler.config import defaults
from scaler.config.types.address import AddressConfig
from scaler.worker_manager.proxy.mixins import ExecutionBackend, ProcessorStatusProvider
from scaler.worker_manager.proxy.worker_process import WorkerProcess

LOOK_EVERY_SECONDS = 0.02


class InstantBackend(ExecutionBackend):
    def __init__(self, hold):
        self._held = [] if hold else None
        self._load = None
        self._look = asyncio.get_running_loop().create_task(self._until(hold)) if hold else None

    def register(self, load_task_inputs):
        self._load = load_task_inputs

    async def execute(self, task):
        _, arguments = await self._load(task)
        future = asyncio.get_running_loop().create_future()
        if self._held is None:
            future.set_result(arguments[0])
        else:
            self._held.append((future, arguments[0]))
        return future

    async def _until(self, hold):
        while not os.path.exists(hold):
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        held, self._held = self._held, None
        for future, result in held:
            future.set_result(result)

    async def on_cancel(self, task_cancel):
        pass

    def on_cleanup(self, task_id):
        pass

    async def routine(self):
        pass


class NoProcessors(ProcessorStatusProvider):
    def set_task_manager(self, task_manager):
        pass

    def get_processor_statuses(self):
        return []


def main():
    address, concurrency, queue_size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    hold = sys.argv[4] if len(sys.argv) > 4 else None
    worker = WorkerProcess(
        name="instant",
        address=AddressConfig.from_string(address),
        object_storage_address=None,
        capabilities={},
        base_concurrency=concurrency,
        heartbeat_interval_seconds=defaults.DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
        death_timeout_seconds=defaults.DEFAULT_WORKER_DEATH_TIMEOUT,
        task_queue_size=queue_size,
        io_threads=defaults.DEFAULT_IO_THREADS,
        event_loop="builtin",
        worker_manager_id=b"instant",
        processor_status_provider_factory=NoProcessors,
        execution_backend_factory=functools.partial(InstantBackend, hold),
    )
    # In this process: what is measured is a worker without what starts it.
    worker.run()


if __name__ == "__main__":
    main()
