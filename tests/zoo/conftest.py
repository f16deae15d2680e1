"""The mark of tests that take seconds: `-m "not slow"` leaves them out."""


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes seconds rather than milliseconds")
