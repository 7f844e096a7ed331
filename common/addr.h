/* Addresses of stream sockets, as text and as the kernel takes them.
 *
 * The text forms, the same everywhere an address is taken or printed:
 *     127.0.0.1:8080      IPv4
 *     [::1]:8080          IPv6, in brackets (RFC 3986, section 3.2.2)
 *     localhost:8080      a name, which may have several addresses, of one family or of both
 *     unix:/run/x.sock    a Unix-domain socket in the file system (unix(7))
 *     unix:@name          one in Linux's abstract name space: no file, gone with its last user
 * Port 0 asks the kernel for a free port; addr_local() tells which one it gave. */
#ifndef IOM_ADDR_H
#define IOM_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct addr {
    struct sockaddr_storage storage; /* first, so that its alignment serves every family */
    socklen_t len;
};

/* Long enough for every text that addr_format() writes. */
#define ADDR_TEXT_MAX 160

/* More addresses of one name than this are not looked at. */
#define ADDRESSES_MAX 16

/* Read `text` into `out`, which has room for `max` (at least 1). A name gives all its addresses,
 * each once and in the resolver's order (RFC 6724); every other form gives one address. Returns
 * how many, or 0 with one line in `error` that names the fault. */
size_t addr_resolve(const char *text, struct addr *out, size_t max, char *error,
                    size_t error_size);

/* The same for the first address alone: for texts that are no names. False where there is none. */
bool addr_parse(const char *text, struct addr *out, char *error, size_t error_size);

/* Write the text form of `*a` to `text` and return `text`. */
char *addr_format(const struct addr *a, char text[ADDR_TEXT_MAX]);

/* The host and port of a URL as the field Host says them: without the zone of an IPv6 address,
 * which means something on this machine only (RFC 6874, section 4). `host` must have the room of
 * `authority`; it is returned. */
char *addr_without_zone(const char *authority, char *host);

/* The port, in the machine's byte order; 0 for an address that has none. To set one there does
 * nothing. */
unsigned addr_port(const struct addr *a);
void addr_set_port(struct addr *a, unsigned port);

/* The address that socket `fd` is bound to, with the port the kernel chose. Returns false with
 * errno set. */
bool addr_local(int fd, struct addr *out);

/* The same family, address, port and scope, or the same path. */
bool addr_equal(const struct addr *a, const struct addr *b);

static inline int addr_family(const struct addr *a)
{
    return a->storage.ss_family;
}

static inline const struct sockaddr *addr_sockaddr(const struct addr *a)
{
    return (const struct sockaddr *)&a->storage;
}

#endif
