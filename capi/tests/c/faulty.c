// faulty.c: see faulty.h.
#define _GNU_SOURCE
#include "faulty.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

const char *const faulty_names[FAULTY_CALLS] = {
    "open",   "fallocate", "mmap",  "msync",   "fdatasync", "fsync",  "lock",   "link",     "unlink",   "mkdir", "read",   "pread",
    "pwrite", "stat",      "statfs", "eventfd", "rename",    "fchmod", "flock",  "opendir",  "readdir",  "pthread_create", "faccessat", "fstat",
    "openat", "readlinkat", "unlinkat", "getrandom", "lseek", "madvise"};
uint32_t faulty_file_system;
int64_t faulty_clock_offset;
int faulty_clock_stopped;

static int chosen = FAULTY_CALLS, left, code_given, for_ever, happened;

void faulty_set(enum faulty_call call, int nth, int code, int ever) {
    chosen = nth ? (int)call : FAULTY_CALLS;
    left = nth;
    code_given = code;
    for_ever = ever;
    __atomic_store_n(&happened, 0, __ATOMIC_SEQ_CST);
}

int faulty_happened(void) { return __atomic_load_n(&happened, __ATOMIC_SEQ_CST); }

static int fails(enum faulty_call call) {
    if ((int)call != chosen) return 0;
    int before = __atomic_fetch_sub(&left, 1, __ATOMIC_SEQ_CST);
    if (before != 1 && !(for_ever && before < 1)) return 0;
    __atomic_store_n(&happened, 1, __ATOMIC_SEQ_CST);
    errno = code_given;
    return 1;
}

#define OR_FAIL(call, ...) return fails(call) ? -1 : (int)syscall(__VA_ARGS__)

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, int) : 0;
    va_end(rest);
    OR_FAIL(FAULTY_OPEN, SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, int) : 0;
    va_end(rest);
    OR_FAIL(FAULTY_OPEN, SYS_openat, AT_FDCWD, path, flags, mode);
}

int fallocate(int fd, int mode, off_t offset, off_t len) { OR_FAIL(FAULTY_FALLOCATE, SYS_fallocate, fd, mode, offset, len); }

void *mmap(void *start, size_t len, int access, int flags, int fd, off_t offset) {
    // Memory for the allocator and for threads is none of a file.
    if (fd >= 0 && fails(FAULTY_MMAP)) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, start, len, access, flags, fd, offset);
}

void *mmap64(void *start, size_t len, int access, int flags, int fd, off_t offset) {
    return mmap(start, len, access, flags, fd, offset);
}

int msync(void *start, size_t len, int flags) { OR_FAIL(FAULTY_MSYNC, SYS_msync, start, len, flags); }
int fdatasync(int fd) { OR_FAIL(FAULTY_FDATASYNC, SYS_fdatasync, fd); }
int fsync(int fd) { OR_FAIL(FAULTY_FSYNC, SYS_fsync, fd); }

int fcntl(int fd, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if ((command == F_OFD_SETLK || command == F_OFD_GETLK) && fails(FAULTY_LOCK)) return -1;
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
    OR_FAIL(FAULTY_LINK, SYS_linkat, from, old, to, new, flags);
}

int unlink(const char *path) { OR_FAIL(FAULTY_UNLINK, SYS_unlinkat, AT_FDCWD, path, 0); }
int mkdir(const char *path, mode_t mode) { OR_FAIL(FAULTY_MKDIR, SYS_mkdirat, AT_FDCWD, path, mode); }

ssize_t read(int fd, void *bytes, size_t len) {
    return fails(FAULTY_READ) ? -1 : (ssize_t)syscall(SYS_read, fd, bytes, len);
}

ssize_t pread64(int fd, void *bytes, size_t len, off_t offset) {
    return fails(FAULTY_PREAD) ? -1 : (ssize_t)syscall(SYS_pread64, fd, bytes, len, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t offset) {
    return fails(FAULTY_PWRITE) ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, bytes, len, offset);
}

