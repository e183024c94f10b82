// check.h: checks that go on after a failure and say where it was, and what most tests need.
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plasmite.h"

#ifdef __cplusplus
extern "C" {
#endif

// How many checks were made and how many failed; atomic, because threads check too.
extern int checks_made;
extern int checks_failed;

// Names of the file and line of a check that failed, with what was found.
void check_failed(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
void check_true(int ok, const char *file, int line, const char *text);
void check_u64(uint64_t got, uint64_t want, const char *file, int line, const char *text);
void check_text(const void *got, size_t len, const char *want, const char *file, int line, const char *text);
void check_str(const char *got, const char *want, const char *file, int line, const char *text);
void check_part(const char *got, const char *part, const char *file, int line);

#define CHECK(condition) check_true(!!(condition), __FILE__, __LINE__, #condition)
#define CHECK_U64(got, want) check_u64((uint64_t)(got), (uint64_t)(want), __FILE__, __LINE__, #got)
// Bytes of a given length against a C string.
#define CHECK_BYTES(data, len, want) check_text((data), (len), (want), __FILE__, __LINE__, #data)
#define CHECK_STR(got, want) check_str((got), (want), __FILE__, __LINE__, #got)
#define CHECK_HAS(got, part) check_part((got), (part), __FILE__, __LINE__)

// A call that must succeed: `err` must be declared as plsm_error_t *err = NULL.
void check_ok(int code, int want, plsm_error_t **err, const char *file, int line, const char *text);
#define OK(call) check_ok((call), 0, &err, __FILE__, __LINE__, #call)
#define YES(call) check_ok((call), 1, &err, __FILE__, __LINE__, #call)
#define NO(call) check_ok((call), 0, &err, __FILE__, __LINE__, #call)
#define GIVES(want, call) check_ok((call), (want), &err, __FILE__, __LINE__, #call)

// A call that must fail with this kind; the error is freed, or kept in `err` by FAILS_KEEP.
void check_fails(int code, int32_t kind, plsm_error_t **err, int keep, const char *file, int line, const char *text);
#define FAILS(kind, call) check_fails((call), (kind), &err, 0, __FILE__, __LINE__, #call)
#define FAILS_KEEP(kind, call) check_fails((call), (kind), &err, 1, __FILE__, __LINE__, #call)
void drop_error(plsm_error_t **err);

// Flags between threads, by functions that helgrind.supp names.
void raise_flag(int *flag);
int flag_is_up(const int *flag);

// Ends the process if it hangs. No test asserts how fast anything is: with PLASMITE_SLOW, under an emulator, it may take
// much longer.
void watchdog(unsigned seconds);

// A fresh directory for this program, removed by finish(). Starts a watchdog of 30 seconds.
const char *scratch(void);
// A client of that directory.
plsm_client_t *scratch_client(void);
// A new pool there.
plsm_pool_t *scratch_pool(const char *name, uint64_t size);
// Appends JSON and gives its seq.
uint64_t append(plsm_pool_t *pool, const char *json);
// Appends so many strings of 300 bytes, to make the ring turn round.
void append_filler(plsm_pool_t *pool, int count);
// Prints the outcome, cleans up; the exit code of the program.
int finish(const char *name);

#ifdef __cplusplus
}
#endif
#endif
