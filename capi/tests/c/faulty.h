// faulty.h: system calls that fail when told to. Whoever links faulty.c has them in the place of the C library's, also for
// calls that the shared library makes.
#ifndef FAULTY_H
#define FAULTY_H

#include <stdint.h>

// The calls that can fail, in the order of faulty_names.
enum faulty_call {
    FAULTY_OPEN,
    FAULTY_FALLOCATE,
    FAULTY_MMAP,
    FAULTY_MSYNC,
    FAULTY_FDATASYNC,
    FAULTY_FSYNC,
    FAULTY_LOCK,
    FAULTY_LINK,
    FAULTY_UNLINK,
    FAULTY_MKDIR,
    FAULTY_READ,
    FAULTY_PREAD,
    FAULTY_PWRITE,
    FAULTY_STAT,
    FAULTY_STATFS,
    FAULTY_EVENTFD,
    FAULTY_RENAME,
    FAULTY_FCHMOD,
    FAULTY_FLOCK,
    FAULTY_OPENDIR,
    FAULTY_READDIR,
    FAULTY_THREAD,
    FAULTY_ACCESS,
    FAULTY_FSTAT,
    FAULTY_OPENAT,
    FAULTY_READLINK,
    FAULTY_UNLINKAT,
    FAULTY_RANDOM,
    FAULTY_SEEK,
    FAULTY_ADVICE,
    FAULTY_CALLS
};
extern const char *const faulty_names[FAULTY_CALLS];

// Lets the `nth` of these calls from now on (from 1) fail with `code`; 0 for none. `ever`: also all later ones.
void faulty_set(enum faulty_call call, int nth, int code, int ever);
// Whether a call has failed since then.
int faulty_happened(void);

// The type that fstatfs gives from now on; 0 for the true one.
extern uint32_t faulty_file_system;
// What is added to the wall clock, in seconds, and whether it stands still.
extern int64_t faulty_clock_offset;
extern int faulty_clock_stopped;

#endif
