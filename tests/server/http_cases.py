"""Requests, good and bad, and the status each must get.

The rules are those of RFC 9110 and 9112 (sections in parentheses), read strictly wherever leniency
lets two parsers see two different requests in the same bytes. Where the RFCs leave a choice, both
outcomes stand in the table."""

from typing import NamedTuple, Optional, Tuple

HELLO = b"iomodels: one answer, whatever the model.\n"


class Case(NamedTuple):
    name: str
    request: bytes
    status: Tuple[int, ...]
    closes: Optional[bool] = None  # must the connection be closed after the answer? None: may be
    body: Optional[bytes] = None  # of the answer, where it matters


CASES = []


def add(name, request, status, closes=None, body=None):
    status = status if isinstance(status, tuple) else (status,)
    CASES.append(Case(name, request, status, closes, body))


def bad(name, request, status=400):
    """A request after which the connection cannot be trusted."""
    add(name, request, status, True)


def good(name, request, body=HELLO, closes=False):
    add(name, request, 200, closes, body)


def get(line="GET / HTTP/1.1", *fields):
    """A request without a body; a Host field is there unless `fields` say otherwise."""
    return raw(line, b"Host: x", *fields)


def raw(line, *fields):
    lines = [line, *fields, b"", b""]
    return b"\r\n".join(x.encode("latin-1") if isinstance(x, str) else x for x in lines)


def field(text):
    return get("GET / HTTP/1.1", text)


def post(*fields, body=b""):
    return raw("POST /echo HTTP/1.1", "Host: x", *fields) + body


def chunks(body, *fields):
    return post("Transfer-Encoding: chunked", *fields, body=body)


