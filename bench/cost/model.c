#include "bench/cost/model.h"

#include <math.h>
#include <stdio.h>

#define PART_NAME(id, name, head) name,
#define PART_HEAD(id, name, head) head,
const char *const cost_part_names[] = {COST_PARTS(PART_NAME)};
const char *const cost_part_heads[] = {COST_PARTS(PART_HEAD)};

/* A prediction under way. */
struct sum {
    struct prediction *out;
    const struct work *w;
    const struct unit_costs *u;
    int missing; /* the first unit cost that is needed and is not there; -1 */
};

static double at_least_0(double value)
{
    return value > 0 ? value : 0; /* and for NaN */
}

/* The cost of one, for what is counted `count` times: what is never done needs no figure. */
static double price(struct sum *s, enum unit_cost which, double count)
{
    double ns = s->u->at[which].ns;
    if (isnan(ns) && count > 0 && s->missing < 0)
        s->missing = (int)which;
    return isnan(ns) ? 0 : ns;
}

/* The figure with the far end on the other CPU; where a machine has no other, the one without. */
static enum unit_cost far_or(const struct sum *s, enum unit_cost far, enum unit_cost near)
{
    return isnan(s->u->at[far].ns) ? near : far;
}

static void add(struct sum *s, enum cost_part part, const char *what, double count, double ns)
{
    struct prediction *p = s->out;
    if (!(count > 0) || !(ns > 0) || p->term_count == COST_TERMS_MAX)
        return;
    p->terms[p->term_count++] = (struct cost_term){part, what, count, ns};
    p->part[part] += count * ns;
}

/* The figure of a call has its entry in it, which is counted by itself. */
static double beyond_entry(struct sum *s, enum unit_cost which, double count)
{
    return at_least_0(price(s, which, count) - price(s, UNIT_SYSCALL, count));
}

/* What one request makes a server do, found in the counts. */
struct shape {
    double accepts;
    double receives; /* that found something */
    double empties;  /* that found nothing */
    double sends;
    double ring; /* requests that were received and answered by a ring */
    double epolls, polls, selects, signals;
    double events; /* connections that the waits named */
    bool sleeps;   /* in recv: nothing else could tell it that a connection is ready */
};

static struct shape shape_of(const struct work *w)
{
    const double *c = w->calls;
    double receives = c[CALL_RECVFROM] + c[CALL_RECVMSG] + c[CALL_READ] + c[CALL_READV];
    struct shape s = {
        .accepts = c[CALL_ACCEPT] + c[CALL_ACCEPT4],
        .sends = c[CALL_SENDTO] + c[CALL_SENDMSG] + c[CALL_WRITE] + c[CALL_WRITEV],
        .epolls = c[CALL_EPOLL_WAIT] + c[CALL_EPOLL_PWAIT] + c[CALL_EPOLL_PWAIT2],
        .polls = c[CALL_POLL] + c[CALL_PPOLL],
        .selects = c[CALL_SELECT] + c[CALL_PSELECT6],
        .signals = c[CALL_RT_SIGTIMEDWAIT],
    };
    /* A server's own count is of its whole life, in which it may have looked for work for a long
     * time. One receive of a request finds something in any case. */
    s.empties = fmin(at_least_0(w->empties), at_least_0(receives - 1));
    s.receives = receives - s.empties;
    if (c[CALL_IO_URING_ENTER] > 0)
        s.ring = at_least_0(1 - s.sends);
    double waits = s.epolls + s.polls + s.selects;
    s.events = waits > 0 ? (isnan(w->events) || w->events <= 0 ? 1 : w->events) : 0;
    /* A few calls are those that accept a connection, or look for SIGTERM. */
    s.sleeps = s.receives > 0.5 && s.ring == 0 && waits + s.signals < 0.01 && s.empties < 0.5;
    return s;
}

