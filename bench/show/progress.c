#include "bench/show/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "common/clock.h"
#include "common/terminal.h"

void progress_begin(struct progress *p, size_t total, uint64_t guess)
{
    *p = (struct progress){
        .terminal = terminal_rewrites(),
        .total = total,
        .began = clock_ns(),
        .guess = guess,
    };
}

static uint64_t left_seconds(const struct progress *p)
{
    uint64_t each = p->done ? (clock_ns() - p->began) / p->done : p->guess;
    return (each * (p->total - p->done) + NS_PER_S / 2) / NS_PER_S;
}

/* Never wider than the terminal: a wrapped line cannot be drawn over. */
static void draw(const char *text)
{
    struct winsize size;
    int width =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
    fprintf(stderr, "\r\033[K%.*s", width - 1, text);
    fflush(stderr);
}

void progress_trial(const struct progress *p, const struct plan_trial *t)
{
    if (!p->terminal)
        return;
    char text[256];
    char point[AXIS_TEXT_MAX];
    uint64_t s = left_seconds(p);
    snprintf(text, sizeof text, "[%zu/%zu] %d:%02d left  %s %s, %s%s", p->done + 1, p->total,
             (int)(s / 60), (int)(s % 60), protocol_names[t->protocol], t->model->name,
             axis_point_text(t->axis, t->at, point), p->failed ? "  (some failed)" : "");
    draw(text);
}

void progress_row(struct progress *p, const struct trial_row *row)
{
    char rps[32];
    char point[AXIS_TEXT_MAX];
    p->done++;
    p->failed += !row->ok && !row->unsupported;
    if (p->terminal && row->ok && row->verdict != VERDICT_INVALID)
        return;
    if (p->terminal)
        draw("");
    fprintf(stderr, "[%zu/%zu] %s %s, %s: ", p->done, p->total, protocol_names[row->protocol],
            row->model, axis_point_text(row->axis, row->at, point));
    if (row->ok && row->counting && row->verdict == VERDICT_VALID) {
        fprintf(stderr, "%.2f system calls a request\n", row->value[M_SYSCALLS_PER_REQUEST]);
        return;
    }
    if (row->unsupported)
        fprintf(stderr, "%s\n", row->reason);
    else if (!row->ok)
        fprintf(stderr, "FAILED: %s\n", row->reason);
    else
        fprintf(stderr, "%s requests/s%s%s\n", figure_thousands(row->value[M_RPS], rps),
                row->verdict == VERDICT_VALID ? "" : ", ",
                row->verdict == VERDICT_VALID     ? ""
                : row->verdict == VERDICT_INVALID ? row->reason
                                                  : "generator-limited");
}

void progress_end(const struct progress *p)
{
    if (p->terminal)
        draw("");
}
