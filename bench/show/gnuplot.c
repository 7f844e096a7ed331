#include "bench/show/gnuplot.h"

#include <ctype.h>
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

/* Bytes of the first line of `text`: up to the last space that leaves at most `columns`. */
static size_t line_length(const char *text, size_t columns)
{
    size_t best = 0;
    size_t used = 0; /* columns */
    for (size_t i = 0; text[i]; i++) {
        bool unit =
            i > 0 && isdigit((unsigned char)text[i - 1]) && strchr("msKkµ", text[i + 1]);
        if (text[i] == ' ' && !unit) /* a number keeps its unit */
            best = i;
        used += ((unsigned char)text[i] & 0xC0) != 0x80;
        if (used > columns && best > 0)
            return best;
    }
    return strlen(text);
}

char *gnuplot_lines(const char *text, size_t columns)
{
    char *all = NULL;
    do {
        size_t n = line_length(text, columns);
        char *line = xmalloc(2 * n + 1);
        char *to = line;
        for (size_t i = 0; i < n; i++) {
            if (strchr("{}^_@&~\\", text[i]))
                *to++ = '\\';
            *to++ = text[i];
        }
        *to = '\0';
        char *quoted = gnuplot_string(line);
        char *longer = all ? text_format("%s.\"\\n\".%s", all, quoted) : xstrdup(quoted);
        free(quoted);
        free(line);
        free(all);
        all = longer;
        text += n + (text[n] == ' ');
    } while (*text);
    return all;
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