# Ends of lines (RFC 9112, section 2.2)
bad("bare LF after the request line", b"GET / HTTP/1.1\nHost: x\r\n\r\n")
bad("bare LF after a field", b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n")
bad("bare LF at the end of the head", b"GET / HTTP/1.1\r\nHost: x\r\n\n")
bad("bare LF everywhere", b"GET / HTTP/1.1\nHost: x\n\n")
bad("bare CR in the request line", b"GET /\r HTTP/1.1\r\nHost: x\r\n\r\n")
bad("bare CR instead of CRLF", b"GET / HTTP/1.1\rHost: x\r\n\r\n")
bad("bare CR in a field value", field(b"A: b\rc"))
bad("bare CR in a field name", field(b"A\rB: c"))
bad("CR CR LF after a field", field(b"A: b\r"))
bad("CR CR LF at the end of the head", b"GET / HTTP/1.1\r\nHost: x\r\n\r\r\n\r\n")
bad("a header smuggled by a bare CR", field(b"A: b\rTransfer-Encoding: chunked"))
good("an empty line before the request", b"\r\n" + get())
good("two empty lines before the request", b"\r\n\r\n" + get())

# Field lines (RFC 9112, section 5; RFC 9110, sections 5.1 and 5.5)
bad("obs-fold with a space", field(b"A: b\r\n c"))
bad("obs-fold with a tab", field(b"A: b\r\n\tc"))
bad("obs-fold of a Content-Length", post("Content-Length:", " 5", body=b"hello"))
bad("space before the first field", b"GET / HTTP/1.1\r\n Host: x\r\n\r\n")
bad("tab before the first field", b"GET / HTTP/1.1\r\n\tHost: x\r\n\r\n")
bad("space before the colon", field(b"A : b"))
bad("tab before the colon", field(b"A\t: b"))
bad("space before the colon of Content-Length", post("Content-Length : 5", body=b"hello"))
bad("space before the colon of Transfer-Encoding",
    post("Transfer-Encoding : chunked", body=b"0\r\n\r\n"))
bad("empty field name", field(b": b"))
bad("field without a colon", field(b"Abcdef"))
bad("space in a field name", field(b"A B: c"))
bad("bracket in a field name", field(b"A(B): c"))
bad("comma in a field name", field(b"A,B: c"))
bad("byte 0x80 in a field name", field(b"A\x80: c"))
bad("NUL in a field value", field(b"A: b\0c"))
bad("NUL in a field name", field(b"A\0: c"))
bad("NUL in the target", b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n")
bad("NUL before the request", b"\0" + get())
bad("control byte 0x01 in a field value", field(b"A: b\x01c"))
bad("DEL in a field value", field(b"A: b\x7fc"))
good("obs-text in a field value", field(b"A: \x80\xff"))
good("tab in a field value", field(b"A: b\tc"))
good("white space around a field value", field(b"A: \t b \t "))
good("empty field value", field(b"A:"))
good("every byte a field name may have", field(b"!#$%&'*+-.^_`|~09azAZ: b"))

# Content-Length (RFC 9112, section 6.3; RFC 9110, section 8.6)
for value in (b"-5", b"+5", b"0x5", b"5a", b"5 5", b"", b"5,", b"5, 5", b"5, 6", b"5,5", b"1e1",
              b"5.0", b"\"5\"", b"five", b"5\x00", b"0x", b"5;"):
    bad("Content-Length: " + repr(value)[2:-1], post(b"Content-Length: " + value, body=b"hello"))
for value in (b"18446744073709551616", b"18446744073709551621", b"9" * 30,
              b"4294967301" + b"0" * 12, b"9223372036854775808"):
    bad(f"Content-Length: {value.decode()} (overflow)",
        post(b"Content-Length: " + value, body=b"hello"), (400, 413))
bad("conflicting Content-Length", post("Content-Length: 5", "Content-Length: 6", body=b"hello!"))
bad("repeated Content-Length", post("Content-Length: 5", "content-length: 5", body=b"hello"))
bad("Content-Length bad on a GET", field(b"Content-Length: x"))
good("Content-Length with leading zeros", post("Content-Length: 0005", body=b"hello"), b"hello")
good("Content-Length with white space", post("Content-Length: \t 5 ", body=b"hello"), b"hello")
good("Content-Length of zero", post("Content-Length: 0"), b"")
good("no Content-Length: no body", post(), b"")
good("a body on GET is passed over", get("GET / HTTP/1.1", "Content-Length: 5") + b"hello")
good("a chunked body on GET is passed over",
     raw("GET /bytes/2 HTTP/1.1", "Host: x", "Transfer-Encoding: chunked")
     + b"3\r\nabc\r\n0\r\n\r\n", None)

# Transfer-Encoding (RFC 9112, sections 6.1, 6.3 and 7)
EMPTY = b"0\r\n\r\n"
bad("Transfer-Encoding with Content-Length",
    post("Content-Length: 5", "Transfer-Encoding: chunked", body=EMPTY))
bad("Content-Length after Transfer-Encoding",
    post("Transfer-Encoding: chunked", "Content-Length: 5", body=EMPTY))
bad("Transfer-Encoding in HTTP/1.0",
    raw("POST /echo HTTP/1.0", "Host: x", "Transfer-Encoding: chunked") + EMPTY)
bad("gzip, chunked", post("Transfer-Encoding: gzip, chunked", body=EMPTY), 501)
bad("gzip and chunked in two fields",
    post("Transfer-Encoding: gzip", "Transfer-Encoding: chunked", body=EMPTY), 501)
bad("chunked, gzip", post("Transfer-Encoding: chunked, gzip", body=EMPTY))
bad("chunked, chunked", post("Transfer-Encoding: chunked, chunked", body=EMPTY))
bad("chunked twice in two fields",
    post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=EMPTY))
bad("gzip alone", post("Transfer-Encoding: gzip", body=EMPTY), (400, 501))
bad("identity", post("Transfer-Encoding: identity", body=EMPTY), (400, 501))
bad("xchunked", post("Transfer-Encoding: xchunked", body=EMPTY), (400, 501))
bad("chunkedx", post("Transfer-Encoding: chunkedx", body=EMPTY), (400, 501))
bad("quoted chunked", post('Transfer-Encoding: "chunked"', body=EMPTY), (400, 501))
bad("chunked with a parameter", post("Transfer-Encoding: chunked;q=1", body=EMPTY), (400, 501))
bad("vertical tab before chunked", post(b"Transfer-Encoding: \x0bchunked", body=EMPTY))
bad("empty Transfer-Encoding", post("Transfer-Encoding:", body=EMPTY), (400, 501))
good("Transfer-Encoding in capitals", post("TRANSFER-ENCODING: CHUNKED", body=EMPTY), b"")
good("white space around chunked", post("Transfer-Encoding: \tchunked ", body=EMPTY), b"")
bad("a body the method has no use for, badly framed",
    raw("GET / HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "Content-Length: 3") + b"abc")

# Chunks (RFC 9112, section 7.1)
good("one chunk", chunks(b"5\r\nhello\r\n0\r\n\r\n"), b"hello")
good("several chunks", chunks(b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), b"hello")
good("chunk size in capitals", chunks(b"A\r\nhellohello\r\n0\r\n\r\n"), b"hellohello")
good("chunk size with leading zeros", chunks(b"0005\r\nhello\r\n000\r\n\r\n"), b"hello")
good("chunk extensions", chunks(b'5;a=b;c="d e";f\r\nhello\r\n0;last\r\n\r\n'), b"hello")
good("trailers", chunks(b"5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n"), b"hello")
good("a trailer is not a header",
     chunks(b"5\r\nhello\r\n0\r\nContent-Length: 99\r\nConnection: close\r\n\r\n"), b"hello")
good("chunk data that looks like chunks", chunks(b"7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n"),
     b"0\r\n\r\n\r\n")
add("space before a chunk extension", chunks(b"5 ;a=b\r\nhello\r\n0\r\n\r\n"), (200, 400))
bad("empty chunk size", chunks(b"\r\nhello\r\n0\r\n\r\n"))
bad("chunk size with 0x", chunks(b"0x5\r\nhello\r\n0\r\n\r\n"))
bad("negative chunk size", chunks(b"-5\r\nhello\r\n0\r\n\r\n"))
bad("chunk size with plus", chunks(b"+5\r\nhello\r\n0\r\n\r\n"))
bad("space before the chunk size", chunks(b" 5\r\nhello\r\n0\r\n\r\n"))
bad("space after the chunk size", chunks(b"5 \r\nhello\r\n0\r\n\r\n"))
bad("a chunk size that is no number", chunks(b"g\r\nhello\r\n0\r\n\r\n"))
bad("an extension without a size", chunks(b";a=b\r\nhello\r\n0\r\n\r\n"))
bad("chunk size beyond 64 bits", chunks(b"10000000000000005\r\nhello\r\n0\r\n\r\n"), (400, 413))
bad("chunk size of 64 bits", chunks(b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"), (400, 413))
bad("chunk size of 63 bits", chunks(b"7fffffffffffffff\r\nhello\r\n0\r\n\r\n"), (400, 413))
bad("a thousand zeros before a chunk size",
    chunks(b"0" * 20000 + b"5\r\nhello\r\n0\r\n\r\n"), (400, 413, 431))
bad("bare LF after the chunk size", chunks(b"5\nhello\r\n0\r\n\r\n"))
bad("bare LF after the chunk data", chunks(b"5\r\nhello\n0\r\n\r\n"))
bad("bare CR after the chunk size", chunks(b"5\rhello\r\n0\r\n\r\n"))
bad("no CRLF after the chunk data", chunks(b"5\r\nhello0\r\n\r\n"))
bad("longer data than the chunk size", chunks(b"5\r\nhello!\r\n0\r\n\r\n"))
bad("CR without LF after the chunk data", chunks(b"5\r\nhello\rX0\r\n\r\n"))
bad("CR without LF after the chunk size", chunks(b"5\rXhello\r\n0\r\n\r\n"))
bad("CR without LF after a chunk extension", chunks(b"5;a\rXhello\r\n0\r\n\r\n"))
bad("CR without LF after a trailer", chunks(b"0\r\nA: b\rXC: d\r\n\r\n"))
bad("CR without LF at the end of the trailers", chunks(b"0\r\n\rX"))
bad("bare LF after the last chunk", chunks(b"5\r\nhello\r\n0\n\r\n"))
bad("bare LF in a chunk extension", chunks(b"5;a\nb\r\nhello\r\n0\r\n\r\n"))
bad("bare CR in a chunk extension", chunks(b"5;a\rb\r\nhello\r\n0\r\n\r\n"))
bad("NUL in a chunk extension", chunks(b"5;a\0b\r\nhello\r\n0\r\n\r\n"))
bad("an endless chunk extension", chunks(b"5;" + b"a" * 20000), (400, 413, 431))
bad("bare LF after a trailer", chunks(b"0\r\nA: b\n\r\n"))
bad("bare LF at the end of the trailers", chunks(b"0\r\nA: b\r\n\n"))
bad("a trailer without a colon", chunks(b"0\r\nAbc\r\n\r\n"))
bad("a trailer with an empty name", chunks(b"0\r\n: b\r\n\r\n"))
bad("a trailer with a space before the colon", chunks(b"0\r\nA : b\r\n\r\n"))
bad("obs-fold in a trailer", chunks(b"0\r\nA: b\r\n c\r\n\r\n"))
bad("NUL in a trailer", chunks(b"0\r\nA: b\0\r\n\r\n"))
bad("trailers without end", chunks(b"0\r\n" + b"A: b\r\n" * 4000), (400, 413, 431))

# Host (RFC 9112, section 3.2)
bad("no Host in HTTP/1.1", raw("GET / HTTP/1.1"))
bad("no Host with an absolute target", raw("GET http://x/ HTTP/1.1"))
bad("two Hosts", get("GET / HTTP/1.1", "Host: x"))
bad("two different Hosts", get("GET / HTTP/1.1", "Host: y"))
bad("two Hosts in HTTP/1.0", get("GET / HTTP/1.0", "Host: x"))
for value in ("a b", "a/b", "a@b", "a?b", "a#b", "x:y", "[::1", "a\\b", "x:80:80",
              "[a b]", "[x<]", "a%zz", "a%4"):
    bad("Host: " + value, raw("GET / HTTP/1.1", "Host: " + value))
for value in ("", "x", "x:80", "x:", "127.0.0.1:8080", "[::1]", "[::1]:80", "a-b.c_d~e", "%41"):
    good("Host: " + value, raw("GET / HTTP/1.1", "Host: " + value))
for target in ("http://:80/", "http:///", "http://a%zz/", "http://u@a/", "http://[::1/"):
    bad("target " + target, get(f"GET {target} HTTP/1.1"))
good("no Host in HTTP/1.0", raw("GET / HTTP/1.0"), closes=True)

# The request line (RFC 9112, section 3)
bad("a method that is no token", get("G@T / HTTP/1.1"))
bad("a bracket in the method", get("GET( / HTTP/1.1"))
bad("an empty method", get(" / HTTP/1.1"))
bad("byte 0x80 in the method", get(b"GE\x80T / HTTP/1.1"))
bad("tab instead of space", get("GET\t/\tHTTP/1.1"))
bad("two spaces before the target", get("GET  / HTTP/1.1"))
bad("two spaces before the version", get("GET /  HTTP/1.1"))
bad("space after the version", get("GET / HTTP/1.1 "))
bad("space before the method", get(" GET / HTTP/1.1"))
bad("no version", get("GET /"))
bad("no target", get("GET HTTP/1.1"))
bad("method alone", get("GET"))
bad("a space in the target", get("GET /a b HTTP/1.1"))
bad("a target that is no path", get("GET foo HTTP/1.1"))
bad("an asterisk for GET", get("GET * HTTP/1.1"))
bad("an empty authority", get("GET http:/// HTTP/1.1"))
bad("TLS instead of HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n" * 4)
add("a fragment in the target", get("GET /#a HTTP/1.1"), (400, 404))
good("an absolute target", get("GET http://x/ HTTP/1.1"))
good("an absolute target, another Host", raw("GET http://y:80/ HTTP/1.1", "Host: x"))
good("an absolute target with the scheme in capitals", get("GET HTTP://x/ HTTP/1.1"))
good("an absolute target with a path", get("GET http://x:80/bytes/0 HTTP/1.1"), b"")
good("an absolute target without a path", get("GET http://x HTTP/1.1"))
good("an absolute target without a path, with a query", get("GET http://x?a=b HTTP/1.1"))
good("a query", get("GET /?a=b&c=/d?e HTTP/1.1"))
good("a query on a path", get("GET /bytes/0?a=b HTTP/1.1"), b"")
add("an encoded path", get("GET /%62ytes/0 HTTP/1.1"), (200, 404), False)
add("OPTIONS *", get("OPTIONS * HTTP/1.1"), (200, 204), False)
add("OPTIONS /", get("OPTIONS / HTTP/1.1"), (200, 204), False)
add("CONNECT", get("CONNECT x:80 HTTP/1.1"), (400, 405, 501))

# The version (RFC 9112, section 2.3; RFC 9110, sections 2.5 and 15.6.6)
bad("version in small letters", get("GET / http/1.1"))
bad("version of another protocol", get("GET / HTTQ/1.1"))
bad("HTTP/1", get("GET / HTTP/1"))
bad("HTTP/1.", get("GET / HTTP/1."))
bad("HTTP/.1", get("GET / HTTP/.1"))
bad("HTTP/1.10", get("GET / HTTP/1.10"))
bad("HTTP/11.1", get("GET / HTTP/11.1"))
bad("HTTP/01.1", get("GET / HTTP/01.1"))
bad("HTTP/1,1", get("GET / HTTP/1,1"))
bad("HTTP/x.y", get("GET / HTTP/x.y"))
bad("HTTP /1.1", get("GET / HTTP /1.1"))
bad("HTTP/2.0", get("GET / HTTP/2.0"), 505)
bad("HTTP/3.0", get("GET / HTTP/3.0"), 505)
bad("HTTP/0.9", get("GET / HTTP/0.9"), 505)
bad("the HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)
good("HTTP/1.2 is served as 1.1", get("GET / HTTP/1.2"))
good("HTTP/1.9 is served as 1.1", get("GET / HTTP/1.9"))

# Connection (RFC 9112, section 9.3)
good("HTTP/1.0", get("GET / HTTP/1.0"), closes=True)
good("HTTP/1.0 with keep-alive", get("GET / HTTP/1.0", "Connection: keep-alive"))
good("HTTP/1.0 with Keep-Alive in capitals", get("GET / HTTP/1.0", "Connection: KEEP-ALIVE"))
good("Connection: close", get("GET / HTTP/1.1", "Connection: close"), closes=True)
good("Connection: Close", get("GET / HTTP/1.1", "Connection: Close"), closes=True)
good("close in a list", get("GET / HTTP/1.1", "Connection: a, close ,b"), closes=True)
good("close in a second field",
     get("GET / HTTP/1.1", "Connection: keep-alive", "Connection: close"), closes=True)
good("close is stronger than keep-alive",
     get("GET / HTTP/1.0", "Connection: keep-alive, close"), closes=True)
good("an unknown option", get("GET / HTTP/1.1", "Connection: closed, x-close"))
good("empty members in the list", get("GET / HTTP/1.1", "Connection: , ,"))

# Methods and paths (RFC 9110, sections 9.1, 15.5.5, 15.5.6 and 15.6.2)
add("an unknown method", get("BREW / HTTP/1.1"), 501)
add("a method in small letters", get("get / HTTP/1.1"), 501)
add("a method longer than those known", get("GETS / HTTP/1.1"), 501)
add("a method shorter than those known", get("GE / HTTP/1.1"), 501)
add("an unknown path", get("GET /nothing/here HTTP/1.1"), 404)
add("POST to an unknown path", raw("POST /nothing HTTP/1.1", "Host: x", "Content-Length: 5")
    + b"hello", 404)
add("GET of /echo", get("GET /echo HTTP/1.1"), 405)
add("HEAD of /echo", get("HEAD /echo HTTP/1.1"), 405)
add("POST to /", raw("POST / HTTP/1.1", "Host: x", "Content-Length: 5") + b"hello", 405)
add("POST to /bytes/5", raw("POST /bytes/5 HTTP/1.1", "Host: x", "Content-Length: 0"), 405)
add("PUT /", raw("PUT / HTTP/1.1", "Host: x", "Content-Length: 0"), (405, 501))
add("DELETE /echo", get("DELETE /echo HTTP/1.1"), (405, 501))
add("TRACE /", get("TRACE / HTTP/1.1"), (405, 501))
for path in ("/bytes", "/bytes/", "/bytes/x", "/bytes/-1", "/bytes/+1", "/bytes/1x", "/bytes/0x10",
             "/bytes/1073741825", "/bytes/18446744073709551617", "/bytes/1/2", "/bytesx/1",
             "/cpu/", "/cpu/x", "/cpu/10000001", "/cpu/18446744073709551617", "/wait/",
             "/wait/x", "/wait/60001", "/wait/18446744073709551617", "//", "/%zz", "/%", "/%4",
             "/%00", "/echo/", "/Bytes/1"):
    add("GET " + path, get(f"GET {path} HTTP/1.1"), (400, 404))
good("/bytes/0", get("GET /bytes/0 HTTP/1.1"), b"")
good("/cpu/0", get("GET /cpu/0 HTTP/1.1"), None)
good("/cpu/1000", get("GET /cpu/1000 HTTP/1.1"), None)
good("/wait/0", get("GET /wait/0 HTTP/1.1"), None)

# Expect (RFC 9110, section 10.1.1)
add("an unknown expectation", get("GET / HTTP/1.1", "Expect: tea"), 417)
add("an unknown expectation, with a body",
    post("Expect: 200-ok", "Content-Length: 5", body=b"hello"), 417)
good("100-continue without waiting", post("Expect: 100-continue", "Content-Length: 5",
                                          body=b"hello"), b"hello")
good("100-Continue in capitals", post("Expect: 100-CONTINUE", "Content-Length: 5", body=b"hello"),
     b"hello")
good("100-continue in HTTP/1.0 is ignored",
     raw("POST /echo HTTP/1.0", "Host: x", "Expect: 100-continue", "Content-Length: 5") + b"hello",
     b"hello", closes=True)
good("100-continue without a body", get("GET / HTTP/1.1", "Expect: 100-continue"))

# Limits (RFC 9110, sections 15.5.14 and 15.5.15; RFC 6585, section 5)
LONG = b"a" * 9000
good("a head just below the limit", field(b"A: " + b"a" * 8000))
good("a target just below the limit", get("GET /?" + "a" * 8000 + " HTTP/1.1"))
good("a hundred fields", get("GET / HTTP/1.1", *[f"A{i}: {i}" for i in range(100)]))
bad("a target beyond the limit", get(b"GET /?" + LONG + b" HTTP/1.1"), 414)
bad("a target without end", b"GET /?" + LONG * 3, 414)
bad("a method without end", LONG * 3, (400, 414, 501))
bad("a field beyond the limit", field(b"A: " + LONG), 431)
bad("a field without end", b"GET / HTTP/1.1\r\nHost: x\r\nA: " + LONG * 3, 431)
bad("a field name without end", b"GET / HTTP/1.1\r\nHost: x\r\n" + LONG * 3, (400, 431))
bad("fields beyond the limit together", get("GET / HTTP/1.1", *["Abc: def"] * 1000), 431)
bad("a body announced beyond the limit", post("Content-Length: 1048577"), 413)
bad("a chunk announced beyond the limit", chunks(b"100001\r\n"), 413)

assert len({c.name for c in CASES}) == len(CASES), "two cases of one name"
