/* What the command line asks for. */
#ifndef IOM_LOADGEN_OPTIONS_H
#define IOM_LOADGEN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/command_line.h"
#include "common/url.h"
#include "loadgen/cli/url_list.h"
#include "loadgen/engine/engine.h"
#include "loadgen/pace/schedule.h"
#include "loadgen/protocol/body.h"
#include "loadgen/report/condition.h"

struct options {
    struct asked_url *urls; /* all at one address; at least one */
    uint32_t url_count, url_room;
    bool urls_from_stdin;
    const char *url_text; /* the first, */
    struct url url;       /* and what it says */
    uint32_t connections;
    uint32_t threads;
    enum engine_choice engine;
    bool coalesce; /* where it is saturated, see coalesce.h */
    bool spin;     /* never sleep in a closed loop */
    bool windows;  /* commands on standard input order windows */
    bool gate;     /* a line on standard input says when the load begins */
    /* Where several generators load together: how many threads they have in all, and how many of
     * those come before ours. The rate is that of all. 0: this one is alone. */
    uint32_t threads_in_all, threads_before;
    uint64_t duration_ns; /* of the window; CLOCK_NEVER where only -n ends it */
    uint64_t requests;    /* of -n; 0 for none */
    uint64_t settle_ns;   /* at most; 0: do not settle */
    uint64_t warmup_ns;
    uint64_t timeout_ns;
    /* open loop: requests per 1,000 s; 0: closed loop. Of a profile its peak */
    uint64_t rate_milli;
    const char *rate;            /* as it was given, or NULL */
    struct rate_profile profile; /* its count is 0 where the rate is constant */
    enum arrival arrival;
    uint64_t seed;
    uint64_t drain_ns;
    uint32_t pipeline;       /* requests on their way on a connection at most */
    uint32_t per_connection; /* requests on a connection; 0: no limit */
    bool close_by_reset;
    uint64_t think_ns; /* mean pause of a closed loop; 0: none */
    bool think_exponential;
    uint64_t spread_ns; /* over which the first requests of a closed loop are spread */
    bool null;          /* answers come from memory */
    uint64_t payload;   /* bytes of an echo message */
    const char *method; /* of HTTP; never NULL after options_parse() */
    char *data;         /* the body of each request; NULL without --data */
    size_t data_size;
    bool data_from_stdin;
    char *headers;            /* the lines of -H, each with its CRLF; never NULL */
    bool has_host;            /* one of them is Host */
    bool body_given;          /* there was a --body */
    enum body_rule body_rule; /* what the body of a good answer must be */
    const char *body;         /* the path of --body where that is a file, or NULL */
    uint32_t max_errors_ppm;  /* a run with a greater share of failures is FAILED */
    const char *source;       /* the list of --source, or NULL */
    uint64_t ramp_milli;      /* connections opened in 1,000 s; 0: as many as seem good */
    uint32_t idle, slow_readers, slow_senders;
    struct condition goal;     /* its text is NULL without --search */
    struct condition *fail_if; /* their texts are ours */
    uint32_t fail_if_count;
    bool latency_table;
    const char *hgrm, *csv; /* paths, or NULL */
    uint64_t interval_ns;   /* of the rows of `csv` */
    bool csv_kept;          /* the rows are kept for who adds up those of several hosts */
    bool quiet;
    const char *json; /* a path, "-" for standard output, NULL for none */
    int events_fd;    /* -1 for none */
    bool hold;
};

/* Another program has the same command line, with more options in `rows`, and this usage. The
 * strings must live as long as the program. */
void options_program(const char *usage, const char *version, const struct option_row *rows);

/* Read the command line into `*o`. Does not return on --help, --version, or a usage error. */
void options_parse(struct options *o, int argc, char **argv);

/* End the program where options do not go together, and set those that depend on others. In
 * option_check.c. */
void options_check(struct options *o);

/* The same for --windows, before what was not given is set. */
void options_check_windows(struct options *o);

/* A schedule of more requests than that takes a thread longer to go through than it lasts, whether
 * they are sent or not: the run would not end on time. Per 1,000 s, of each thread. */
#define OPTION_RATE_MAX_MILLI UINT64_C(10000000000)

/* The rate that is asked for, requests a second, on average of the time from `from_ns` to `to_ns`
 * after the window opens. */
static inline double options_rate(const struct options *o, uint64_t from_ns, uint64_t to_ns)
{
    if (o->profile.count > 0 && from_ns < to_ns)
        return rate_profile_mean(&o->profile, from_ns, to_ns);
    return (double)o->rate_milli / 1e3;
}

/* Threads that take turns in a schedule. */
static inline uint32_t options_threads(const struct options *o)
{
    return o->threads_in_all ? o->threads_in_all : o->threads;
}

/* The part of options_rate() that is due on the threads of these options: all of it but where other
 * generators take turns in the schedule. */
static inline double options_own_rate(const struct options *o, uint64_t from_ns, uint64_t to_ns)
{
    return options_rate(o, from_ns, to_ns) * o->threads / options_threads(o);
}

/* Bytes of the body of one request, and of all requests together: each URL has a copy, so that a
 * request is one piece of memory. */
#define OPTION_DATA_MAX ((size_t)1 << 30)

/* The longest time that an option takes: 24 h. */
#define OPTION_TIME_MAX (24 * 3600 * NS_PER_S)

/* A time that was not given. */
#define OPTION_UNSET UINT64_MAX

/* Free what options_parse() allocated. */
void options_free(struct options *o);

#endif
