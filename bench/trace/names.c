#include "bench/trace/names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

char *names_put(const char *text, const struct script *script, const struct played *played)
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
