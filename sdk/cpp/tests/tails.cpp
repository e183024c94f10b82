// tails.cpp: starts, ends, gaps, batches, JSON, Lite3, tokens, seeking; ingest and replay.
#include "check.hpp"

using namespace plasmite;
using namespace std::chrono_literals;

static std::string seqs(const pool &pool, tail_options options) {
    tail tail = pool.tail(options);
    std::string seen;
    while (auto next = tail.next(no_wait)) seen += std::to_string(next->seq());
    return seen;
}

static void starts_and_ends(const client &client) {
    const pool pool = client.create("starts");
    for (std::uint64_t n = 1; n <= 5; n++) {
        append_options options;
        options.tags = n % 2 == 0 ? tag_list{"even"} : tag_list{"odd"};
        options.time = from_ns(4000000000000000000 + n);
        pool.append(std::to_string(n), options);
    }
    tail_options options;
    SAME(seqs(pool, options), "12345");
    options.start = start::now();
    SAME(seqs(pool, options), "");
    options.start = start::last(2);
    SAME(seqs(pool, options), "45");
    options.tags = {"odd"};
    SAME(seqs(pool, options), "35");
    options = {};
    options.start = start::seq(4);
    SAME(seqs(pool, options), "45");
    options.start = start::at(from_ns(4000000000000000003));
    SAME(seqs(pool, options), "345");
    options = {};
    options.end_seq = 2;
    SAME(seqs(pool, options), "12");
    options = {};
    options.max = 2;
    options.snapshot = true;
    SAME(seqs(pool, options), "12");
    options = {};
    options.backwards = true;
    options.spin = 5us;
    SAME(seqs(pool, options), "54321");
    options = {};
    options.in_place = true;
    options.poll = true;
    SAME(seqs(pool, options), "12345");

    options = {};
    options.end_seq = 3;
    tail tail = pool.tail(options);
    std::uint64_t sum = 0;
    for (const view &message : tail) sum += message.seq();
    SAME(sum, 6u);
    CHECK(tail.next().outcome() == outcome::end);
    SAME(tail.stats().delivered, 3u);
    options.timeout = 0ms;
    CHECK(pool.tail(options).next().outcome() == outcome::deadline);
    CHECK(pool.tail({start::now()}).next(1ms).outcome() == outcome::timeout);

    plasmite::tail middle = pool.tail();
    middle.next();
    middle.next();
    const std::string token = middle.token();
    SAME(seqs(pool, {start::token(token)}), "345");
    FAILS(usage, pool.try_tail({start::token("no token")}));
    FAILS(usage, pool.try_tail({start::token(std::string("a\0b", 3))}));
    middle.seek(start::seq(5));
    SAME(middle.next()->seq(), 5u);
    FAILS(usage, middle.try_seek(start::token(token)));

    SAME(middle.next(no_wait).outcome() == outcome::timeout, true);
    middle.seek(start::oldest());
    SAME(middle.next_json()->substr(0, 8), R"({"seq":1)");

    view_batch views(3);
    CHECK(middle.next_views(views) == outcome::message);
    std::string seen;
    for (const view message : views) seen += std::to_string(message.seq());
    SAME(seen, "234");
    CHECK(middle.next_views(views) == outcome::message);
    SAME(views.size(), 1u);
    SAME(views[0].seq(), 5u);
    CHECK(middle.next_views(views, no_wait) == outcome::timeout && views.empty());
    view_batch none(0);
    FAILS(usage, middle.try_next_views(none, no_wait));
    CHECK(middle.fd() >= 0);
}

static void gaps(const client &client) {
    const pool pool = client.create("gaps", {1 << 16, {}, 0});
    tail_options options;
    options.gap = gap_policy::event;
    tail told = pool.tail(options);
    options.gap = gap_policy::error;
    tail strict = pool.tail(options);
    tail silent = pool.tail();
    pool.append("1");
    for (tail *each : {&told, &strict, &silent}) SAME(each->next()->seq(), 1u);
    const std::string filler = '"' + std::string(4000, 'x') + '"';
    for (int i = 0; i < 40; i++) pool.append(filler);

    CHECK(told.next().outcome() == outcome::gap);
    const gap lost = told.last_gap();
    SAME(lost.first, 2u);
    SAME(lost.count, lost.last - lost.first + 1);
    SAME(told.next()->seq(), lost.last + 1);
    auto refused = strict.try_next();
    FAILS(retention_gap, refused);
    SAME(refused.error().seq().value_or(0), 2u);
    CHECK(strict.next().outcome() == outcome::end);
    SAME(silent.next()->seq(), lost.last + 1);
    SAME(silent.stats().dropped, lost.count);
    THROWS(not_found_error, pool.get(2));

    // A view in place that was overtaken says so, and is refused when it is rendered.
    const view overtaken = pool.view(pool.bounds().oldest);
    for (int i = 0; i < 40; i++) pool.append(filler);
    CHECK(!overtaken.is_valid());
    FAILS(retention_gap, overtaken.try_json());
}

