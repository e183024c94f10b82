// The benches, one a group of rows; each runs in a process of its own.
#ifndef PLASMITE_BENCH_BENCHES_H
#define PLASMITE_BENCH_BENCHES_H

void bench_append(void);
void bench_tail(void);
void bench_filter(void);
void bench_get(void);
void bench_pingpong(void);
void bench_two_writers(void);
void bench_follower(void);
void bench_waiters(void);
void bench_flush(void);
void bench_open(void);
void bench_cli(void);
void bench_since(void);
void bench_http(void);
void bench_idle(void);
void bench_framing(void);
void bench_startup(void);
void bench_memory(void);
void bench_cpp(void);
void bench_rust(void);

#endif
