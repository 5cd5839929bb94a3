"""The released manager for Symphony, with a stub in the place of IBM's `soamapi`. Arguments: its own.

`released_symphony.py worker SCHEDULER CONCURRENCY QUEUE`: a worker of it alone, for a scheduler that knows no managers.
"""

import os
import sys

# Workers are processes of their own: they are told of it with the rest of this path.
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "soamapi_stub"))


def worker(address, concurrency, queue_size):
    from scaler.config import defaults
    from scaler.config.types.address import AddressConfig
    from scaler.worker_manager.proxy.symphony.worker import create_symphony_worker

    created = create_symphony_worker(
        address=AddressConfig.from_string(address),
        object_storage_address=None,
        service_name="ScalerService",
        capabilities={},
        base_concurrency=int(concurrency),
        heartbeat_interval_seconds=defaults.DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
        death_timeout_seconds=defaults.DEFAULT_WORKER_DEATH_TIMEOUT,
        task_queue_size=int(queue_size),
        io_threads=defaults.DEFAULT_IO_THREADS,
        event_loop="builtin",
        worker_manager_id=b"worker",
    )
    # In this process: what is measured is a worker without what starts it.
    created.run()


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(*sys.argv[2:])
    else:
        from scaler.entry_points.worker_manager import main

        sys.exit(main())
