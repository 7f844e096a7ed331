#include "bench/show/tics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "common/err.h"

static const struct step {
    double from;
    const char *name;
} steps[][4] = {
    [UNIT_RATE] = {{1e6, " M"}, {1e3, " k"}, {0, ""}},
    [UNIT_TIME] = {{1e6, " s"}, {1e3, " ms"}, {0, " µs"}},
    [UNIT_KIB] = {{1048576, " GiB"}, {1024, " MiB"}, {0, " KiB"}},
};

static void add(struct tics *t, const char *label, double at)
{
    size_t used = strlen(t->text);
    snprintf(t->text + used, sizeof t->text - used, "%s\"%s\" %.9g", used ? ", " : "", label,
             at);
    used = strlen(t->bare);
    snprintf(t->bare + used, sizeof t->bare - used, "%s\"\" %.9g", used ? ", " : "", at);
}

static void add_figure(struct tics *t, double value, enum unit unit)
{
    char label[48];
    const struct step *s = steps[unit];
    while (value < s->from)
        s++;
    bool alone = value == 0 || s->from == 0;
    snprintf(label, sizeof label, "%.3g%s", alone ? value : value / s->from, s->name);
    add(t, value == 0 ? "0" : label, value);
}

void tics_linear(struct tics *t, double most, enum unit unit)
{
    double rough = (most > 0 ? most : 1) / 4;
    double decade = pow(10, floor(log10(rough)));
    double step = decade * (rough / decade <= 1   ? 1
                            : rough / decade <= 2 ? 2
                            : rough / decade <= 5 ? 5
                                                  : 10);
    *t = (struct tics){.high = (most > 0 ? most : 1) * 1.06};
    for (int k = 0; k * step <= t->high; k++)
        add_figure(t, k * step, unit);
}

/* The last of 1, 2 and 5, times a power of ten, that is not above `value`; the first not below. */
static double step_below(double value)
{
    double decade = pow(10, floor(log10(value)));
    return decade * (value >= 5 * decade ? 5 : value >= 2 * decade ? 2 : 1);
}

static double step_above(double value)
{
    double decade = pow(10, floor(log10(value)));
    return decade * (value <= decade       ? 1
                     : value <= 2 * decade ? 2
                     : value <= 5 * decade ? 5
                                           : 10);
}

void tics_log(struct tics *t, double least, double most, enum unit unit)
{
    int first = (int)floor(log10(least));
    int last = (int)ceil(log10(most));
    last += last == first;
    *t = (struct tics){.log = true, .low = pow(10, first), .high = pow(10, last)};
    double low = step_below(least), high = step_above(most);
    bool has_two_decades = floor(log10(high)) > ceil(log10(low));
    if (has_two_decades) {
        t->low = low;
        t->high = high;
    }
    for (int k = first; k <= last; k++) {
        double value = pow(10, k);
        if (value < t->low || value > t->high)
            continue;
        char label[48];
        if (unit == UNIT_KIB && value < 1)
            snprintf(label, sizeof label, "%g KiB", value);
        else if (unit == UNIT_KIB)
            snprintf(label, sizeof label, "%.0f KiB", value);
        if (unit == UNIT_KIB)
            add(t, label, value);
        else
            add_figure(t, value, unit);
    }
}

char *tics_value_text(enum axis axis, unsigned at, char out[AXIS_TEXT_MAX])
{
    if (at < 1000)
        return axis_value_text(axis, at, out);
    return figure_thousands(at, out);
}

/* Half of a letter's width, and of the gap between two labels, as a part of the narrowest panel. */
static const double letter_part = 0.021;

void tics_sweep(struct tics *t, enum axis axis, const unsigned *at, size_t n, double *x)
{
    char label[AXIS_TEXT_MAX];
    bool ordinal = axis == AXIS_TRANSPORT;
    for (size_t i = 0; i < n; i++)
        ordinal |= at[i] == 0;
    *t = (struct tics){0};
    for (size_t i = 0; i < n; i++)
        x[i] = ordinal ? (double)i : log2(at[i]);
    bool *touches = xcalloc(n + 1, sizeof *touches);
    for (size_t i = n, next = n; i-- > 0;) {
        size_t letters = next < n ? strlen(tics_value_text(axis, at[next], label)) : 0;
        letters += strlen(tics_value_text(axis, at[i], label));
        double needed = (double)letters * letter_part * (x[n - 1] - x[0]);
        touches[i] = next < n && x[next] - x[i] < needed;
        next = touches[i] ? next : i;
    }
    for (size_t i = 0; i < n; i++)
        if (!touches[i])
            add(t, tics_value_text(axis, at[i], label), x[i]);
    free(touches);
    if (n > 0) {
        t->low = x[0];
        t->high = x[n - 1];
    }
}

double tics_part(const struct tics *t, double value)
{
    if (t->log)
        return log(value / t->low) / log(t->high / t->low);
    return (value - t->low) / (t->high - t->low);
}

double tics_value(const struct tics *t, double part)
{
    if (t->log)
        return t->low * pow(t->high / t->low, part);
    return t->low + part * (t->high - t->low);
}

char *unit_figure(enum unit unit, double value, char out[48])
{
    char figure[32];
    if (unit == UNIT_RATE)
        snprintf(out, 48, "%s requests/s", figure_thousands(value, figure));
    else if (unit == UNIT_TIME)
        snprintf(out, 48, "%s", figure_time(value, figure));
    else if (unit == UNIT_KIB)
        snprintf(out, 48, value < 99.95 ? "%.1f KiB" : "%.0f KiB", value);
    else
        snprintf(out, 48, value < 9.995 ? "%.2f %s" : "%.0f %s", value,
                 unit == UNIT_CALLS ? "system calls" : "context switches");
    return out;
}
