"""--coalesce: a saturated closed loop takes answers in larger batches, and no other run does."""

import os

from lib.server import Server
from load.engines import need_io_uring
from load.run import case, hang, load, named, reference_for, settings, skip, until_right

CONNECTIONS = 256
TRIES = 4


def slow_clocked(t):
    """A function that makes a run whose clock costs it 0.2 ms a reading (slow_clock.c); answers come
    meanwhile."""
    need_io_uring()
    if not settings.slow_clock:
        skip("no --reference given")
    if settings.sanitized:
        skip("the sanitizer's library must come before any preloaded one")
    server = Server(f"{settings.servers}/epoll-lt", "tcp4", "http",
                    patience=hang())
    t.defer(server.kill)
    return lambda *arguments: load(
        t, "-c", str(CONNECTIONS), "-d", "0.5s", "--engine", "io_uring", *arguments,
        f"http://{server.address}/", status=None,
        prefix=("env", f"LD_PRELOAD={settings.slow_clock}"))


def saturated(t, *arguments):
    """The JSON of a run whose thread has no time to lose."""
    attempt = slow_clocked(t)
    for _ in range(TRIES):
        run = attempt(*arguments)
        share = run.json["generator"]["max_thread_cpu_fraction"]
        if share > 0.97:
            return run.json
        t.note(f"the thread had {share:.2f} of a CPU only")
    return skip("inconclusive: others took the generator's CPU")


def saturated_runs_coalesce(t):
    j = saturated(t)
    g = j["generator"]
    assert g["coalesced_fraction"] > 0.5, g  # a slice that others took a part of is none
    assert g["coalesced_slept_ns"] < 0.05 * j["window_ns"], g
    assert j["outcomes"]["in_flight"] == CONNECTIONS
    assert j["verdict"] == "generator-limited" or j["verdict_reason"].startswith("disturbed: "), j["verdict_reason"]


def latencies_fill_the_window(t):
    """A batch moves latency from one connection to another, not out of the sum: by Little's law each
    connection has a request under way all the time, but for those that the end of the window cut off."""
    attempt = slow_clocked(t)
    for _ in range(TRIES):
        j = attempt().json
        if j["outcomes"]["ok"]:
            break
    else:
        skip("inconclusive: nothing was answered in the window")
    under_way = j["outcomes"]["ok"] * j["latency"]["mean"]
    cut_off = CONNECTIONS * j["oldest_in_flight_ns"]
    share = (under_way + cut_off) / (CONNECTIONS * j["window_ns"])
    if share <= 0.9 and j["generator"]["max_thread_cpu_fraction"] < 0.97:
        # inconclusive: a thread that is kept from its CPU lets time pass between two requests
        skip("inconclusive: others took the generator's CPU")
    assert share > 0.9, f"connections had a request under way for {share:.3f} of the window"


def off_is_off(t):
    g = saturated(t, "--coalesce", "off")["generator"]
    assert g["coalesced_fraction"] == g["coalesced_slept_ns"] == 0


def never_in_open_loop(t):
    g = saturated(t, "-R", "1M", "--drain", "0.1s")["generator"]
    assert g["coalesced_fraction"] == g["coalesced_slept_ns"] == 0


def never_with_cpu_to_spare(t):
    """Answers are taken as they come, however many could be waited for."""
    need_io_uring()
    server = reference_for(t, "--delay", "50ms")

    def coalesced():
        g = load(t, "-d", "0.5s", "-c", "64", "--engine", "io_uring", server.url).json["generator"]
        return g["coalesced_fraction"], g["coalesced_slept_ns"]
    # A hypervisor may take the CPU while the thread works, and the guest takes that for its work.
    found = until_right(coalesced, lambda some: some == (0, 0))
    assert found[-1] == (0, 0), found


def tests():
    if not settings.servers or not os.path.exists(f"{settings.servers}/epoll-lt"):
        return [case("coalescing", lambda t: skip("no --servers given"))]
    # Not beside the other tests: those take CPUs.
    found = [named(f, last=True) for f in (saturated_runs_coalesce, off_is_off,
                                                     never_in_open_loop)]
    return found + [named(latencies_fill_the_window), named(never_with_cpu_to_spare)]
