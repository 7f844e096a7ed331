"""Spans of time that a server counts and a client has to keep up with.

A client that must act within a server's idle timeout can be kept from the CPU for longer than that,
and then the server is right to close. The clock of the test tells: it was late. So such a check is tried
with longer and longer spans, and where even the longest passed before the client's turn came, the
answer is "inconclusive", not a failure. A server that is wrong is wrong with every span."""

import time

from lib.wire import Silent


class Span:
    """`seconds` that the server counts, of which the client may use half for each thing it does. Before
    start(), and after end(), the client does not have to be quick."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.error = None  # a judgement that a stall of the server could explain
        self._last, self._longest, self._ended = 0.0, 0.0, True

    def start(self):
        self._last, self._ended = time.monotonic(), False

    def tick(self):
        """The client has acted: from one of these to the next is what must not take too long."""
        if not self._ended:
            now = time.monotonic()
            self._longest, self._last = max(self._longest, now - self._last), now

    def end(self):
        self.tick()
        self._ended = True

    def at_least(self, begin):
        """Check that the span has passed since `begin`, a moment not after its first. A server's own
        time for it may be as old as the last stall of the server, hence half."""
        took = time.monotonic() - begin
        if took < self.seconds / 2:
            self.error = AssertionError(f"closed after {took:.2f} s of {self.seconds:g} s")
            raise self.error

    @property
    def late(self):
        self.tick()
        return self._longest > self.seconds / 2


def in_time(s, attempt, spans=(0.5, 2.0, 8.0)):
    """Call attempt(Span) until it passes. It has failed where it fails three times with one span although
    the client was in time: once or twice the server, too, may have been kept from the CPU."""
    for seconds in spans:
        for last in (False, False, True):
            span = Span(seconds)
            try:
                attempt(span)
                return
            except Silent:
                raise
            except (AssertionError, OSError) as error:
                s.t.note(f"not judged with {seconds:g} s: {error!r}")
                if span.late or span.error:
                    break
                if last:
                    raise
    if span.error:
        raise span.error
    s.skip(f"inconclusive: the test was kept waiting for over {spans[-1] / 2:g} s")