/* Bytes beyond the 64 that the figures are of: a send and a recv of 4 KiB less one of 64 B, half
 * of it for the half that the server does. */
static void add_bytes(struct sum *s, double bytes)
{
    double more = at_least_0(bytes - 64);
    double step = price(s, UNIT_SEND_RECV_4096, more) - price(s, UNIT_SEND_RECV_64, more);
    add(s, PART_TCP, "bytes beyond 64", more, step / (4096 - 64) / 2);
}

static void add_tcp(struct sum *s, const struct shape *is)
{
    enum unit_cost recv = far_or(s, UNIT_RECV_64_FAR, UNIT_RECV_64);
    enum unit_cost send = far_or(s, UNIT_SEND_64_FAR, UNIT_SEND_64);
    enum unit_cost ring = far_or(s, UNIT_IO_URING_SEND_RECV_64_FAR, UNIT_IO_URING_SEND_RECV_64);
    add(s, PART_TCP, "receives", is->receives, beyond_entry(s, recv, is->receives));
    add(s, PART_TCP, "sends", is->sends, beyond_entry(s, send, is->sends));
    /* Two enters for 32 of them are in the figure. */
    add(s, PART_TCP, "send and receive by a ring", is->ring,
        price(s, ring, is->ring) - price(s, UNIT_SYSCALL, is->ring) / 16);
    add_bytes(s, s->w->bytes_in);
    add_bytes(s, s->w->bytes_out);
}

/* What a wait costs for a connection that it names: the pair of wait and recv less the recv.
 * Whoever looks first at a connection on which the other CPU just worked brings it into this
 * CPU's cache, so the recv is cheaper behind a wait. */
static double event_price(struct sum *s, enum unit_cost pair, double count)
{
    if (isnan(s->u->at[pair].ns) || isnan(s->u->at[UNIT_RECV_64_FAR].ns))
        return 0;
    return at_least_0(price(s, pair, count) - price(s, UNIT_RECV_64_FAR, count));
}

static void add_waiting(struct sum *s, const struct shape *is)
{
    const double *c = s->w->calls;
    double looks = s->w->connections; /* of poll and select in a call */
    double epoll_events = is->epolls > 0 ? is->events : 0;
    double poll_events = is->polls > is->selects && is->polls > is->epolls ? is->events : 0;
    double select_events = is->selects > is->epolls ? is->events : 0;

    add(s, PART_WAIT, "epoll_wait", is->epolls,
        beyond_entry(s, UNIT_EPOLL_WAIT_READY, is->epolls));
    add(s, PART_WAIT, "events of epoll", at_least_0(epoll_events - is->epolls),
        event_price(s, UNIT_EPOLL_RECV_64_FAR, epoll_events));
    add(s, PART_WAIT, "idle connections of poll", at_least_0(is->polls * looks - poll_events),
        price(s, UNIT_POLL_IDLE_1000, is->polls) / 1000);
    add(s, PART_WAIT, "events of poll", poll_events,
        event_price(s, UNIT_POLL_RECV_64_FAR, poll_events));
    add(s, PART_WAIT, "idle connections of select",
        at_least_0(is->selects * looks - select_events),
        price(s, UNIT_SELECT_IDLE_1000, is->selects) / 1000);
    add(s, PART_WAIT, "events of select", select_events,
        event_price(s, UNIT_SELECT_RECV_64_FAR, select_events));
    add(s, PART_WAIT, "signals taken", is->signals,
        beyond_entry(s, UNIT_SIGNAL_TAKE, is->signals));
    add(s, PART_WAIT, "receives that find nothing", is->empties,
        beyond_entry(s, UNIT_RECV_EMPTY, is->empties));
    add(s, PART_WAIT, "accepts that find nobody", is->accepts,
        beyond_entry(s, UNIT_ACCEPT_EMPTY, is->accepts));
    add(s, PART_WAIT, "epoll_ctl", c[CALL_EPOLL_CTL],
        beyond_entry(s, UNIT_EPOLL_CTL, c[CALL_EPOLL_CTL]));
    add(s, PART_WAIT, "io_uring_enter", c[CALL_IO_URING_ENTER],
        beyond_entry(s, UNIT_IO_URING_ENTER_1, c[CALL_IO_URING_ENTER]));
}

