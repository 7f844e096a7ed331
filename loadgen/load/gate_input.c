/* The gate of --gate. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"
#include "loadgen/load/gate.h"
#include "loadgen/load/run.h"

#define LINE_MAX_BYTES 64

/* One byte after the other: what follows the line is left for --hold. Returns the length of the
 * line, without its end; 0 at the end of the input or after a signal. */
static size_t read_line(char line[LINE_MAX_BYTES], int signal_fd, bool *signalled)
{
    struct pollfd fds[2] = {{.fd = signal_fd, .events = POLLIN},
                            {.fd = STDIN_FILENO, .events = POLLIN}};
    size_t size = 0;

    while (size < LINE_MAX_BYTES - 1) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            die_errno("cannot wait for the line of --gate");
        *signalled = fds[0].revents;
        if (*signalled)
            return 0;
        if (fds[1].revents == 0)
            continue;
        ssize_t n = read(STDIN_FILENO, &line[size], 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            die_errno("cannot read the line of --gate");
        if (n == 0 || line[size] == '\n')
            break;
        size++;
    }
    line[size] = '\0';
    return size;
}

static bool wait_for_line(struct gate *gate, struct run *r, int signal_fd)
{
    static const char command[] = "start ";
    char line[LINE_MAX_BYTES] = "";
    bool signalled = false;
    uint64_t unix_ns;

    (void)gate;
    if (r->connected == 0 || run_stopped(r))
        return false;
    if (read_line(line, signal_fd, &signalled) == 0) {
        if (!signalled)
            snprintf(r->called_off, sizeof r->called_off,
                     "--gate: standard input ended before a line 'start NS'");
        return false;
    }
    if (strncmp(line, command, strlen(command)) != 0 ||
        !parse_u64(line + strlen(command), 0, INT64_MAX, &unix_ns)) {
        snprintf(r->called_off, sizeof r->called_off,
                 "--gate: '%s' on standard input is not 'start NS', nanoseconds since 1970",
                 line);
        return false;
    }
    r->start_ns = unix_ns > r->unix_offset_ns ? unix_ns - r->unix_offset_ns : 0;
    if (r->start_ns < clock_ns())
        r->start_ns = run_soonest_ns(r);
    return true;
}

struct gate gate_input = {.wait = wait_for_line};