int statx(int fd, const char *restrict path, int flags, unsigned mask, struct statx *restrict answer) {
    OR_FAIL(FAULTY_STAT, SYS_statx, fd, path, flags, mask, answer);
}

int fstatfs(int fd, struct statfs *answer) {
    if (fails(FAULTY_STATFS)) return -1;
    int code = (int)syscall(SYS_fstatfs, fd, answer);
    if (code == 0 && faulty_file_system) answer->f_type = faulty_file_system;
    return code;
}

int fstatfs64(int fd, struct statfs64 *answer) { return fstatfs(fd, (struct statfs *)answer); }

int rename(const char *old, const char *new) { OR_FAIL(FAULTY_RENAME, SYS_rename, old, new); }
int fchmod(int fd, mode_t mode) { OR_FAIL(FAULTY_FCHMOD, SYS_fchmod, fd, mode); }
int flock(int fd, int operation) { OR_FAIL(FAULTY_FLOCK, SYS_flock, fd, operation); }
int faccessat(int at, const char *path, int mode, int flags) { OR_FAIL(FAULTY_ACCESS, SYS_faccessat2, at, path, mode, flags); }
int unlinkat(int at, const char *path, int flags) { OR_FAIL(FAULTY_UNLINKAT, SYS_unlinkat, at, path, flags); }

int openat(int at, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, int) : 0;
    va_end(rest);
    OR_FAIL(FAULTY_OPENAT, SYS_openat, at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, int) : 0;
    va_end(rest);
    OR_FAIL(FAULTY_OPENAT, SYS_openat, at, path, flags, mode);
}

ssize_t readlinkat(int at, const char *restrict path, char *restrict text, size_t len) {
    return fails(FAULTY_READLINK) ? -1 : (ssize_t)syscall(SYS_readlinkat, at, path, text, len);
}

int fstat(int fd, struct stat *answer) { OR_FAIL(FAULTY_FSTAT, SYS_fstat, fd, answer); }
int fstat64(int fd, struct stat64 *answer) { OR_FAIL(FAULTY_FSTAT, SYS_fstat, fd, answer); }

ssize_t getrandom(void *bytes, size_t len, unsigned flags) {
    return fails(FAULTY_RANDOM) ? -1 : (ssize_t)syscall(SYS_getrandom, bytes, len, flags);
}

off64_t lseek64(int fd, off64_t offset, int from) {
    return fails(FAULTY_SEEK) ? -1 : (off64_t)syscall(SYS_lseek, fd, offset, from);
}

off_t lseek(int fd, off_t offset, int from) { return lseek64(fd, offset, from); }
int madvise(void *start, size_t len, int advice) { OR_FAIL(FAULTY_ADVICE, SYS_madvise, start, len, advice); }

// More than a call each: the C library's own go on.
#define FIND(next, name) (*(void **)&(next) = dlsym(RTLD_NEXT, name))

DIR *opendir(const char *path) {
    DIR *(*next)(const char *);
    FIND(next, "opendir");
    return fails(FAULTY_OPENDIR) ? NULL : next(path);
}

struct dirent64 *readdir64(DIR *entries) {
    struct dirent64 *(*next)(DIR *);
    FIND(next, "readdir64");
    return fails(FAULTY_READDIR) ? NULL : next(entries);
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*start)(void *),
                   void *restrict argument) {
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    FIND(next, "pthread_create");
    return fails(FAULTY_THREAD) ? code_given : next(thread, attributes, start, argument);
}

int eventfd(unsigned start, int flags) { OR_FAIL(FAULTY_EVENTFD, SYS_eventfd2, start, flags); }

int clock_gettime(clockid_t clock, struct timespec *answer) {
    static const time_t stopped_at = 1700000000;
    int code = (int)syscall(SYS_clock_gettime, clock, answer);
    if (clock != CLOCK_REALTIME) return code;
    if (faulty_clock_stopped) *answer = (struct timespec){stopped_at, 0};
    answer->tv_sec += faulty_clock_offset;
    return code;
}
