// misuse.cpp: moved-from and closed handles, double close, NUL in names, huge and negative numbers: errors, no crashes.
#include <type_traits>

#include "check.hpp"

using namespace plasmite;
using namespace std::chrono_literals;

template <class T> constexpr bool move_only = std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                                              !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
static_assert(move_only<client> && move_only<pool> && move_only<tail> && move_only<message> && move_only<reservation>);
static_assert(move_only<pool_list> && move_only<doctor> && move_only<ingest> && move_only<replay> && move_only<buffer> && move_only<filter>);
static_assert(move_only<lite3_tail> && move_only<lite3_frame>);
static_assert(std::is_copy_constructible_v<view> && std::is_copy_constructible_v<value> && std::is_nothrow_copy_constructible_v<error>);
static_assert(std::is_nothrow_copy_constructible_v<plasmite::exception>, "a thrown error must be copied without throwing");
static_assert(std::is_base_of_v<std::runtime_error, busy_error> && std::is_base_of_v<plasmite::exception, busy_error>);
static_assert(!std::is_convertible_v<buffer &&, std::string_view>, "a text of a temporary would dangle");

static void closed(const std::string &directory) {
    client client(directory);
    pool pool = client.create("closed");
    pool.append("1");
    tail tail = pool.tail();
    message message = pool.get(1);
    doctor doctor = client.doctor("closed");
    ingest ingest;
    replay replay(1.0);
    pool_list list = client.list();
    lite3_tail lite3 = pool.tail_lite3();

    pool.close();
    pool.close();
    CHECK(!pool);
    FAILS(usage, pool.try_append("1"));
    FAILS(usage, pool.try_get(1));
    FAILS(usage, pool.try_tail());
    FAILS(usage, pool.try_bounds());
    FAILS(usage, pool.try_reserve(8));
    FAILS(usage, pool.try_id());
    SAME(pool.name(), "");
    SAME(pool.path(), "");
    SAME(pool.generation(), 0u);
    THROWS(usage_error, pool.append("1"));

    // Streams and messages outlive their pool.
    SAME(tail.next()->seq(), 1u);
    SAME(message.seq(), 1u);
    for (int twice = 0; twice < 2; twice++) {
        tail.close();
        message.close();
        doctor.close();
        ingest.close();
        replay.close();
        list.close();
        lite3.close();
        client.close();
    }
    FAILS(usage, tail.try_next(no_wait));
    FAILS(usage, tail.try_next_json(no_wait));
    FAILS(usage, tail.try_stats());
    FAILS(usage, tail.try_fd());
    FAILS(usage, try_wait_any({&tail}, no_wait));
    FAILS(usage, try_wait_any({nullptr}, no_wait));
    FAILS(usage, try_wait_any({}, no_wait));
    tail.cancel();
    tail.reset_cancel();
    THROWS(usage_error, tail.begin());
    SAME(message.seq(), 0u);
    FAILS(usage, message.view().try_json());
    FAILS(usage, doctor.try_step(0));
    SAME(doctor.size(), 0u);
    FAILS(usage, ingest.try_push("1"));
    FAILS(usage, ingest.try_next());
    FAILS(usage, replay.try_schedule(1));
    replay.cancel();
    SAME(list.size(), 0u);
    FAILS(usage, list.try_at(0));
    FAILS(usage, lite3.try_next());
    FAILS(usage, client.try_open_pool("closed"));
    FAILS(usage, client.try_list());
}

static void moved(const std::string &directory) {
    client first(directory);
    client second = std::move(first);
    CHECK(!first && second);
    first = std::move(second);
    pool pool = first.create("moved");
    plasmite::pool other = first.create("other");
    other = std::move(pool);
    SAME(other.name(), "moved");
    CHECK(!pool);
    // The pool that was there before is closed, and can be deleted and made again.
    first.delete_pool("other");
    CHECK(first.create("other"));
    plasmite::pool &self = other;
    other = std::move(self);
    other.append("1");
    buffer text = other.get_json(1);
    buffer taken = std::move(text);
    CHECK(text.empty() && !taken.empty());
    text = std::move(taken);
    CHECK(!text.empty() && taken.empty());
    plsm_pool_t *raw = other.release();
    CHECK(raw != nullptr && !other);
    plasmite::pool adopted(raw);
    SAME(adopted.bounds().count, 1u);
}

static void arguments(const std::string &directory) {
    const std::string with_nul("a\0b", 3);
    FAILS(usage, client::try_open(with_nul));
    client client(directory);
    FAILS(usage, client.try_create(with_nul));
    FAILS(usage, client.try_open_pool(with_nul));
    FAILS(usage, client.try_ensure(with_nul));
    FAILS(usage, client.try_delete_pool(with_nul));
    FAILS(usage, client.try_exists(with_nul));
    FAILS(usage, client.try_doctor(with_nul));
    FAILS(usage, client.try_migrate("a", with_nul));
    FAILS(usage, client.try_resolve(""));
    FAILS(usage, client.try_create("ftp://host/pool"));
    CHECK(!client.try_create("huge", {~0ull, {}, 0}));
    CHECK(!client.exists("huge"));
    pool pool = client.create("args");
    FAILS(not_found, pool.try_get(~0ull));
    FAILS(not_found, pool.try_get(0));
    CHECK(!pool.try_reserve(~std::size_t(0)));
    tail_options options;
    options.spin = std::chrono::hours(1);
    FAILS(usage, pool.try_tail(options));
    options.spin = -1s;
    GOOD(pool.try_tail(options));
    options = {};
    options.gap = static_cast<gap_policy>(77);
    FAILS(usage, pool.try_tail(options));
    append_options append;
    append.durability = static_cast<durability>(77);
    FAILS(usage, pool.try_append("1", append));
    FAILS(usage, plasmite::replay::try_new(-1));
    const view nothing;
    FAILS(usage, nothing.try_json());
    FAILS(usage, nothing.try_i64("a"));
    FAILS(usage, nothing.try_root());
    SAME(nothing.tag_count(), 0u);
    SAME(name(static_cast<error_kind>(77)), "");
    const error own(error_kind::busy, "own");
    SAME(own.text(), "own");
    CHECK(!own.hint() && own.causes().empty());
}

int main() {
    const scratch scratch;
    closed(scratch.path());
    moved(scratch.path());
    arguments(scratch.path());
    return finish("misuse");
}
