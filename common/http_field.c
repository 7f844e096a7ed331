#include "common/http_field.h"

#include "common/http_chars.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct http_text without_blanks(struct http_text t)
{
    while (t.at < t.end && is_blank(*t.at))
        t.at++;
    while (t.end > t.at && is_blank(t.end[-1]))
        t.end--;
    return t;
}

/* Written without an early exit so that the compiler can make it one vector loop. */
bool http_is_text(struct http_text t)
{
    unsigned wrong = 0;
    for (; t.at < t.end; t.at++) {
        wrong |= (unsigned)(*t.at < 0x20) & (unsigned)(*t.at != '\t');
        wrong |= (unsigned)(*t.at == 0x7f);
    }
    return wrong == 0;
}

const char *http_field_read(struct http_text line, struct http_text *name,
                            struct http_text *value)
{
    const uint8_t *p = line.at;
    while (p < line.end && http_is_token(*p))
        p++;
    if (p == line.end || *p != ':') {
        if (p == line.end || !is_blank(*p))
            return "field name is not a token and a colon";
        return p == line.at ? "folded field line" : "space before the colon of a field";
    }
    if (p == line.at)
        return "empty field name";
    *name = (struct http_text){line.at, p};
    line.at = p + 1;
    if (!http_is_text(line))
        return "control character in a field value";
    *value = without_blanks(line);
    return NULL;
}

bool http_list_next(struct http_text *list, struct http_text *element)
{
    if (!list->at)
        return false;
    const uint8_t *comma = memchr(list->at, ',', http_size(*list));
    *element = without_blanks((struct http_text){list->at, comma ? comma : list->end});
    list->at = comma ? comma + 1 : NULL;
    return true;
}

bool http_read_length(struct http_text t, uint64_t *length)
{
    uint64_t value = 0;
    if (t.at == t.end)
        return false;
    for (; t.at < t.end; t.at++) {
        if (!http_is_digit(*t.at))
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *t.at - (uint64_t)'0', &value))
            value = UINT64_MAX;
    }
    *length = value;
    return true;
}
