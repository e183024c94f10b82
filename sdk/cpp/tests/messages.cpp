// messages.cpp: appends of every kind, batches, reservations; reading by seq, views, values, Lite3, JSON.
#include <cmath>
#include <cstring>

#include "check.hpp"

using namespace plasmite;
using namespace std::chrono_literals;

static void appends(const client &client) {
    const pool pool = client.create("appends");
    SAME(pool.append(R"({"a":1})").seq, 1u);
    const tag_list tags{"x", "", "x"};
    append_options options;
    options.tags = tags;
    options.durability = durability::flush;
    options.time = from_ns(4000000000000000000);
    options.lock_wait = 5s;
    options.expect_newest = 1;
    const receipt second = pool.append("[true]", options);
    SAME(second.seq, 2u);
    CHECK(second.time() == *options.time);
    FAILS(already_exists, pool.try_append("1", options));
    SAME(pool.get_json(2).text(),
         R"({"seq":2,"time":"2096-10-02T07:06:40Z","meta":{"tags":["x","","x"]},"data":[true]})");
    SAME(pool.append_json("null", {"t"}).text().substr(0, 8), R"({"seq":3)");
    FAILS(usage, pool.try_append_json("null", {std::string("a\0b", 3)}));
    const auto [third, told] = pool.append_envelope("[0]", {{std::string("a\0b", 3)}});
    SAME(third.seq, 4u);
    SAME(told.text(), pool.get_json(4).text());
    FAILS(usage, pool.try_append_envelope("[0"));
    FAILS(usage, pool.try_append("1", {{"\xff"}}));
    FAILS(usage, pool.try_append("{"));
    FAILS(usage, pool.try_append(""));
    FAILS(usage, pool.try_append(std::string_view()));
    FAILS(usage, pool.try_append(std::string(2 << 20, ' ').replace(0, 1, "1") + "\"" + std::string(2 << 20, 'x')));
    pool.flush();
    append_options late;
    late.time = from_ns(5);
    FAILS(usage, pool.try_append("1", late));
    SAME(pool.bounds().newest, 4u);
    SAME(pool.layout(2).frames.size(), 2u);
    SAME(pool.layout(1000000).frames.size(), 4u);
}

static void batches(const client &client) {
    const pool pool = client.create("batches");
    const tag_list own{"own"};
    const buffer document = json_to_lite3(R"({"b":2})");
    batch messages(3);
    messages.json("1", &own).lite3_data({document.data(), document.size()}).json(R"("c")", nullptr, from_ns(4000000000000000000));
    append_options all;
    all.tags = {"all"};
    const auto receipts = pool.append_batch(messages, all);
    SAME(receipts.size(), 3u);
    SAME(receipts[2].seq, 3u);
    SAME(receipts[2].time_ns, 4000000000000000000u);
    SAME(pool.get(1).view().tags().size(), 2u);
    SAME(pool.get(1).tags()[0], "all");
    SAME(pool.get(1).tags()[1], "own");
    SAME(pool.get(2).data().text(), R"({"b":2})");
    messages.json("broken");
    FAILS(usage, pool.try_append_batch(messages));
    SAME(pool.bounds().newest, 3u);
    messages.clear();
    SAME(pool.append_batch(messages).size(), 0u);

    reservation room = pool.reserve(document.size());
    SAME(room.size(), document.size());
    std::memcpy(room.data(), document.data(), document.size());
    SAME(room.commit().seq, 4u);
    CHECK(!room && room.data() == nullptr);
    FAILS(usage, room.try_commit());
    {
        reservation given_up = pool.reserve(100);
        append_options once;
        once.lock_wait = no_wait;
        FAILS(busy, pool.try_append("1", once));
    }
    SAME(pool.append("5").seq, 5u);
    SAME(pool.append_data({document.data(), document.size()}).seq, 6u);
    append_options checked;
    checked.check_fully = true;
    FAILS(corrupt, pool.try_append_data("no lite3", checked));
    const lite3_frame frame = pool.get_lite3(6);
    SAME(pool.append_document({frame.payload().data(), frame.payload().size()}).seq, 7u);
    SAME(pool.get_lite3(7).payload().text(), frame.payload().text());
}

// A time before 1970 is not stored as 1970.
static void own_times(const client &client) {
    const pool pool = client.create("own-times");
    append_options early;
    early.time = time_point(-1ns);
    FAILS(usage, pool.try_append("1", early));
    FAILS(usage, pool.try_append_envelope("1", early));
    FAILS(usage, pool.try_append_data({}, early));
    FAILS(usage, pool.try_append_document({}, early));
    FAILS(usage, pool.try_reserve(100, early));
    FAILS(usage, early.native());
    CHECK(pool.try_append("1", early).error().message().find("not between 1970 and 2262") != std::string::npos);
    ingest input;
    input.push("1\n");
    FAILS(usage, input.try_append(pool, early));

    batch messages;
    messages.json("1").json("2", nullptr, early.time).json("3", nullptr, time_point::min());
    FAILS(usage, messages.try_check());
    const auto refused = pool.try_append_batch(messages);
    FAILS(usage, refused);
    SAME(refused.error().message().substr(0, 7), "item 1 ");
    SAME(pool.bounds().count, 0u);
    messages.clear();
    messages.json("1", nullptr, time_point()).json("2", nullptr, time_point::max());
    FAILS(usage, pool.try_append_batch(messages, early));
    SAME(pool.append_batch(messages).size(), 2u);
    CHECK(pool.view(1).time() == time_point() && pool.view(2).time() == time_point::max());
    // Where to start is a place among the messages, so any time will do.
    tail_options options;
    options.start = start::at(time_point(-1s));
    tail reader = pool.tail(options);
    SAME(reader.next(no_wait)->seq(), 1u);
}

