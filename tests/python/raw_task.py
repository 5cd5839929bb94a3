"""Prints, in hexadecimal, a pickled serializer and a function as that serializer has it: whose arguments are plain bytes."""

import cloudpickle


class Raw:
    """Passes bytes on as they are; what begins with an exclamation mark is pickled."""

    @staticmethod
    def serialize(obj):
        return obj

    @staticmethod
    def deserialize(payload):
        import pickle

        return pickle.loads(payload[1:]) if payload[:1] == b"!" else payload


def work(kind, seconds, data):
    import time

    time.sleep(float(seconds))
    if kind == b"raises":
        raise ValueError(data.decode())
    return data


print(cloudpickle.dumps(Raw()).hex())
print((b"!" + cloudpickle.dumps(work)).hex())
