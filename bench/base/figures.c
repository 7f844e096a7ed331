#include "bench/base/figures.h"

#include <math.h>
#include <stdio.h>

char *figure_time(double us, char out[32])
{
    if (isnan(us))
        snprintf(out, 32, "n/a");
    else if (us < 999.5)
        snprintf(out, 32, us < 99.95 ? "%.1f µs" : "%.0f µs", us);
    else if (us < 999500)
        snprintf(out, 32, us < 9995 ? "%.2f ms" : us < 99950 ? "%.1f ms" : "%.0f ms", us / 1e3);
    else
        snprintf(out, 32, "%.2f s", us / 1e6);
    return out;
}

char *figure_ns(double ns, char out[32])
{
    if (isnan(ns) || ns >= 9995)
        return figure_time(ns / 1e3, out);
    if (ns < 999.5)
        snprintf(out, 32, ns < 99.95 ? "%.1f ns" : "%.0f ns", ns);
    else
        snprintf(out, 32, "%.2f µs", ns / 1e3);
    return out;
}

char *figure_thousands(double value, char out[32])
{
    char digits[32];
    if (isnan(value) || fabs(value) > 1e15) {
        snprintf(out, 32, "n/a");
        return out;
    }
    int n = snprintf(digits, sizeof digits, "%.0f", value);
    char *to = out;
    for (int i = 0; i < n; i++) {
        *to++ = digits[i];
        if (digits[i] != '-' && i + 1 < n && (n - 1 - i) % 3 == 0)
            *to++ = ',';
    }
    *to = '\0';
    return out;
}

char *figure_spread(const struct spread *s, char out[96])
{
    char a[32], b[32], c[32];
    if (s->n > 1)
        snprintf(out, 96, "%s [%s–%s]", figure_thousands(s->median, a),
                 figure_thousands(s->low, b), figure_thousands(s->high, c));
    else
        snprintf(out, 96, "%s", figure_thousands(s->median, a));
    return out;
}
