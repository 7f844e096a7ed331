#include "faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

static struct {
    char *bytes;
    size_t size;
} message[FAULTS];

static const struct {
    const char *name;
    enum aftermath then;
} kinds[FAULTS] = {
    [FAULT_NONE] = {"none", THEN_GO_ON},
    [FAULT_DROP] = {"drop", THEN_GO_ON},
    [FAULT_RESET] = {"reset", THEN_RESET},
    [FAULT_RESET_MID] = {"reset-mid", THEN_RESET},
    [FAULT_CLOSE] = {"close", THEN_CLOSE},
    [FAULT_CLOSE_MID] = {"close-mid", THEN_CLOSE},
    [FAULT_CORRUPT] = {"corrupt", THEN_GO_ON},
    [FAULT_TWICE] = {"twice", THEN_GO_ON},
    [FAULT_SHORT] = {"short", THEN_GO_ON},
    [FAULT_GARBAGE] = {"garbage", THEN_GO_ON},
    [FAULT_ERROR] = {"error", THEN_GO_ON},
    [FAULT_REFUSE] = {"refuse", THEN_REFUSE},
    [FAULT_INFORMATIONAL] = {"informational", THEN_GO_ON},
};

/* `before`, an answer with that status and body, `after`. */
static void compose(enum fault fault, const char *before, const char *status, const char *body,
                    const char *after)
{
    size_t room = strlen(before) + strlen(status) + strlen(body) + strlen(after) + 64;
    char *bytes = xmalloc(room);
    int size = snprintf(bytes, room, "%sHTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s%s", before,
                        status, strlen(body), body, after);
    message[fault].bytes = bytes;
    message[fault].size = (size_t)size;
}

/* `size` bytes of the right answer. */
static void cut(enum fault fault, size_t size)
{
    message[fault].bytes = message[FAULT_NONE].bytes;
    message[fault].size = size;
}

void faults_prepare(size_t size)
{
    char *body = xmalloc(size + 1);
    for (size_t i = 0; i < size; i++)
        body[i] = (char)('a' + i % 26);
    body[size] = '\0';

    compose(FAULT_NONE, "", "200 OK", body, "");
    compose(FAULT_TWICE, message[FAULT_NONE].bytes, "200 OK", body, "");
    compose(FAULT_INFORMATIONAL, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n",
            "200 OK", body, "");
    compose(FAULT_ERROR, "", "500 Internal Server Error", body, "");
    body[size / 2] = '!';
    compose(FAULT_CORRUPT, "", "200 OK", body, "");
    size_t whole = message[FAULT_NONE].size;
    cut(FAULT_SHORT, whole - (size < 5 ? 1 : 5));
    cut(FAULT_RESET_MID, whole / 2);
    cut(FAULT_CLOSE_MID, whole / 2);
    static char garbage[] = "What?\r\n\r\n";
    message[FAULT_GARBAGE].bytes = garbage;
    message[FAULT_GARBAGE].size = sizeof garbage - 1;
    free(body);
}

const char *faults_bytes(enum fault fault, size_t *size)
{
    *size = message[fault].size;
    return message[fault].bytes;
}

enum aftermath faults_aftermath(enum fault fault)
{
    return kinds[fault].then;
}

const char *faults_name(enum fault fault)
{
    return kinds[fault].name;
}

enum fault faults_find(const char *name, size_t length)
{
    for (enum fault f = FAULT_NONE + 1; f < FAULTS; f++)
        if (strlen(kinds[f].name) == length && memcmp(kinds[f].name, name, length) == 0)
            return f;
    return FAULT_NONE;
}
