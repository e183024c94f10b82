// threads.cpp: one pool and one tail used by many threads, cancel, wait_any, stop tokens, event loops.
#include <poll.h>
#include <thread>

#include "check.hpp"

using namespace plasmite;
using namespace std::chrono_literals;

static void writers(const client &client) {
    const pool pool = client.create("writers", {1 << 22, {}, 0});
    tail tail = pool.tail();
    std::vector<std::thread> threads;
    for (int writer = 0; writer < 4; writer++)
        threads.emplace_back([&] {
            for (int i = 0; i < 500; i++) pool.append("{\"n\":1}");
        });
    std::atomic<std::int64_t> seen{0};
    for (int reader = 0; reader < 2; reader++)
        threads.emplace_back([&] {
            while (seen < 2000) {
                // A view would be good only until the other thread's next call: count alone.
                if (tail.next(10ms)) seen++;
            }
        });
    for (std::thread &thread : threads) thread.join();
    SAME(seen.load(), 2000);
    SAME(pool.bounds().newest, 2000u);
}

static void cancelling(const client &client) {
    const pool pool = client.create("cancelled");
    tail tail = pool.tail();
    std::thread waiting([&] { CHECK(tail.next().outcome() == outcome::cancelled); });
    std::this_thread::sleep_for(20ms);
    tail.cancel();
    waiting.join();
    CHECK(tail.next().outcome() == outcome::cancelled);
    tail.reset_cancel();
    pool.append("1");
    SAME(tail.next()->seq(), 1u);

    std::thread looping([&] {
        int count = 0;
        for (const view &message : tail) count += message.seq() == 2;
        SAME(count, 1);
    });
    pool.append("2");
    while (tail.stats().delivered < 2) std::this_thread::sleep_for(1ms);
    tail.cancel();
    looping.join();
}

static void any(const client &client) {
    const pool one = client.create("one"), two = client.create("two");
    tail first = one.tail(), second = two.tail();
    CHECK(!wait_any({&first, &second}, 1ms));
    std::thread writer([&] {
        std::this_thread::sleep_for(10ms);
        two.append("1");
    });
    SAME(wait_any({&first, &second}).value_or(9), 1u);
    SAME(second.next(no_wait)->seq(), 1u);
    writer.join();
}

static void event_loop(const client &client) {
    const pool pool = client.create("loop");
    tail tail = pool.tail();
    pollfd waiting{tail.fd(), POLLIN, 0};
    CHECK(tail.next(no_wait).outcome() == outcome::timeout);
    std::thread writer([&] {
        std::this_thread::sleep_for(10ms);
        pool.append("1");
    });
    SAME(poll(&waiting, 1, 20000), 1);
    SAME(tail.next(no_wait)->seq(), 1u);
    writer.join();
}

#if defined(__cpp_lib_jthread)
static void stopping(const client &client) {
    const pool pool = client.create("stopped");
    tail tail = pool.tail();
    std::jthread waiting([&](const std::stop_token &token) { CHECK(tail.next(token).outcome() == outcome::cancelled); });
    waiting.request_stop();
    waiting.join();
    tail.reset_cancel();
    pool.append("1");
    std::atomic<int> seen{0};
    std::jthread looping([&](const std::stop_token &token) {
        for (const view &message : tail.until(token)) seen += static_cast<int>(message.seq());
    });
    while (seen == 0) std::this_thread::sleep_for(1ms);
    looping.request_stop();
    looping.join();
    SAME(seen.load(), 1);
    std::stop_source stopped;
    stopped.request_stop();
    CHECK(tail.try_next(stopped.get_token())->outcome() == outcome::cancelled);
}
#endif

int main() {
    const scratch scratch;
    const client client(scratch.path());
    writers(client);
    cancelling(client);
    any(client);
    event_loop(client);
#if defined(__cpp_lib_jthread)
    stopping(client);
#endif
    return finish("threads");
}
