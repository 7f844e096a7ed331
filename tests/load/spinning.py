"""--spin: a closed loop that never sleeps, and what every run tells of the sleep of its threads."""

from load.run import Run, load, named, reference_for, skip


def spare_time_is_no_load(t):
    """A thread that looks for answers all the time uses its CPU and has most of it to spare."""
    server = reference_for(t, "--delay", "20ms")
    for arguments in ([], ["-t", "2"], ["--pipeline", "2"], ["--think", "1ms"]):
        j = load(t, "--spin", "-c", "4", "-d", "0.3s", *arguments, server.url).json
        g = j["generator"]
        assert j["spin"] is True and g["slept_ns"] == 0 and g["coalesced_fraction"] == 0, g
        assert g["spun_fraction"] <= g["cpu_fraction"] + 0.001, g
        assert j["verdict"] != "generator-limited", j["verdict_reason"]
        # A look at an empty queue takes a microsecond or so; a thread that slept would look once a
        # request.
        looks = g["syscalls"]["epoll_wait"] + g["syscalls"]["io_uring_enter"]
        assert looks > 4 * j["requests"], (looks, j["requests"])
        if g["cpu_fraction"] < 0.7:
            skip("inconclusive: others took the generator's CPU")
        assert g["spun_fraction"] > 0, g


def sleep_is_told(t):
    """Where answers take their time the threads sleep, however many they are."""
    server = reference_for(t, "--delay", "20ms")
    for arguments in ([], ["-t", "2"]):
        j = load(t, "-c", "2", "-d", "0.3s", *arguments, server.url).json
        g = j["generator"]
        assert j["spin"] is False and g["spun_ns"] == g["spun_fraction"] == 0
        # With little CPU used, and a wait for each answer; others can only make the sleep shorter.
        assert g["slept_ns"] > 0, g


def saturated(t):
    """From memory a request takes as long with --spin as without: nothing is left over."""
    for arguments in ([], ["--spin"]):
        g = load(t, "--null", "-c", "16", "-d", "0.1s", *arguments).json["generator"]
        assert g["spun_ns"] == 0 and g["slept_ns"] == 0, g


def open_loop_refused(t):
    for arguments in (["-R", "10"], ["--search", "p50<1s"]):
        run = Run(t, "--spin", *arguments, "http://127.0.0.1:1/", json_file=False)
        assert run.finish() == 2 and "--spin" in run.err.splitlines()[0], run.err


def tests():
    return [named(f) for f in (spare_time_is_no_load, sleep_is_told)] + [
        named(f, once=True) for f in (saturated, open_loop_refused)]
