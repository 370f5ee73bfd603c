"""Settings for all tests: the same examples every time, on every machine."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "archcalc",
    derandomize=True,
    deadline=None,  # a busy machine is no fault of the code
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("archcalc")
