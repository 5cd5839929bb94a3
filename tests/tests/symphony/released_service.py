"""A service for Symphony's hosts around the released package's own messages, run by the simulator's `soamapi`.

The package (2.9.0) holds no service: its users write one, which calls what it has unpickled and pickles what that returns.
What is released of the border between the two is the message, and it is the released one that reads and writes here.
"""

import cloudpickle
import soamapi
from scaler.worker_manager.proxy.symphony.message import SoamMessage


class Service(soamapi.ServiceContainer):
    def on_create_service(self, context):
        pass

    def on_session_enter(self, context):
        pass

    def on_invoke(self, context):
        task = SoamMessage()
        context.populate_task_input(task)
        call, *arguments = cloudpickle.loads(task.get_payload())
        context.set_task_output(SoamMessage(cloudpickle.dumps(call(*arguments))))

    def on_session_leave(self):
        pass

    def on_destroy_service(self):
        pass


if __name__ == "__main__":
    Service().run()
