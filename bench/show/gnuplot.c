#include "bench/show/gnuplot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "bench/base/process.h"
#include "bench/base/text.h"
#include "common/clock.h"
#include "common/err.h"

char *gnuplot_string(const char *text)
{
    char *out = xmalloc(2 * strlen(text) + 3);
    char *to = out;
    *to++ = '\'';
    for (; *text; text++) {
        if (*text == '\'')
            *to++ = '\'';
        *to++ = *text;
    }
    strcpy(to, "'");
    return out;
}

static bool is_whole(const char *svg, char *error, size_t error_size)
{
    char last[32] = "";
    char *drawn = text_read_file(svg);
    if (drawn)
        text_last_line(drawn, last, sizeof last);
    free(drawn);
    bool good = strcmp(last, "</svg>") == 0;
    if (!good)
        snprintf(error, error_size, "gnuplot did not write the whole of %s", svg);
    return good;
}

static void tell_no_png(const struct process *g, char *no_png, size_t no_png_size)
{
    char *said = process_errors(g);
    const char *why = strstr(said, "no PNG: ");
    snprintf(no_png, no_png_size, "%.*s", why ? (int)strcspn(why, "\n") : 0, why ? why : "");
    free(said);
}

bool gnuplot_run(const char *scripts, const char *script, const char *set, const char *dir,
                 const char *svg, char *no_png, size_t no_png_size, char *error,
                 size_t error_size)
{
    char *file = text_format("%s/%s", scripts, script);
    /* -d: no gnuplotrc. */
    const char *argv[] = {"gnuplot", "-d", "-e", set, file, NULL};
    struct process g;
    char end[400];

    process_start(&g,
                  &(struct process_spec){
                      .argv = argv, .input = -1, .extra = -1, .homeless = true, .dir = dir});
    bool good = process_wait(&g, clock_after(clock_ns(), 600 * NS_PER_S));
    if (!good) {
        snprintf(error, error_size, "gnuplot did not end within ten minutes: %s", file);
    } else if (g.status != 0) {
        good = false;
        process_end_reason(&g, end, sizeof end);
        bool absent = WIFEXITED(g.status) && WEXITSTATUS(g.status) == 127;
        snprintf(error, error_size,
                 absent ? "gnuplot is not installed (%s)" : "gnuplot failed: %s", end);
    }
    good = good && is_whole(svg, error, error_size);
    tell_no_png(&g, no_png, no_png_size);
    process_destroy(&g);
    free(file);
    return good;
}

char *gnuplot_find_scripts(const char *scripts, char *error, size_t error_size)
{
    char *absolute = realpath(scripts, NULL);
    if (!absolute) {
        snprintf(error, error_size, "cannot find the gnuplot scripts %s: %s", scripts,
                 strerror(errno));
    } else if (strchr(absolute, '\n')) {
        snprintf(error, error_size,
                 "a path of scripts with a line break in it cannot be handed to gnuplot");
        free(absolute);
        absolute = NULL;
    }
    return absolute;
}
