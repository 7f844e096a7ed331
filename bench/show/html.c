#include "bench/show/html.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"

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

/* What stands before an id or a reference to one in gnuplot's SVG. */
static size_t id_mark(const char *at)
{
    static const char *const marks[] = {" id=\"", " id='", "url(#", "href=\"#", "href='#"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t n = strlen(marks[i]);
        if (strncmp(at, marks[i], n) == 0)
            return n;
    }
    return 0;
}

bool html_svg(FILE *f, const char *path, const char *prefix)
{
    char *text = text_read_file(path);
    const char *at = text ? strstr(text, "<svg") : NULL;
    bool good = at != NULL;
    bool in_tag = false; /* between tags is what is drawn: a name may look like a mark */
    while (good && *at) {
        size_t n = in_tag ? id_mark(at) : 0;
        if (n == 0) {
            in_tag = *at == '<' || (in_tag && *at != '>');
            fputc(*at++, f);
            continue;
        }
        fprintf(f, "%.*s%s-", (int)n, at, prefix);
        at += n;
    }
    free(text);
    return good;
}
