"""Tasks with arguments of certain sizes. Arguments: ADDRESS STARTS_FILE AT_ONCE SIZE...

Each argument is an object of a module that is found where tasks run, and nowhere else but here. The bytes in it cannot be
compressed.
"""

import hashlib
import os
import random
import sys
import time

import cloudpickle
import report
from scaler import Client

cloudpickle.register_pickle_by_value(sys.modules[__name__])

MODULE = """
class Parcel:
    def __init__(self, data):
        self.data = data
"""


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


def unpack(parcel):
    return digest(parcel.data)


def main():
    address, path, at_once, *sizes = sys.argv[1:]
    folder = os.path.join(os.path.dirname(path), "modules")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "only_in_jobs.py"), "w") as file:
        file.write(MODULE)
    sys.path.insert(0, folder)
    import only_in_jobs

    parcels = [only_in_jobs.Parcel(random.Random(size).randbytes(int(size))) for size in sizes]
    begun = time.time()
    with Client(address=address) as client:
        report.event("submitted", tasks=len(parcels))
        if at_once == "1":
            results = [future.result() for future in [client.submit(unpack, parcel) for parcel in parcels]]
        else:
            results = [client.submit(unpack, parcel).result() for parcel in parcels]
    right = results == [digest(parcel.data) for parcel in parcels]
    report.event("finished", done=len(results), right=right, seconds=time.time() - begun)


if __name__ == "__main__":
    main()
