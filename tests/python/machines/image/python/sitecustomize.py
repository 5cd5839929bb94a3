"""What Python takes for the number of processors is that of the instance's type, not of the machine below it."""

import os

os.cpu_count = lambda: int(os.environ["SCALER_WM_TEST_CPUS"])
