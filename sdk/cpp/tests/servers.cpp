// servers.cpp: pools of a server by their address: what works here works there, with the same errors.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "check.hpp"
#include "server.hpp"

using namespace plasmite;
using namespace std::chrono_literals;

static void lifecycle(const server &server) {
    const client there(server.url), here(server.pools);
    SAME(there.pool_dir(), server.url);
    pool_options options;
    options.size_bytes = 65536;
    const pool far = there.create("lab", options);
    const pool near = here.open_pool("lab");
    SAME(far.name(), "lab");
    SAME(far.path(), server.url + "/lab");
    CHECK(far.id() == near.id());
    THROWS(already_exists_error, there.create("lab"));
    THROWS(not_found_error, there.open_pool("none"));
    options.size_bytes = 1;
    FAILS(usage, there.try_create("tiny", options));
    near.append("1");
    SAME(far.bounds().newest, 1u);
    SAME(far.info().ring_size, near.info().ring_size);
    SAME(there.list().size(), 1u);
    CHECK(there.exists("lab"));
    // An address works where a name does.
    const std::string url = server.url + "/lab";
    SAME(here.open_pool(url).get_json(1).text(), near.get_json(1).text());
    SAME(here.ensure(server.url + "/more").bounds().count, 0u);
    there.delete_pool("more");
    FAILS(usage, here.try_open_pool("http://h/a/b"));
    // What needs the file or its memory.
    FAILS(usage, here.try_resolve(url));
    FAILS(usage, here.try_doctor(url));
    FAILS(usage, there.try_migrate("lab"));
    FAILS(usage, there.try_salvage("lab", "new"));
    tail_options in_place;
    in_place.in_place = true;
    FAILS(usage, far.try_tail(in_place));
    there.delete_pool("lab");
    FAILS(not_found, far.try_append("1"));
    SAME(near.is_current(), false);
}

static void messages(const server &server) {
    const client there(server.url);
    pool_options options;
    options.size_bytes = 65536;
    const pool far = there.create("messages", options);
    const pool near = client(server.pools).open_pool("messages");
    append_options tagged;
    tagged.tags = tag_list{"a", "b c"};
    const receipt stored = far.append(R"({"é": [1, null]})", tagged);
    SAME(far.get_json(stored.seq).text(), near.get_json(stored.seq).text());
    batch batch;
    batch.json("2");
    const tag_list tags{"own"};
    batch.json("3", &tags);
    far.append_batch(batch);
    SAME(near.bounds().newest, 3u);
    auto bad = far.try_append("{");
    FAILS(usage, bad);
    CHECK(bad.error().offset() == 1u && !bad.error().too_large());
    auto large = far.try_append('"' + std::string(100000, 'x') + '"');
    FAILS(usage, large);
    CHECK(large.error().too_large());
    CHECK(near.try_append('"' + std::string(100000, 'x') + '"').error().too_large());
    auto missing = far.try_get(99);
    FAILS(not_found, missing);
    CHECK(missing.error().seq() == 99u);

    tail_options own;
    own.tags = {"own"};
    own.snapshot = true;
    tail filtered = far.tail(own);
    auto next = filtered.next(30s);
    CHECK(next && next->seq() == 3);
    CHECK(!filtered.next(30s));

    tail_options now;
    now.start = start::now();
    tail tail = far.tail(now);
    CHECK(!tail.next(20ms));
    std::thread writer([&] {
        std::this_thread::sleep_for(20ms);
        near.append("4");
    });
    next = tail.next(30s);
    CHECK(next && next->seq() == 4);
    writer.join();
    std::thread canceller([&] {
        std::this_thread::sleep_for(20ms);
        tail.cancel();
    });
    CHECK(!tail.next());
    canceller.join();

    const std::string filler = '"' + std::string(4000, 'x') + '"';
    while (near.bounds().oldest <= 4) near.append(filler);
    tail_options strict;
    strict.start = start::seq(1);
    strict.gap = gap_policy::error;
    auto gap = far.tail(strict).try_next(30s);
    FAILS(retention_gap, gap);
    CHECK(gap.error().seq() == 1u);
}

static void tokens(const std::string &directory) {
    const std::string file = directory + "/token";
    std::ofstream(file) << "s3cret\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const server server(directory, {"--token-file", file});
    FAILS(permission, client(server.url).try_list());
    client_options options;
    options.pool_dir = server.url;
    options.token = "guess";
    FAILS(permission, client(options).try_list());
    options.token = "s3cret";
    client(options).ensure("p").append("1");
    options.token_file = file;
    FAILS(usage, client::try_open(options));
    options.token.reset();
    SAME(client(options).ensure("p").bounds().count, 1u);
    options.pool_dir = directory;
    options.request_timeout = 30s;
    SAME(client(options).open_pool(server.url + "/p").bounds().count, 1u);
    options.token_file = file + ".none";
    FAILS(not_found, client::try_open(options));
    options.token_file = std::string("a\0b", 3);
    FAILS(usage, client::try_open(options));
    options = {};
    options.request_timeout = -1ms;
    FAILS(usage, client::try_open(options));
}

int main() {
    const scratch scratch;
    {
        const server server(scratch.path());
        lifecycle(server);
        messages(server);
    }
    tokens(scratch.path());
    auto nobody = client("http://127.0.0.1:1").try_open_pool("p");
    FAILS(io, nobody);
    CHECK(nobody.error().hint() && !nobody.error().maybe_written());
    CHECK(has_feature("remote"));
    return finish("servers");
}
