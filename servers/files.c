#include "servers/files.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"

struct files {
    struct file *list; /* sorted by path */
    size_t count;
};

static const char *media_type(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".htm", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".txt", "text/plain; charset=utf-8"},
        {".md", "text/markdown; charset=utf-8"},
        {".json", "application/json"},
        {".xml", "application/xml"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},
        {".webp", "image/webp"},
        {".ico", "image/vnd.microsoft.icon"},
        {".pdf", "application/pdf"},
        {".wasm", "application/wasm"},
        {".woff2", "font/woff2"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

static void read_file(const char *name, struct file *file)
{
    struct stat st;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0)
        die_errno("cannot read %s", name);

    size_t size = (size_t)st.st_size, have = 0;
    file->data = xmalloc(size);
    while (have < size) {
        ssize_t n = read(fd, file->data + have, size - have);
        if (n < 0)
            die_errno("cannot read %s", name);
        if (n == 0)
            break; /* it became shorter meanwhile */
        have += (size_t)n;
    }
    file->length = have;
    close(fd);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

struct files *files_read(const char *directory)
{
    struct stat st;
    if (stat(directory, &st) != 0)
        die_errno("--root: cannot read %s", directory);
    if (!S_ISDIR(st.st_mode))
        die("--root: %s is not a directory", directory);

    struct files *f = xcalloc(1, sizeof *f);
    char *root = xstrdup(directory);
    size_t root_length = strlen(root), capacity = 0;
    while (root_length > 1 && root[root_length - 1] == '/')
        root[--root_length] = '\0';

    char *roots[] = {root, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    if (!tree)
        die_errno("--root: cannot read %s", root);
    for (FTSENT *e; (e = fts_read(tree));) {
        if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS) {
            errno = e->fts_errno;
            die_errno("--root: cannot read %s", e->fts_path);
        }
        if (e->fts_info != FTS_F)
            continue;
        if (f->count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            f->list = xrealloc(f->list, capacity * sizeof *f->list);
        }
        struct file *file = &f->list[f->count++];
        size_t skip = strcmp(root, "/") == 0 ? 0 : root_length;
        file->path = xstrdup(e->fts_path + skip);
        file->type = media_type(file->path);
        read_file(e->fts_path, file);
    }
    fts_close(tree);
    free(root);
    if (f->count)
        qsort(f->list, f->count, sizeof *f->list, compare);
    return f;
}

const struct file *files_find(const struct files *f, const char *path, size_t length)
{
    static const char index[] = "index.html";
    char name[8192 + sizeof index];
    if (length == 0 || length > 8192 || memchr(path, '\0', length))
        return NULL;
    memcpy(name, path, length);
    name[length] = '\0';
    if (name[length - 1] == '/')
        memcpy(name + length, index, sizeof index);
    struct file key = {.path = name};
    return f->count ? bsearch(&key, f->list, f->count, sizeof *f->list, compare) : NULL;
}

void files_free(struct files *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++) {
        free(f->list[i].path);
        free(f->list[i].data);
    }
    free(f->list);
    free(f);
}
