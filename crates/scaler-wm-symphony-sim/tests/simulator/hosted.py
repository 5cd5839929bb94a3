"""A service for Symphony's hosts: notes what is called, gives back what it was sent, and fails on demand."""

import array
import os

import soamapi


class Text(soamapi.Message):
    data = b""

    def on_serialize(self, stream):
        stream.write_byte_array(array.array("b", self.data), 0, len(self.data))

    def on_deserialize(self, stream):
        self.data = bytes(stream.read_byte_array("b"))


class Service(soamapi.ServiceContainer):
    def note(self, what):
        with open(os.environ["SCALER_SOAM_SIM_DIR"] + "/notes", "a") as file:
            file.write(what + " ")

    def on_create_service(self, context):
        self.note("create")

    def on_session_enter(self, context):
        self.note("enter")

    def on_invoke(self, context):
        task = Text()
        context.populate_task_input(task)
        if task.data == b"fatal":
            raise soamapi.FatalException("as was asked for")
        if task.data != b"nothing":
            context.set_task_output(task)

    def on_session_leave(self):
        self.note("leave")

    def on_destroy_service(self):
        self.note("destroy")


if __name__ == "__main__":
    Service().run()
