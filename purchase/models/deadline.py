"""A limit of time for fits, which stands where a progress bar stands."""

import math
import time


class OutOfTime(Exception):
    """The fits that are left would not be over in time."""


class Deadline:
    """Counts fits like a progress bar, and ends them by OutOfTime as soon as the rest would come too late.

    A fit that has begun is finished: nothing in the model libraries could end it. So one fit may pass the limit.

    Parameters
    ----------
    seconds : float or None
        From now on; None: no limit.
    """

    def __init__(self, seconds):
        self.began = time.monotonic()
        self.end = math.inf if seconds is None else self.began + seconds
        self.total, self.n = 0, 0

    def begin(self):
        """Forget the pace of the fits before; those that come are of another kind."""
        self.total, self.n, self.began = 0, 0, time.monotonic()
        self._check(self.began)

    def update(self):
        """Count one fit."""
        self.n += 1
        now = time.monotonic()
        if self.n < self.total:
            self._check(now + (now - self.began) / self.n * (self.total - self.n))

    def _check(self, finished):
        if finished > self.end:
            raise OutOfTime
