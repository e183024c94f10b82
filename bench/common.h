// What every bench needs: clock, pinning, child processes, shared memory, medians.
#ifndef PLASMITE_BENCH_COMMON_H
#define PLASMITE_BENCH_COMMON_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MIB (1024u * 1024u)
#define POOL_SIZE (64u * MIB)
#define MS 1000000u // in nanoseconds

// Nanoseconds on the monotonic clock.
uint64_t now_ns(void);
void sleep_ns(uint64_t ns);

// Ends the bench with a message; the table then says that its rows failed.
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Pins the calling thread to the first or second CPU that this process may use; dies when there is none.
void pin_to(int which);
// Undoes pin_to.
void unpin(void);
int cpu_count(void);

// Zeroed memory that children share.
void *shared_memory(size_t size);

// Forks; the child runs `body(argument)` pinned to CPU `which` (-1: not pinned), exits 0 and dies with its parent.
pid_t child_start(int which, void (*body)(void *), void *argument);
// Waits; dies unless the child exited with 0.
void child_join(pid_t child);

// Sorts in place.
double median(double *values, size_t count);
// The value below which `share` of them lie; sorts in place.
uint64_t percentile(uint64_t *values, size_t count, double share);

// How many rounds each pair is measured in (--rounds).
extern unsigned rounds;
// The same for benches of one thread: more and shorter ones, so that a disturbance spoils few of them.
#define SHORT_ROUNDS (4 * rounds)
// Where pool files and inputs go: a directory on the disk of the build, removed at the end.
const char *scratch_dir(void);
// scratch_dir()/name, to be freed.
char *scratch_path(const char *name);
// The value of an environment variable that bench/run sets; dies when it is missing.
const char *required_env(const char *name);

#endif
