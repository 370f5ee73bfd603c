"""Settings for all tests: the same examples every time, on every machine; one thread each."""

import os

from hypothesis import HealthCheck, settings

# Several files run at a time, and small nets gain nothing by threads of their own.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile(
    "archcalc",
    derandomize=True,
    deadline=None,  # a busy machine is no error of the code
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("archcalc")
