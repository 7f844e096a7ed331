#include "servers/app/http_answer.h"

#include <string.h>
#include <time.h>

const char *answer_reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 417:
        return "Expectation Failed";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

/* IMF-fixdate (RFC 9110, section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". Made anew when the
 * second changes; each thread keeps its own. The coarse clock is read without a system call.
 * strftime is not used because a locale could change the names. */
static const char *http_date(void)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static _Thread_local char text[30];
    static _Thread_local time_t made_for;

    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == made_for && text[0])
        return text;

    struct tm tm;
    gmtime_r(&now.tv_sec, &tm);
    memcpy(text, "Sun, 00 Jan 0000 00:00:00 GMT", sizeof text);
    memcpy(text, days[tm.tm_wday], 3);
    memcpy(text + 8, months[tm.tm_mon], 3);
    const struct {
        int at, value;
    } pairs[] = {{5, tm.tm_mday},
                 {12, (tm.tm_year + 1900) / 100},
                 {14, (tm.tm_year + 1900) % 100},
                 {17, tm.tm_hour},
                 {20, tm.tm_min},
                 {23, tm.tm_sec}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        text[pairs[i].at] = (char)('0' + pairs[i].value / 10);
        text[pairs[i].at + 1] = (char)('0' + pairs[i].value % 10);
    }
    made_for = now.tv_sec;
    return text;
}

static uint8_t *put_bytes(uint8_t *at, const char *text, size_t n)
{
    memcpy(at, text, n);
    return at + n;
}

static uint8_t *put(uint8_t *at, const char *text)
{
    return put_bytes(at, text, strlen(text));
}

static uint8_t *put_number(uint8_t *at, uint64_t value)
{
    char digits[20];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return put_bytes(at, digits + n, sizeof digits - n);
}

size_t answer_head(uint8_t *start, const struct answer *a)
{
    uint8_t *at = put(start, "HTTP/1.1 ");
    at = put_number(at, (uint64_t)a->status);
    at = put(at, " ");
    at = put(at, answer_reason(a->status));
    at = put(at, "\r\nDate: ");
    at = put(at, http_date());
    if (a->type) {
        at = put(at, "\r\nContent-Type: ");
        at = put(at, a->type);
    }
    at = put(at, "\r\nContent-Length: ");
    at = put_number(at, a->length);
    if (a->allow) {
        at = put(at, "\r\nAllow: ");
        at = put(at, a->allow);
    }
    if (a->connection == ANSWER_CLOSE)
        at = put(at, "\r\nConnection: close");
    else if (a->connection == ANSWER_KEEP_ALIVE)
        at = put(at, "\r\nConnection: keep-alive");
    at = put(at, "\r\n\r\n");
    return (size_t)(at - start);
}
