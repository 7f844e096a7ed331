#include "bench/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"

char *text_format(const char *format, ...)
{
    char *text;
    va_list ap;
    va_start(ap, format);
    if (vasprintf(&text, format, ap) < 0)
        die("out of memory");
    va_end(ap);
    return text;
}

static char *read_all(int fd, size_t *size)
{
    size_t used = 0;
    size_t room = 4096;
    char *text = xmalloc(room);

    for (;;) {
        ssize_t n = read(fd, text + used, room - used - 1);
        if (n < 0) {
            free(text);
            return NULL;
        }
        if (n == 0)
            break;
        used += (size_t)n;
        if (used == room - 1)
            text = xrealloc(text, room *= 2);
    }
    text[used] = '\0';
    *size = used;
    return text;
}

char *text_read_sized(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = read_all(fd, size);
    int reason = errno;
    close(fd);
    errno = reason;
    return text;
}

char *text_read_file(const char *path)
{
    size_t size;
    return text_read_sized(path, &size);
}

void text_write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    if (!f || fputs(text, f) == EOF || fclose(f) != 0)
        die_errno("cannot write %s", path);
}

bool text_copy_file(const char *from, const char *to, char *error, size_t error_size)
{
    char *text = text_read_file(from);
    FILE *f = text ? fopen(to, "we") : NULL;
    bool good = f && fputs(text, f) >= 0;
    if (f)
        good = text_close(f) && good;
    if (!good)
        snprintf(error, error_size, "cannot %s %s: %s", text ? "write" : "read",
                 text ? to : from, strerror(errno));
    free(text);
    return good;
}

char *text_first_line(const char *path)
{
    char *text = text_read_file(path);
    if (text)
        text[strcspn(text, "\n")] = '\0';
    return text;
}

void text_last_line(const char *text, char *out, size_t out_size)
{
    size_t end = strlen(text);
    while (end > 0 && isspace((unsigned char)text[end - 1]))
        end--;
    size_t start = end;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    snprintf(out, out_size, "%.*s", (int)(end - start), text + start);
}

char *text_trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        text[--n] = '\0';
    return text;
}

bool text_close(FILE *f)
{
    bool good = !ferror(f);
    return fclose(f) == 0 && good;
}

const char *text_s(double n)
{
    return n == 1 ? "" : "s";
}

size_t text_width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}
