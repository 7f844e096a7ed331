#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *program = "iomodels";
static const char *command; /* NULL: none */

void err_set_program(const char *argv0)
{
    const char *slash = strrchr(argv0, '/');
    program = slash ? slash + 1 : argv0;
}

void err_set_command(const char *name)
{
    command = name;
}

const char *err_program(void)
{
    return program;
}

/* One write for the whole line, so that lines of several processes do not mix. */
__attribute__((format(printf, 2, 0))) static void print_line(const char *reason,
                                                             const char *format, va_list ap)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, ap);
    if (reason)
        fprintf(stderr, "%s: %s: %s\n", program, text, reason);
    else
        fprintf(stderr, "%s: %s\n", program, text);
}

void die(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    print_line(NULL, format, ap);
    va_end(ap);
    exit(EXIT_FAILURE);
}

void die_errno(const char *format, ...)
{
    const char *reason = strerror(errno);
    va_list ap;
    va_start(ap, format);
    print_line(reason, format, ap);
    va_end(ap);
    exit(EXIT_FAILURE);
}

void die_usage(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    print_line(NULL, format, ap);
    va_end(ap);
    fprintf(stderr, "Try '%s%s%s --help'.\n", program, command ? " " : "",
            command ? command : "");
    exit(EXIT_USAGE);
}

void warn(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    print_line(NULL, format, ap);
    va_end(ap);
}

static void *checked(void *p, unsigned long size)
{
    if (!p)
        die("out of memory: %lu bytes asked for", size);
    return p;
}

void *xmalloc(unsigned long size)
{
    return checked(malloc(size ? size : 1), size);
}

void *xcalloc(unsigned long count, unsigned long size)
{
    return checked(calloc(count ? count : 1, size ? size : 1), count * size);
}

void *xrealloc(void *old, unsigned long size)
{
    return checked(realloc(old, size ? size : 1), size);
}

char *xstrdup(const char *text)
{
    return checked(strdup(text), strlen(text) + 1);
}
