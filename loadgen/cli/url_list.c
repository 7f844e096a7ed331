#include "loadgen/cli/url_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/parse.h"
#include "loadgen/cli/options.h"

#define BLANKS " \t\r"

/* Of a line: a URL, its weight, and a comment. */
#define LINE_ROOM (URL_TEXT_MAX + 2048)

_Noreturn static void die_at(const char *where, const char *error)
{
    die_usage("%s%s%s", where, *where ? ": " : "", error);
}

/* Add a URL, which the list then owns. `where` begins the message of an error. */
static void append(struct options *o, const struct url *url, char *text, uint32_t weight,
                   const char *where)
{
    struct asked_url *last = o->url_count > 0 ? &o->urls[o->url_count - 1] : NULL;

    if (o->url_count > 0 &&
        (url->protocol != o->url.protocol || !url_keep_common(&o->url, url)))
        die_usage("%s%s'%s' is not at the address and protocol of '%s'", where,
                  *where ? ": " : "", text, o->url_text);
    if (o->url_count > 0 && url->protocol == URL_ECHO)
        die_usage("%s%s'%s': an echo has but one URL", where, *where ? ": " : "", text);
    if (o->url_count == URL_LIST_MAX)
        die_usage("%s%smore than %d URLs", where, *where ? ": " : "", URL_LIST_MAX);
    bool same_host = last && strcmp(last->host, url->host) == 0;
    char *host = same_host ? last->host : xstrdup(url->host);
    if (o->url_count == o->url_room) {
        o->url_room = o->url_room ? 2 * o->url_room : 16;
        o->urls = xrealloc(o->urls, o->url_room * sizeof *o->urls);
    }
    if (o->url_count == 0) {
        o->url = *url;
        o->url_text = text;
    }
    o->urls[o->url_count++] = (struct asked_url){text, host, xstrdup(url->target), weight};
}

/* The URL that `line` is. Where all but the path is as in the one before, the host is not looked up
 * again: that takes milliseconds. */
static void read_url(const struct options *o, const char *line, struct url *url,
                     const char *where)
{
    const char *last = o->url_count > 0 ? o->urls[o->url_count - 1].text : "";
    const char *slashes = strstr(last, "://");
    size_t prefix = slashes ? (size_t)(slashes - last) + 3 : 0;
    char error[512];
    bool good;

    prefix += strcspn(last + prefix, "/?#");
    if (strlen(line) <= URL_TEXT_MAX - 2 && o->url.protocol == URL_HTTP &&
        strncmp(last, "http://", 7) == 0 && strncmp(line, last, prefix) == 0 &&
        (line[prefix] == '/' || line[prefix] == '\0')) {
        *url = o->url;
        strcpy(url->host, o->urls[o->url_count - 1].host);
        good = url_set_target(url, line + prefix, error, sizeof error);
    } else {
        good = url_parse(line, url, error, sizeof error);
    }
    if (!good)
        die_at(where, error);
}

/* One line of a file. */
static void read_line(struct options *o, char *line, struct url *url, const char *where)
{
    char *text = line + strspn(line, BLANKS);
    char *rest = text + strcspn(text, BLANKS);
    uint64_t weight = 1;
    char error[512];

    if (*text == '\0' || *text == '#')
        return;
    if (*rest != '\0')
        *rest++ = '\0';
    rest += strspn(rest, BLANKS);
    size_t n = strcspn(rest, BLANKS);
    const char *more = rest + n + strspn(rest + n, BLANKS);
    if (*rest != '\0' && *rest != '#') {
        if (*more != '\0' && *more != '#') {
            snprintf(error, sizeof error,
                     "'%.100s' is one column too many: a URL, and its weight", more);
            die_at(where, error);
        }
        rest[n] = '\0';
        if (!parse_u64(rest, 1, URL_WEIGHT_MAX, &weight)) {
            snprintf(error, sizeof error, "'%.100s' is not a weight from 1 to %d", rest,
                     URL_WEIGHT_MAX);
            die_at(where, error);
        }
    }
    read_url(o, text, url, where);
    append(o, url, xstrdup(text), (uint32_t)weight, where);
}

/* The next line, without its end, of a file at `where`. Returns false at the end of the file. */
static bool next_line(FILE *file, char line[LINE_ROOM], const char *where)
{
    char error[100];
    size_t n = 0;
    int c;

    while ((c = getc(file)) != EOF && c != '\n') {
        if (c == '\0')
            die_at(where, "a NUL byte");
        line[n++] = (char)c;
        if (n == LINE_ROOM) {
            snprintf(error, sizeof error, "a line of %d bytes or more", LINE_ROOM);
            die_at(where, error);
        }
    }
    line[n] = '\0';
    return c != EOF || n > 0;
}

bool url_list_read(void *options, const char *path)
{
    struct options *o = options;
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    FILE *file = standard ? stdin : fopen(path, "re");
    uint32_t before = o->url_count;
    char line[LINE_ROOM];
    char where[512];
    struct url url;

    o->urls_from_stdin |= standard;
    if (!file)
        die_errno("--urls: cannot read '%s'", path);
    for (uint64_t number = 1;; number++) {
        snprintf(where, sizeof where, "--urls: %s:%llu", name, (unsigned long long)number);
        if (!next_line(file, line, where))
            break;
        /* Some editors put a mark before UTF-8. */
        bool mark = number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0;
        read_line(o, line + (mark ? 3 : 0), &url, where);
    }
    if (ferror(file))
        die_errno("--urls: cannot read '%s'", name);
    if (!standard)
        fclose(file);
    if (o->url_count == before)
        die_usage("--urls: no URL in '%s'", name);
    return true;
}

void url_list_add(struct options *o, char **texts, int count)
{
    char error[512];

    for (int i = 0; i < count; i++) {
        struct weighted_url u;
        bool alone = count == 1 && o->url_count == 0;
        if (alone ? !url_parse_single(texts[i], &u, error, sizeof error)
                  : !url_parse_weighted(texts[i], &u, error, sizeof error))
            die_usage("%s", error);
        append(o, &u.url, u.text, u.weight, "");
    }
}

void url_list_free(struct options *o)
{
    for (uint32_t i = 0; i < o->url_count; i++) {
        if (i + 1 == o->url_count || o->urls[i + 1].host != o->urls[i].host)
            free(o->urls[i].host);
        free(o->urls[i].text);
        free(o->urls[i].target);
    }
    free(o->urls);
}
