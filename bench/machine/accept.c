/* accept_close: what a server does for a connection besides its requests: accept4(2) of one that is
 * established, and close(2), which sends the FIN. The handshake is not in the figure: over loopback
 * it takes place in the client's connect(2), on the client's CPU. Nor is the client's own close,
 * which is a reset here, so that no port stays in TIME_WAIT. */
#include <math.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/machine/pairs.h"
#include "bench/machine/probe.h"
#include "common/clock.h"

enum { GROUP = 16 };

static int listener = -1;

static void *open_accept(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    listener = pairs_listen(GROUP);
    return listener >= 0 ? &listener : probe_refused(why, why_size, "cannot listen");
}

static void close_accept(void *state)
{
    close(*(int *)state);
}

static bool accept_group(int from, uint64_t *spent)
{
    int near[GROUP], far[GROUP];
    bool good = true;
    for (int i = 0; i < GROUP; i++)
        good &= (near[i] = pairs_connect(from)) >= 0;
    uint64_t begin = clock_ns();
    for (int i = 0; good && i < GROUP; i++)
        good = (far[i] = accept4(from, NULL, NULL, SOCK_CLOEXEC)) >= 0;
    for (int i = 0; good && i < GROUP; i++)
        close(far[i]);
    *spent += clock_ns() - begin;
    for (int i = 0; i < GROUP; i++)
        pairs_reset(near[i]);
    return good;
}

static double batch_accept(void *state, unsigned n)
{
    uint64_t spent = 0;
    for (unsigned i = 0; i < n; i++)
        if (!accept_group(*(int *)state, &spent))
            return NAN;
    return (double)spent / n / GROUP;
}

const struct probe_kind probes_accept = {
    .open = open_accept,
    .close = close_accept,
    .probes = {{UNIT_ACCEPT_CLOSE, batch_accept}},
    .count = 1,
};
