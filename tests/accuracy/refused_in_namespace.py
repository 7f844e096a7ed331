"""Run inside a network namespace of its own: load a reference server that refuses connections now
and then, and compare with the kernel's count. Prints JSON.

    refused_in_namespace.py REFERENCE-SERVER IOMODELS-LOAD [ARGUMENT]...

Exit status 77: the namespace cannot be used."""

import fcntl
import json
import socket
import struct
import subprocess
import sys

SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # netdevice(7)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def attempt_fails():
    """Connections that were refused, counted by the kernel of the side that asked (RFC 4022,
    tcpAttemptFails), in this network namespace."""
    with open("/proc/self/net/snmp") as f:
        names, values = [line.split() for line in f if line.startswith("Tcp:")]
    return int(dict(zip(names, values))["AttemptFails"])


def main():
    try:
        loopback_up()
    except OSError as e:
        print(f"loopback: {e}", file=sys.stderr)
        return 77
    server = subprocess.Popen([sys.argv[1], "--fault", "refuse:200"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().removeprefix("listening on ").strip()
        before = attempt_fails()
        done = subprocess.run([sys.argv[2], *sys.argv[3:], "-c", "4", "-n", "1000", "--timeout",
                               "1h", "--max-errors", "100%", "--json", "-",
                               f"http://{address}/"],
                              capture_output=True, text=True, check=False)
        fails = attempt_fails() - before
        if done.returncode != 0:
            print(f"exit status {done.returncode}: {done.stderr}", file=sys.stderr)
            return 1
        out, _ = server.communicate()
    finally:
        server.kill()
        server.wait()
    print(json.dumps({"json": json.loads(done.stdout), "attempt_fails": fails,
                      "journal": json.loads(out.splitlines()[-1])}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
