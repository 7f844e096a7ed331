#include "loadgen/cli/option_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/http_chars.h"

/* Of one body, and of all requests together: each URL has a copy, so that a request is one piece
 * of memory. */
#define MAX_DATA ((size_t)1 << 30)

const char *option_method(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!http_is_token((uint8_t)*p))
            die_usage(
                "--method: a method cannot have character 0x%02x (RFC 9110, section 5.6.2)",
                (unsigned)(unsigned char)*p);
    if (*text == '\0')
        die_usage("--method: '' is not a method");
    if (strcmp(text, "CONNECT") == 0)
        die_usage("--method: CONNECT asks for a tunnel, and there is nothing to measure in it");
    return text;
}

static void read_data(struct options *o, FILE *file, const char *name)
{
    size_t room = 65536;
    size_t n;

    o->data = xmalloc(room);
    while ((n = fread(o->data + o->data_size, 1, room - o->data_size, file)) > 0) {
        o->data_size += n;
        if (o->data_size > MAX_DATA)
            die("--data: %s has more than %zu bytes", name, MAX_DATA);
        if (o->data_size == room)
            o->data = xrealloc(o->data, room *= 2);
    }
    if (ferror(file))
        die_errno("--data: cannot read %s", name);
}

void option_data(struct options *o, const char *text)
{
    char name[512];

    free(o->data);
    o->data = NULL;
    o->data_size = 0;
    o->data_from_stdin = strcmp(text, "-") == 0 || strcmp(text, "@-") == 0;
    if (o->data_from_stdin) {
        read_data(o, stdin, "standard input");
        return;
    }
    if (text[0] != '@') {
        o->data = xstrdup(text);
        o->data_size = strlen(text);
        return;
    }
    snprintf(name, sizeof name, "'%s'", text + 1);
    FILE *file = fopen(text + 1, "re");
    if (!file)
        die_errno("--data: cannot read %s", name);
    read_data(o, file, name);
    fclose(file);
}

static void check_echo(const struct options *o)
{
    if (o->method)
        die_usage("--method: the echo protocol has no methods");
    if (o->data)
        die_usage("--data: an echo message is made by --payload");
}

void option_check_request(struct options *o)
{
    if (o->url.protocol == URL_ECHO)
        check_echo(o);
    if (!o->method)
        o->method = o->data ? "POST" : "GET";
    if (o->data && strcmp(o->method, "TRACE") == 0)
        die_usage("--data: a TRACE has no body (RFC 9110, section 9.3.8)");
    if (o->body && strcmp(o->method, "HEAD") == 0)
        die_usage("--body: the answer to a HEAD has none");
    if (o->data_from_stdin && o->urls_from_stdin)
        die_usage("--data and --urls: both read standard input");
    if ((o->data_from_stdin || o->urls_from_stdin) && o->hold)
        die_usage("--hold: it waits for the end of standard input, which %s has read",
                  o->data_from_stdin ? "--data" : "--urls");
    if (o->data_size > MAX_DATA / o->url_count)
        die_usage("--data: %zu bytes for each of %u URLs are more than %zu", o->data_size,
                  o->url_count, MAX_DATA);
}
