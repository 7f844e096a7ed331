#include "bench/trace/names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"

static char client_with(unsigned port, const struct script *script, const struct played *played)
{
    for (size_t i = 0; i < played->connection_count; i++)
        if (played->connections[i].port == port)
            return script->names[played->connections[i].client];
    return '\0';
}

/* The name of what stands between '<' and '>'. */
static void name_of(const char *what, size_t size, const struct script *script,
                    const struct played *played, char name[64])
{
    static const char *const kinds[][2] = {
        {"anon_inode:[eventpoll]", "epoll"},   {"anon_inode:[eventfd]", "eventfd"},
        {"anon_inode:[io_uring]", "ring"},     {"anon_inode:[timerfd]", "timerfd"},
        {"anon_inode:[signalfd]", "signalfd"}, {"pipe:", "pipe"}};
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)size, what);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strncmp(text, kinds[i][0], strlen(kinds[i][0])) == 0) {
            strcpy(name, kinds[i][1]);
            return;
        }
    }
    const char *colon = strrchr(text, ':');
    bool tcp = strncmp(text, "TCP", 3) == 0;
    bool peer = tcp && strstr(text, "->");
    unsigned port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
    char client = peer ? client_with(port, script, played) : '\0';
    if (client)
        snprintf(name, 64, "%c", client);
    else if (tcp && !peer && strchr(text, '.'))
        strcpy(name, "listen");
    else
        snprintf(name, 64, "%.63s", tcp ? "socket" : text);
}

/* Where the descriptor at `at`, "7<...>", ends; NULL where there is none. '>' is also in "->". */
static const char *end_of(const char *at, const char **what)
{
    while (isdigit((unsigned char)*at))
        at++;
    if (*at != '<')
        return NULL;
    *what = at + 1;
    for (at++; *at && *at != '\n'; at++) {
        if (*at == '<') /* "1</dev/null<char 1:3>>" */
            while (*at && *at != '>')
                at++;
        else if (*at == '>' && at[-1] != '-')
            return at;
        if (!*at)
            break;
    }
    return NULL;
}

/* Where descriptor `number`, "4<", stands with its "<...>"; NULL where it does not. */
static const char *find_number(const char *text, const char *number)
{
    const char *at = strstr(text, number);
    while (at && at > text && isdigit((unsigned char)at[-1]))
        at = strstr(at + 1, number);
    return at;
}

/* What is ready stands in the results of select(2) and poll(2) by number alone, "= 1 (in [4 7],
 * left ...", "= 1 ([{fd=4, ...": give each number the "<...>" that it has among the arguments. The
 * caller frees the text. */
static char *with_ready(const char *text)
{
    size_t name = strcspn(text, "(");
    bool lists = (name >= 4 && strncmp(text + name - 4, "poll", 4) == 0) ||
                 strncmp(text, "select(", 7) == 0 || strncmp(text, "pselect6(", 9) == 0;
    const char *result = lists ? strstr(text, ") = ") : NULL;
    const char *in = result ? strchr(result + 4, '(') : NULL;
    char *out = xstrdup("");
    const char *copied = text;
    for (const char *at = in ? in + 1 : ""; *at && strncmp(at, "left", 4) != 0;) {
        char number[16];
        size_t n = strspn(at, "0123456789");
        bool listed = n > 0 && n < 8 && strchr("[ =", at[-1]);
        snprintf(number, sizeof number, "%.*s<", listed ? (int)n : 0, at);
        const char *what = listed ? find_number(text, number) : NULL;
        const char *ignored;
        const char *end = what ? end_of(what, &ignored) : NULL;
        at += n ? n : 1;
        if (!end)
            continue;
        char *longer = text_format("%s%.*s%.*s", out, (int)(at - copied), copied,
                                   (int)(end + 1 - what) - (int)n, what + n);
        free(out);
        out = longer;
        copied = at;
    }
    char *whole = text_format("%s%s", out, copied);
    free(out);
    return whole;
}

/* For text without the numbers of select(2). */
static char *replace_all(const char *text, const struct script *script,
                         const struct played *played)
{
    size_t room = strlen(text) + 1;
    char *out =
        xmalloc(room + 64); /* a name is shorter than what it replaces, but one of files */
    char *to = out;
    bool quoted = false;
    for (const char *at = text; *at;) {
        const char *what;
        bool begins =
            isdigit((unsigned char)*at) && (at == text || !isalnum((unsigned char)at[-1]));
        const char *end = begins && !quoted ? end_of(at, &what) : NULL;
        if (end) {
            char name[64];
            name_of(what, (size_t)(end - what), script, played, name);
            size_t n = strlen(name);
            size_t replaced = (size_t)(end + 1 - at);
            if (n > replaced)
                n = replaced;
            memcpy(to, name, n);
            to += n;
            at = end + 1;
            continue;
        }
        if (*at == '\\' && quoted && at[1])
            *to++ = *at++;
        else if (*at == '"')
            quoted = !quoted;
        *to++ = *at++;
    }
    *to = '\0';
    return out;
}

char *names_put(const char *text, const struct script *script, const struct played *played)
{
    char *whole = with_ready(text);
    char *named = replace_all(whole, script, played);
    free(whole);
    return named;
}
