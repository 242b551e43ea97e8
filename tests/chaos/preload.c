/* Preloaded into the processes of a scenario: a disk that forgets what was not fsynced, or fails, and a clock that jumps.

   Of every file below $CHAOS_DISK a book is kept below $CHAOS_BOOKS: what each write overwrote, and up to where the
   file was when an fsync came back. `tests/chaos/preload.py` reads it after a power cut and takes back the rest.
   $CHAOS_TROUBLE is a file that says how the disk fails: an errno, and `w` for writes, `f` for fsyncs, `h` for fsyncs
   that do not come back as long as it says so. No file: it works.
   $CHAOS_CLOCK is a file of one double: the seconds by which the clock of whoever has it is ahead.

   What is not modelled: names (a file that was created is there after the cut), memory maps, and stdio, which writes
   past us: of a file that only stdio writes the length at its last fsync is kept. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OVERWRITTEN = 1, SYNCED = 2 };

struct line {
    int64_t what, offset, length, upto;
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* The book of a file of ours; 0 when it is none. */
static int book_of_path(const char *path, char *book) {
    const char *disk = getenv("CHAOS_DISK"), *books = getenv("CHAOS_BOOKS");
    if (!disk || !books || strncmp(path, disk, strlen(disk)) != 0) return 0;
    int used = snprintf(book, PATH_MAX, "%s/", books);
    for (const char *c = path; *c && used < PATH_MAX - 1; c++) book[used++] = *c == '/' ? '%' : *c;
    book[used] = 0;
    return 1;
}

static int book_of(int fd, char *book, int64_t *size) {
    struct stat found;
    char link[64], path[PATH_MAX];
    if (!getenv("CHAOS_DISK") || fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    *size = found.st_size;
    return book_of_path(path, book);
}

static int64_t write_line(const char *book, struct line line, const void *bytes) {
    int fd = syscall(SYS_openat, AT_FDCWD, book, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) abort();
    struct iovec parts[2] = {{&line, sizeof line}, {(void *)bytes, line.length}};
    if (syscall(SYS_writev, fd, parts, line.length ? 2 : 1) != (long)(sizeof line + line.length)) abort();
    syscall(SYS_close, fd);
    return 0;
}

static void note_overwritten(int fd, const char *book, int64_t size, int64_t offset, int64_t length) {
    int64_t old = offset >= size ? 0 : length < size - offset ? length : size - offset;
    char link[64], *bytes = old ? malloc(old) : NULL;
    if (old) {
        /* What is open for writing alone cannot be read through its own descriptor. */
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        int reader = syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
        if (reader < 0 || syscall(SYS_pread64, reader, bytes, old, offset) != old) abort();
        syscall(SYS_close, reader);
    }
    write_line(book, (struct line){OVERWRITTEN, offset, old, 0}, bytes);
    free(bytes);
}

/* How the disk fails in this kind of call; 0: it does not. */
static int trouble(char call) {
    const char *path = getenv("CHAOS_TROUBLE");
    int fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (fd < 0) return 0;
    char said[32] = "";
    long length = syscall(SYS_read, fd, said, sizeof said - 1);
    syscall(SYS_close, fd);
    return length > 0 && strchr(said, call) ? atoi(said) : 0;
}

static int64_t position(int fd, int64_t size) {
    return fcntl(fd, F_GETFL) & O_APPEND ? size : lseek(fd, 0, SEEK_CUR);
}

/* Do it with the old bytes in the book, or fail as told. `offset` of -1: where the file is. */
#define WATCHED(fd, at, length, act)                                                    \
    char book[PATH_MAX];                                                                \
    int64_t size;                                                                       \
    int saved = errno;                                                                  \
    if (!book_of(fd, book, &size)) {                                                    \
        errno = saved;                                                                  \
        return act;                                                                     \
    }                                                                                   \
    int wrong = trouble('w');                                                           \
    if (wrong) {                                                                        \
        errno = wrong;                                                                  \
        return -1;                                                                      \
    }                                                                                   \
    pthread_mutex_lock(&one_at_a_time);                                                 \
    note_overwritten(fd, book, size, (at) < 0 ? position(fd, size) : (at), length);     \
    errno = saved;                                                                      \
    long done = act;                                                                    \
    saved = errno;                                                                      \
    pthread_mutex_unlock(&one_at_a_time);                                               \
    errno = saved;                                                                      \
    return done

ssize_t write(int fd, const void *bytes, size_t length) {
    WATCHED(fd, (int64_t)-1, (int64_t)length, syscall(SYS_write, fd, bytes, length));
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    WATCHED(fd, (int64_t)offset, (int64_t)length, syscall(SYS_pwrite64, fd, bytes, length, offset));
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    return pwrite(fd, bytes, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
    int64_t length = 0;
    for (int i = 0; i < number; i++) length += parts[i].iov_len;
    WATCHED(fd, (int64_t)-1, length, syscall(SYS_writev, fd, parts, number));
}

int ftruncate(int fd, off_t length) {
    WATCHED(fd, (int64_t)length, INT64_MAX, syscall(SYS_ftruncate, fd, length));
}

int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

static int synced(int fd, long call) {
    char book[PATH_MAX];
    int64_t size;
    struct stat written;
    if (!book_of(fd, book, &size)) return syscall(call, fd);
    while (trouble('h')) usleep(50000);
    int wrong = trouble('f');
    if (wrong) {
        errno = wrong;
        return -1;
    }
    /* What is written while it runs may or may not be on the disk: it is not. */
    pthread_mutex_lock(&one_at_a_time);
    int64_t upto = stat(book, &written) == 0 ? written.st_size : 0;
    struct stat now;
    fstat(fd, &now);
    pthread_mutex_unlock(&one_at_a_time);
    int done = syscall(call, fd);
    if (done == 0) {
        pthread_mutex_lock(&one_at_a_time);
        write_line(book, (struct line){SYNCED, now.st_size, 0, upto}, NULL);
        pthread_mutex_unlock(&one_at_a_time);
    }
    return done;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }

int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

/* A file takes its book along. */
int rename(const char *old, const char *new) {
    char was[PATH_MAX], is[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
    int ours = realpath(old, was) && book_of_path(was, from);
    int done = syscall(SYS_renameat, AT_FDCWD, old, AT_FDCWD, new);
    int saved = errno;
    if (done == 0 && ours && realpath(new, is) && book_of_path(is, to)) syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    errno = saved;
    return done;
}

int unlink(const char *path) {
    char is[PATH_MAX], book[PATH_MAX];
    int ours = realpath(path, is) && book_of_path(is, book);
    int done = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    int saved = errno;
    if (done == 0 && ours) syscall(SYS_unlinkat, AT_FDCWD, book, 0);
    errno = saved;
    return done;
}

static double ahead(void) {
    static volatile double *shown;
    if (!shown) {
        const char *path = getenv("CHAOS_CLOCK");
        int fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0) : -1;
        if (fd < 0) return 0;
        shown = mmap(NULL, sizeof(double), PROT_READ, MAP_SHARED, fd, 0);
        syscall(SYS_close, fd);
    }
    return *shown;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, now);
    if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += (time_t)ahead();
    return done;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *into) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (into) *into = precise.tv_sec;
    return precise.tv_sec;
}
