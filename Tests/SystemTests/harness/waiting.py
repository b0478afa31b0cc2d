"""Waiting for something to become true, with a bound and a reason."""
import time


def until(condition, what, timeout=5.0, pause=0.02):
    """The first true value of `condition()`; an AssertionError naming `what` after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(pause)
