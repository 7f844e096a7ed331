#include "bench/base/csv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"

enum { COLUMNS_MAX = 256 };

/* A reading under way. */
struct reader {
    char *at;
    size_t line; /* that `at` is in, from 1 on */
    char *fields[COLUMNS_MAX];
    size_t count;
    const char *wrong; /* NULL while all is well */
};

/* The text between quotes, in place; `r->at` is the opening one and becomes what follows the
 * closing one. */
static void read_quoted(struct reader *r)
{
    char *to = r->at;
    size_t opened = r->line;
    for (r->at++; *r->at != '\0'; r->at++) {
        if (*r->at == '"' && *++r->at != '"')
            break;
        r->line += *r->at == '\n';
        *to++ = *r->at;
    }
    if (*r->at != ',' && *r->at != '\n' && *r->at != '\r') {
        r->wrong = "a quote is not closed, or text follows it";
        r->line = opened;
    }
    if (*r->at != '\0')
        *to = '\0';
}

/* Cut one field off, unquoting it in place; whether another follows in this record. */
static bool read_field(struct reader *r)
{
    if (r->count == COLUMNS_MAX) {
        r->wrong = "more than 256 fields";
        return false;
    }
    r->fields[r->count++] = r->at;
    char *end = r->at;
    if (*r->at == '"')
        read_quoted(r);
    else
        r->at += strcspn(r->at, ",\n");
    if (r->wrong)
        return false;
    end = r->at;
    if (*end == '\r' && end[1] == '\n')
        r->at++;
    else if (*end == '\n' && end > r->fields[r->count - 1] && end[-1] == '\r')
        end--;
    bool more = *r->at == ',';
    *end = '\0';
    r->at++;
    return more;
}

static bool read_record(struct reader *r)
{
    r->count = 0;
    while (read_field(r))
        ;
    return !r->wrong;
}

static const char *header_fault(const struct csv *c)
{
    for (size_t i = 0; i < c->columns; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(c->header[i], c->header[k]) == 0)
                return c->header[i];
    return NULL;
}

static void add_row(struct csv *c, const struct reader *r, size_t line)
{
    if ((c->rows & (c->rows - 1)) == 0) {
        size_t room = c->rows ? c->rows * 2 : 1;
        c->cells = xrealloc(c->cells, room * c->columns * sizeof *c->cells);
        c->lines = xrealloc(c->lines, room * sizeof *c->lines);
    }
    memcpy(c->cells + c->rows * c->columns, r->fields, c->columns * sizeof *r->fields);
    c->lines[c->rows++] = line;
}

/* All records of c->text; false with what is wrong in `error`, without the file's name. */
static bool read_records(struct csv *c, char *error, size_t error_size)
{
    struct reader r = {.at = c->text, .line = 1};
    if (read_record(&r)) {
        c->columns = r.count;
        c->header = xcalloc(c->columns, sizeof *c->header);
        memcpy(c->header, r.fields, c->columns * sizeof *c->header);
    }
    const char *twice = r.wrong ? NULL : header_fault(c);
    if (twice) {
        snprintf(error, error_size, ":1: there are two columns '%.64s'", twice);
        return false;
    }
    while (!r.wrong && *r.at != '\0') {
        size_t line = ++r.line;
        if (!read_record(&r))
            break;
        if (r.count != c->columns) {
            snprintf(error, error_size, ":%zu: %zu field%s, the header has %zu", line, r.count,
                     text_s((double)r.count), c->columns);
            return false;
        }
        add_row(c, &r, line);
    }
    if (r.wrong)
        snprintf(error, error_size, ":%zu: %s", r.line, r.wrong);
    return !r.wrong;
}

static size_t lines_of(const char *text, size_t size)
{
    size_t n = 1;
    for (size_t i = 0; i < size; i++)
        n += text[i] == '\n';
    return n;
}

bool csv_read(const char *path, struct csv *out, char *error, size_t error_size)
{
    size_t size;
    char what[160];
    *out = (struct csv){0};
    out->text = text_read_sized(path, &size);
    if (!out->text) {
        snprintf(error, error_size, "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    size_t whole = strlen(out->text);
    char *end = strrchr(out->text, '\n');
    bool good = whole == size && end;
    if (whole < size)
        snprintf(error, error_size, "%s:%zu: a byte of zero", path, lines_of(out->text, whole));
    else if (!end)
        snprintf(error, error_size, "%s has no header line", path);
    else if (end[1] != '\0')
        out->cut_line = lines_of(out->text, size);
    if (good) {
        end[1] = '\0';
        good = read_records(out, what, sizeof what);
        if (!good)
            snprintf(error, error_size, "%s%s", path, what);
    }
    if (!good)
        csv_free(out);
    return good;
}

void csv_free(struct csv *c)
{
    free(c->cells);
    free(c->lines);
    free(c->header);
    free(c->text);
    *c = (struct csv){0};
}

int csv_column(const struct csv *c, const char *name)
{
    for (size_t i = 0; i < c->columns; i++)
        if (strcmp(c->header[i], name) == 0)
            return (int)i;
    return -1;
}

const char *csv_cell(const struct csv *c, size_t row, int column)
{
    return column < 0 ? "" : c->cells[row * c->columns + (size_t)column];
}

bool csv_number(const struct csv *c, size_t row, int column, double *value)
{
    const char *text = csv_cell(c, row, column);
    char *end;
    *value = NAN;
    if (text[0] == '\0')
        return true;
    /* strtod() takes more: " 1", "0x1p3", "nan". */
    if (strspn(text, "0123456789+-.eE") != strlen(text))
        return false;
    double number = strtod(text, &end);
    if (*end != '\0' || !isfinite(number))
        return false;
    *value = number;
    return true;
}

void csv_put_text(FILE *f, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, f);
    }
    fputc('"', f);
}

void csv_put_number(FILE *f, double value, int digits)
{
    if (!isfinite(value))
        return;
    char text[64];
    int n = snprintf(text, sizeof text, "%.*f", digits, value);
    if (digits > 0 && n > 0 && (size_t)n < sizeof text) {
        while (text[n - 1] == '0')
            n--;
        if (text[n - 1] == '.')
            n--;
        text[n] = '\0';
    }
    fputs(strcmp(text, "-0") == 0 ? "0" : text, f);
}