/* What a recv that has to sleep costs more than one that has not. */
static double sleep_price(struct sum *s, double count)
{
    const struct work *w = s->w;
    enum unit_cost round = w->processes > 1 ? UNIT_SLEEP_ROUND_64_PROCESSES_FAR
                           : w->threads > 1 ? UNIT_SLEEP_ROUND_64_FAR
                                            : UNIT_SLEEP_ROUND_1_FAR;
    return at_least_0(price(s, round, count) - price(s, UNIT_RECV_64_FAR, count) -
                      price(s, UNIT_SEND_64_FAR, count));
}

/* One who sleeps in recv is woken by the other CPU and pays for the sleep; who hands work over to
 * a thread of the same CPU pays for waking it too, and the figure of a switch has that in it. */
static void add_switching(struct sum *s, const struct shape *is)
{
    const struct work *w = s->w;
    bool known = !isnan(s->u->at[UNIT_SLEEP_ROUND_64_FAR].ns);
    if (is->sleeps && known)
        add(s, PART_SWITCH, "sleeps in recv", w->switches, sleep_price(s, w->switches));
    else
        add(s, PART_SWITCH, "context switches", w->switches,
            price(s, w->processes > 1 ? UNIT_SWITCH_PROCESSES : UNIT_SWITCH_THREADS,
                  w->switches));

    add(s, PART_WAKE, "wakings of another CPU", w->wakings,
        price(s, UNIT_WAKE_CROSS_CPU, w->wakings));
}

static void add_rest(struct sum *s)
{
    const struct work *w = s->w;
    add(s, PART_ENTRY, "system calls", w->system_calls,
        price(s, UNIT_SYSCALL, w->system_calls));
    bool http = w->protocol == PROTOCOL_HTTP;
    enum unit_cost session = far_or(s, http ? UNIT_SESSION_HTTP_COLD : UNIT_SESSION_ECHO_COLD,
                                    http ? UNIT_SESSION_HTTP : UNIT_SESSION_ECHO);
    add(s, PART_SESSION, "requests", 1, price(s, session, 1));
    add(s, PART_FAULT, "page faults", w->faults, price(s, UNIT_PAGE_FAULT, w->faults));
    add(s, PART_ASKED, "work asked for", 1, w->asked_ns);
}

/* The first count that is needed and is not there; NULL where all are. */
static const char *uncounted(const struct work *w)
{
    if (isnan(w->system_calls))
        return "system calls were";
    if (isnan(w->switches))
        return "context switches were";
    if (isnan(w->bytes_in) || isnan(w->bytes_out))
        return "bytes were";
    for (int i = 0; i < CALL_COUNT; i++)
        if (isnan(w->calls[i]))
            return system_call_names[i];
    return NULL;
}

bool cost_predict(struct prediction *out, const struct work *w, const struct unit_costs *u,
                  char *error, size_t error_size)
{
    struct sum s = {.out = out, .w = w, .u = u, .missing = -1};
    *out = (struct prediction){0};
    const char *count = uncounted(w);
    if (count) {
        snprintf(error, error_size, "%s not counted", count);
        return false;
    }
    struct shape is = shape_of(w);
    add_tcp(&s, &is);
    add_waiting(&s, &is);
    add_switching(&s, &is);
    add_rest(&s);
    if (s.missing >= 0) {
        snprintf(error, error_size, "the unit cost %s is not known: %s",
                 unit_cost_names[s.missing], u->at[s.missing].why);
        return false;
    }
    for (int i = 0; i < PART_COUNT; i++)
        out->total += out->part[i];
    return true;
}