static void reading(const client &client) {
    const pool pool = client.create("reading");
    pool.append(R"({"s":"text","i":-7,"f":2.5,"b":true,"n":null,"a":[1,2,3],"o":{"k":"v"}})", {{"one", "two"}});
    message kept = pool.get(1);
    const view copy = kept.view();
    CHECK(!copy.is_in_place() && copy.is_valid());
    SAME(copy.i64("i").value(), -7);
    SAME(copy.f64("f").value(), 2.5);
    SAME(copy.f64("i").value(), -7.0);
    SAME(copy.boolean("b").value(), true);
    SAME(copy.string("s").value(), "text");
    CHECK(!copy.i64("missing"));
    FAILS(usage, copy.try_i64("s"));
    SAME(copy.tag(1).value(), "two");
    CHECK(!copy.tag(2));
    SAME(copy.json(part::tags).text(), R"(["one","two"])");
    std::string text = "> ";
    copy.append_json(text, part::data);
    SAME(text, R"(> {"s":"text","i":-7,"f":2.5,"b":true,"n":null,"a":[1,2,3],"o":{"k":"v"}})");

    const value root = copy.root().value();
    CHECK(root.type() == value_type::object);
    SAME(root.size(), 7u);
    std::string keys;
    for (const auto [key, member] : root.entries()) keys += key;
    SAME(keys, "sifbnao");
    std::int64_t sum = 0;
    const value list = root.get("a").value();
    for (const entry &element : list.entries()) sum += element.value.i64();
    SAME(sum, 6);
    SAME(list.at(2)->i64(), 3);
    CHECK(!list.at(3));
    SAME(root.get("o")->get("k")->string(), "v");
    CHECK(root.get("n")->type() == value_type::null);
    SAME(root.get("o")->json().text(), R"({"k":"v"})");
    FAILS(usage, root.try_i64());

    std::string many = "[0";
    for (int i = 1; i < 100; i++) many += ',' + std::to_string(i);
    pool.append(many + ']');
    std::int64_t expected = 0;
    const message hundred = pool.get(2);
    for (const auto [key, element] : hundred.view().root()->entries()) SAME(element.i64(), expected++);
    SAME(expected, 100);

    const view in_place = pool.view(1);
    CHECK(in_place.is_in_place());
    SAME(in_place.string("s").value(), "text");
    CHECK(in_place.is_valid());
    pool.append("18446744073709551615");
    CHECK(!pool.get(3).view().root());
    SAME(pool.get(3).data().text(), "18446744073709551615");
    FAILS(usage, pool.try_get_lite3(3));

    // A moved-from copy is empty, and refuses.
    message moved = std::move(kept);
    SAME(moved.seq(), 1u);
    SAME(kept.seq(), 0u);
}

static void codecs() {
    check_json(" 1 ");
    FAILS(usage, try_check_json("1 2"));
    const buffer document = json_to_lite3(R"({"b":1,"a":[true,null]})");
    const bytes_view bytes(document.data(), document.size());
    check_lite3(bytes);
    SAME(lite3_to_json(bytes).text(), R"({"b":1,"a":[true,null]})");
    SAME(value::from_lite3(bytes).get("b")->i64(), 1);
    FAILS(corrupt, try_check_lite3("rubbish"));
    FAILS(usage, value::try_from_lite3(bytes_view()));
    std::vector<std::uint8_t> vector(document.data(), document.data() + document.size());
    SAME(lite3_to_json(vector).text(), lite3_to_json(bytes).text());
}

static void times() {
    static_assert(wait_limit(1ns).ms() == 1 && wait_limit(-5s).ms() == 0 && wait_limit(2s).ms() == 2000);
    static_assert(no_wait.ms() == 0 && forever.ms() == PLSM_WAIT_FOREVER);
    CHECK(wait_limit(std::chrono::hours::max()).ms() == PLSM_WAIT_FOREVER - 1);
    CHECK(wait_limit(std::chrono::duration<double>(0.0001)).ms() == 1);
    CHECK(wait_limit(std::chrono::duration<double>(std::nan(""))).ms() == 0);
    CHECK(to_ns(time_point(-1ns)) == 0);
    CHECK(from_ns(~0ull) == time_point::max());
}

int main() {
    const scratch scratch;
    const client client(scratch.path());
    appends(client);
    batches(client);
    own_times(client);
    reading(client);
    codecs();
    times();
    return finish("messages");
}