static void lite3(const client &client) {
    const pool pool = client.create("lite3");
    pool.append(R"({"n":1})");
    pool.append("18446744073709551615");
    pool.append(R"({"n":3})");
    lite3_tail tail = pool.tail_lite3({{}, 3, {}, gap_policy::go_on});
    SAME(tail.next()->seq(), 1u);
    auto refused = tail.try_next();
    FAILS(usage, refused);
    SAME(refused.error().seq().value_or(0), 2u);
    const auto third = tail.next();
    SAME(third->seq(), 3u);
    const auto &payload = third->payload();
    SAME(value::from_lite3({payload.data(), payload.size()}).get("data")->get("n")->i64(), 3);
    CHECK(!tail.next());
    FAILS(usage, pool.try_tail_lite3({{}, {}, {}, gap_policy::event}));
}

static void filters(const client &client) {
    const pool pool = client.create("filters");
    for (const char *status : {"red", "green", "red", "green"}) pool.append(std::string(R"({"status":")") + status + "\"}");
    pool.append(R"({"status":5})");
    const filter green(R"(.data.status == "green")"), late(".seq > 2");
    tail_options options;
    options.filters = {green};
    SAME(seqs(pool, options), "24");
    options.filters.push_back(late);
    SAME(seqs(pool, options), "4");
    CHECK(green.matches(pool.get(2).view()) && !green.matches(pool.get(1).view()));
    FAILS(usage, green.try_matches(view()));

    // The tail outlives the filter it was opened with.
    filter passing(".data.status");
    options.filters = {passing};
    tail failing = pool.tail(options);
    passing.close();
    auto refused = failing.try_next(no_wait);
    FAILS(usage, refused);
    SAME(refused.error().seq().value_or(0), 1u);
    FAILS(usage, failing.try_next(no_wait));
    options.filters = {passing};
    FAILS(usage, pool.try_tail(options));

    auto bad = filter::try_new(".data | ");
    FAILS(usage, bad);
    CHECK(bad.error().offset().has_value());
    FAILS(usage, filter::try_new("env"));
    FAILS(usage, filter::try_new(std::string_view("true\0", 5)));
    FAILS(usage, filter::try_new("def f: f; f", {true, 0}));
    THROWS(usage_error, filter(""));
}

static void ingests(const client &client) {
    const pool pool = client.create("ingested");
    ingest_options options;
    options.skip = true;
    ingest input(options);
    std::string log;
    input.push("{\"a\":1}\n{\"b\":");
    for (const char *piece : {"2} nonsense\n", "3"}) {
        for (ingest_item item = input.append(pool); item.step != ingest_step::more; item = input.append(pool))
            log += item.step == ingest_step::record ? std::to_string(item.receipt.seq) : item.fault == ingest_fault::parse ? "!" : "?";
        input.push(piece);
    }
    input.finish();
    ingest_item item;
    while ((item = input.append(pool)).step != ingest_step::end) {
        log += item.step == ingest_step::record ? std::to_string(item.receipt.seq) : "!";
        if (item.error) CHECK(item.error->kind() == error_kind::usage && item.error->offset() && item.line == 2);
    }
    SAME(log, "12!3");
    SAME(input.counts().records, 3u);
    SAME(input.counts().faults, 1u);
    ingest plain;
    plain.push("[1,\n2]");
    const ingest_item whole = plain.next();
    SAME(whole.text, "[1,\n2]");
    CHECK(whole.mode == ingest_mode::values);
}

static void replays() {
    THROWS(usage_error, replay(-1.0));
    replay clock(1000);
    SAME(clock.schedule(5000000000).count(), 0);
    CHECK(clock.wait() == outcome::message);
    CHECK(clock.schedule(6000000000) <= 1ms);
    CHECK(clock.wait() == outcome::message);
    SAME(clock.left().count(), 0);
    clock.schedule(60000000000000);
    CHECK(clock.wait(1ms) == outcome::timeout);
    clock.cancel();
    CHECK(clock.wait() == outcome::cancelled);
    clock.reset_cancel();
    CHECK(clock.wait(no_wait) == outcome::timeout);
}

int main() {
    const scratch scratch;
    const client client(scratch.path());
    starts_and_ends(client);
    gaps(client);
    lite3(client);
    filters(client);
    ingests(client);
    replays();
    return finish("tails");
}
