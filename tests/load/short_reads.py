"""A recv(2) that stops short although there is more: what is left must be read without being told
again."""

from load.run import case, hang, load, stub_for


def nothing_is_left_unread(protocol, family, options):
    def test(t):
        # 64 connections of one process that takes turns: the whole answer is there when it is read.
        stub = stub_for(t, "urgent", protocol, family=family)
        j = load(t, "-n", "2000", "-c", "64", "--timeout", f"{hang():.0f}s", *options, stub.url).json
        assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | {"ok": 2000}, j["outcomes"]
    return test


def tests():
    # TCP has room for one urgent byte: of several on their way all but the last become data (tcp(7)).
    kinds = (("tcp4", []), ("unix", []), ("unix", ["--pipeline", "4"]))
    return [case(f"nothing is left unread: {protocol} over {family}, {' '.join(options) or 'plain'}",
                 nothing_is_left_unread(protocol, family, options))
            for protocol in ("http", "echo") for family, options in kinds]
