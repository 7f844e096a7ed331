#include "bench/show/html.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"

const char html_style[] =
    ":root{color-scheme:light}"
    "body{font:16px/1.5 system-ui,'DejaVu Sans',sans-serif;color:#222;background:#fff;margin:0 "
    "auto;padding:1.5rem;max-width:1240px}"
    "h1{font-size:1.7rem;margin:0 0 .3rem}h2{font-size:1.25rem;margin:2.2rem 0 "
    ".6rem;border-bottom:"
    "1px solid #ddd;padding-bottom:.2rem}h3{font-size:1.05rem;margin:1.4rem 0 .4rem}"
    ".meta,figcaption,.note{color:#555;font-size:.9rem}"
    ".warning{background:#fff3cd;border:1px solid #d39e00;border-radius:6px;padding:.6rem "
    ".9rem}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.88rem;"
    "font-variant-numeric:tabular-nums}"
    "th,td{padding:.28rem .5rem;text-align:right;border-bottom:1px solid #e5e5e5;"
    "white-space:nowrap}"
    "th{background:#f6f6f6;font-weight:600}td.left,th.left{text-align:left}td.wrap{white-space:"
    "normal;text-align:left;min-width:16rem}"
    "tr.out td{color:#777}figure{margin:1.2rem 0 2rem}figure "
    "svg{width:100%;height:auto;display:"
    "block}"
    "details{margin:.6rem "
    "0}summary{cursor:pointer;font-weight:600}pre{background:#f6f6f6;padding:"
    ".8rem;overflow-x:auto;font-size:.82rem}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem "
    "1rem;font-size:.9rem;margin:"
    ".4rem 0}dt{color:#555}dd{margin:0}"
    ".invalid{color:#b00020;font-weight:600}.limited{color:#8a5a00;font-weight:600}"
    "@media print{body{max-width:none}}";

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
