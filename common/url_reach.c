#include "common/url_reach.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"

/* The "Connection Attempt Delay" of RFC 8305, section 8. */
#define ATTEMPT_DELAY_NS (250 * NS_PER_MS)

/* The attempts under way: those before `next` have begun. */
struct attempts {
    const struct url *url;
    struct pollfd fds[ADDRESSES_MAX]; /* -1: it has not begun, or has failed */
    int errors[ADDRESSES_MAX];
    size_t next, pending;
};

static void fail(struct attempts *a, size_t i, int error)
{
    if (a->fds[i].fd >= 0) {
        close(a->fds[i].fd);
        a->pending--;
    }
    a->fds[i].fd = -1;
    a->errors[i] = error;
}

/* Begin to connect to the next address. True where it is connected already. */
static bool begin(struct attempts *a)
{
    size_t i = a->next++;
    const struct addr *to = &a->url->addrs[i];
    int fd = socket(addr_family(to), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    a->fds[i] = (struct pollfd){.fd = fd, .events = POLLOUT};
    if (fd < 0) {
        a->errors[i] = errno;
        return false;
    }
    a->pending++;
    if (connect(fd, addr_sockaddr(to), to->len) == 0)
        return true;
    if (errno != EINPROGRESS)
        fail(a, i, errno);
    return false;
}

/* Look at those under way, until `deadline` at most. Returns the first that is connected, or -1. */
static int look(struct attempts *a, uint64_t deadline)
{
    int n = poll(a->fds, a->next, clock_timeout_ms(clock_ns(), deadline));

    if (n < 0 && errno != EINTR)
        die_errno("cannot wait for a connection");
    for (size_t i = 0; n > 0 && i < a->next; i++) {
        int error = 0;
        socklen_t size = sizeof error;
        if (a->fds[i].fd < 0 || a->fds[i].revents == 0)
            continue;
        getsockopt(a->fds[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error == 0)
            return (int)i;
        fail(a, i, error);
    }
    return -1;
}

/* The number of the first address that accepts, or -1. */
static int try_all(struct attempts *a, uint64_t limit_ns)
{
    uint64_t give_up = clock_after(clock_ns(), limit_ns);
    uint64_t next_at = 0;
    int found = -1;

    while (found < 0) {
        uint64_t now = clock_ns();
        bool more = a->next < a->url->addr_count;
        if (more && (now >= next_at || a->pending == 0)) {
            next_at = now + ATTEMPT_DELAY_NS;
            if (begin(a))
                found = (int)a->next - 1;
        } else if (a->pending == 0 || now >= give_up) {
            break;
        } else {
            found = look(a, more && next_at < give_up ? next_at : give_up);
        }
    }
    for (size_t i = 0; i < a->next; i++)
        if (a->fds[i].fd >= 0)
            close(a->fds[i].fd);
    return found;
}

static void tell_reasons(const struct attempts *a, char *error, size_t size)
{
    char text[ADDR_TEXT_MAX];
    size_t n = (size_t)snprintf(error, size, "cannot connect to %s: ", a->url->host);

    for (size_t i = 0; i < a->url->addr_count && n < size; i++)
        n += (size_t)snprintf(error + n, size - n, "%s%s: %s", i ? ", " : "",
                              addr_format(&a->url->addrs[i], text),
                              a->errors[i] ? strerrordesc_np(a->errors[i]) : "no answer");
}

bool url_reach(struct url *url, uint64_t limit_ns, char *error, size_t size)
{
    struct attempts a = {.url = url};

    if (url->addr_count < 2)
        return true;
    int found = try_all(&a, limit_ns);
    if (found < 0) {
        tell_reasons(&a, error, size);
        return false;
    }
    url->addr = url->addrs[found];
    return true;
}
