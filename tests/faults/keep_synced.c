/* Loaded before the C library: keeps beside the watched folder what a disk would hold after a power cut.
 *
 * fsync and fdatasync of a file copy its content into the shadow folder; fsync of a folder notes its names there.
 * Whatever was written and not synced, and every name whose folder was not synced, is missing from the shadow.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int (*real_fsync)(int), (*real_fdatasync)(int);
static const char *watched, *shadow;

__attribute__((constructor)) static void begin(void) {
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    watched = getenv("KEEP_SYNCED_WATCHED");
    shadow = getenv("KEEP_SYNCED_SHADOW");
}

static void make_parents(char *path) {
    for (char *at = path + strlen(shadow) + 1; (at = strchr(at, '/')); at++) {
        *at = 0;
        mkdir(path, 0700);
        *at = '/';
    }
}

static void keep_names(const char *folder, const char *into) {
    char temporary[PATH_MAX], final[PATH_MAX];
    snprintf(final, sizeof final, "%s/.names", into);
    make_parents(final);
    snprintf(temporary, sizeof temporary, "%s/.names.%d", into, gettid());
    FILE *out = fopen(temporary, "w");
    DIR *open_folder = opendir(folder);
    if (!out || !open_folder) abort();
    for (struct dirent *one; (one = readdir(open_folder));)
        if (strcmp(one->d_name, ".") && strcmp(one->d_name, "..")) fprintf(out, "%s\n", one->d_name);
    closedir(open_folder);
    fclose(out);
    rename(temporary, final);
}

static void keep_bytes(int file, char *into) {
    char temporary[PATH_MAX], name[64], block[65536];
    make_parents(into);
    snprintf(temporary, sizeof temporary, "%s.new.%d", into, gettid());
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    int in = open(name, O_RDONLY), out = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in < 0 || out < 0) abort();
    for (ssize_t got; (got = read(in, block, sizeof block)) > 0;)
        if (write(out, block, got) != got) abort();
    close(in);
    close(out);
    rename(temporary, into);
}

static void keep(int file) {
    char name[64], path[PATH_MAX], into[PATH_MAX * 2];
    struct stat about;
    if (!watched || !shadow) return;
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    size_t prefix = strlen(watched);
    if (strncmp(path, watched, prefix) || (path[prefix] && path[prefix] != '/') || fstat(file, &about)) return;
    snprintf(into, sizeof into, "%s/data%s", shadow, path + prefix);
    if (S_ISDIR(about.st_mode)) keep_names(path, into);
    else if (about.st_nlink) keep_bytes(file, into);
}

int fsync(int file) {
    int result = real_fsync(file);
    if (result == 0) keep(file);
    return result;
}

int fdatasync(int file) {
    int result = real_fdatasync(file);
    if (result == 0) keep(file);
    return result;
}
