#include "bench/show/html.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

void html_text(FILE *f, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", f);
            break;
        case '<':
            fputs("&lt;", f);
            break;
        case '>':
            fputs("&gt;", f);
            break;
        case '"':
            fputs("&quot;", f);
            break;
        default:
            fputc(*text, f);
        }
    }
}

void html_format(FILE *f, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    for (; *format; format++) {
        if (*format != '%')
            fputc(*format, f);
        else if (*++format == 's')
            html_text(f, va_arg(ap, const char *));
        else
            fputc('%', f);
    }
    va_end(ap);
}

/* Each byte that is neither a letter, a digit nor one of `safe` in base 16 between `before` and
 * `behind`. */
static void put_safe(FILE *f, const char *text, const char *safe, const char *before,
                     const char *behind)
{
    for (; *text; text++) {
        if (isalnum((unsigned char)*text) || strchr(safe, *text))
            fputc(*text, f);
        else
            fprintf(f, "%s%02X%s", before, (unsigned)(unsigned char)*text, behind);
    }
}

void html_id(FILE *f, const char *name)
{
    put_safe(f, name, "-._", ":", ":");
}

void html_path(FILE *f, const char *path)
{
    put_safe(f, path, "-._~/", "%", "");
}
