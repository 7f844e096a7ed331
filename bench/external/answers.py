"""What our servers answer, for those of other Python frameworks."""

TEXT = b"iomodels: one answer, whatever the model.\n"
_ROW = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\n"


def rows(size):
    """The body of /bytes/SIZE: rows of 64 characters, each with its number in front."""
    text = b"".join(b"%04d%s" % (row % 1024, _ROW[4:]) for row in range(size // 64 + 1))
    return text[:size]


# All that the servers with a minimum of HTTP of their own say.
WHOLE = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(TEXT)
         + TEXT)
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def whole(head):
    """The answer to a request without body, given its head."""
    return WHOLE if head.startswith(b"GET / ") else MISSING
