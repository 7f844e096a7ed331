#include "servers/app/http_resource.h"

#include <string.h>

#include "common/http_chars.h"
#include "common/target_digest.h"

const char resource_text[] = "iomodels: one answer, whatever the model.\n";

/* "/NAME/123" */
static bool numbered(const char *path, size_t n, const char *prefix, uint64_t *argument)
{
    size_t skip = strlen(prefix);
    if (n <= skip || memcmp(path, prefix, skip) != 0)
        return false;
    *argument = 0;
    for (size_t i = skip; i < n; i++) {
        if (path[i] < '0' || path[i] > '9')
            return false;
        if (*argument < UINT64_MAX / 16)
            *argument = *argument * 10 + (uint64_t)(path[i] - '0');
    }
    return true;
}

static bool is(const char *path, size_t n, const char *name)
{
    return strlen(name) == n && memcmp(path, name, n) == 0;
}

static struct resource limited(enum resource_kind kind, uint64_t argument, uint64_t most)
{
    if (argument > most)
        return (struct resource){.kind = RESOURCE_ERROR, .status = 400};
    return (struct resource){.kind = kind, .status = 200, .argument = argument};
}

/* Percent-decoding (RFC 3986, section 2.1). The length, or -1 for a '%' without two digits. */
static long decode(const char *path, size_t n, char *out)
{
    long length = 0;
    for (size_t i = 0; i < n; i++) {
        char c = path[i];
        if (c == '%') {
            int high = i + 1 < n ? http_hex((uint8_t)path[i + 1]) : -1;
            int low = i + 2 < n ? http_hex((uint8_t)path[i + 2]) : -1;
            if (high < 0 || low < 0)
                return -1;
            c = (char)(high << 4 | low);
            i += 2;
        }
        out[length++] = c;
    }
    return length;
}

static struct resource find_by_path(const char *path, size_t n,
                                    const struct app_options *options)
{
    uint64_t argument;
    char decoded[HTTP_HEAD_MAX];
    if (memchr(path, '%', n)) {
        long length = decode(path, n, decoded);
        if (length < 0)
            return (struct resource){.kind = RESOURCE_ERROR, .status = 400};
        path = decoded;
        n = (size_t)length;
    }
    if (n == 0 || is(path, n, "/")) /* an absolute-form target may lack the path */
        return (struct resource){.kind = RESOURCE_TEXT, .status = 200};
    if (is(path, n, "/echo"))
        return (struct resource){.kind = RESOURCE_ECHO, .status = 200};
    if (numbered(path, n, "/bytes/", &argument))
        return limited(RESOURCE_BYTES, argument, RESOURCE_BYTES_MAX);
    if (numbered(path, n, "/cpu/", &argument))
        return limited(RESOURCE_CPU, argument, RESOURCE_CPU_MAX);
    if (numbered(path, n, "/wait/", &argument))
        return limited(RESOURCE_WAIT, argument, RESOURCE_WAIT_MAX);
    if (options->allow_crash && is(path, n, "/crash"))
        return (struct resource){.kind = RESOURCE_CRASH, .status = 200};

    const struct files *files = options->files;
    const struct file *file = files ? files_find(files, path, n) : NULL;
    if (file)
        return (struct resource){.kind = RESOURCE_FILE, .status = 200, .file = file};
    return (struct resource){.kind = RESOURCE_ERROR, .status = 404};
}

/* The query follows the path in the request line, and a space ends both. */
static uint64_t digest_of(const struct http_request *r, const char *path)
{
    size_t n = r->path.length, room = (size_t)r->head_length - r->path.offset;
    while (n < room && path[n] != ' ')
        n++;
    return target_digest(path, n);
}

struct resource resource_find(const struct http_request *r, const uint8_t *head,
                              const struct app_options *options)
{
    static const char any[] = "GET, HEAD, POST, OPTIONS", get[] = "GET, HEAD, OPTIONS",
                      post[] = "POST, OPTIONS";
    if (r->asterisk)
        return (struct resource){.kind = RESOURCE_NONE, .status = 200, .allow = any};

    const char *path = (const char *)head + r->path.offset;
    struct resource found = find_by_path(path, r->path.length, options);
    if (found.kind == RESOURCE_ERROR)
        return found;
    if (found.kind == RESOURCE_WAIT)
        found.target = digest_of(r, path);

    bool is_echo = found.kind == RESOURCE_ECHO;
    const char *allow = is_echo ? post : get;
    if (r->method == HTTP_OPTIONS)
        return (struct resource){.kind = RESOURCE_NONE, .status = 200, .allow = allow};
    if (is_echo ? r->method == HTTP_POST : r->method == HTTP_GET || r->method == HTTP_HEAD)
        return found;
    return (struct resource){.kind = RESOURCE_ERROR, .status = 405, .allow = allow};
}

const uint8_t *resource_pattern(void)
{
    /* A row of 64 characters with the row's number in it, so that a body whose parts were
     * swapped or sent twice can be told from the right one. */
    static uint8_t pattern[RESOURCE_PATTERN_SIZE];
    static const char digits[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\n";
    if (pattern[0])
        return pattern;
    for (uint32_t row = RESOURCE_PATTERN_SIZE / 64; row-- > 0;) {
        memcpy(pattern + row * 64, digits, 64);
        for (uint32_t i = 0, rest = row; i < 4; i++, rest /= 10)
            pattern[row * 64 + 3 - i] = (uint8_t)('0' + rest % 10);
    }
    return pattern;
}
