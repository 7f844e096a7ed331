#include "loadgen/report/report_text.h"

#include <stdio.h>

const char *report_time(char text[REPORT_TEXT], double ns)
{
    if (ns < 1e3)
        snprintf(text, REPORT_TEXT, "%.0fns", ns);
    else if (ns < 1e6)
        snprintf(text, REPORT_TEXT, "%.1fus", ns / 1e3);
    else if (ns < 1e9)
        snprintf(text, REPORT_TEXT, "%.2fms", ns / 1e6);
    else
        snprintf(text, REPORT_TEXT, "%.2fs", ns / 1e9);
    return text;
}

const char *report_bytes(char text[REPORT_TEXT], double bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    unsigned i = 0;
    for (; bytes >= 1024 && i < 4; i++)
        bytes /= 1024;
    snprintf(text, REPORT_TEXT, i ? "%.2f%s" : "%.0f%s", bytes, units[i]);
    return text;
}
