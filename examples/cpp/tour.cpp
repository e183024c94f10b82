// tour.cpp: batches, tags, a follower in a thread of its own, and errors without exceptions.
//
//     g++ -std=c++17 tour.cpp -o tour $(pkg-config --cflags --libs plasmite) && ./tour DIRECTORY
#include <cstdio>
#include <string>
#include <thread>

#include <plasmite.hpp>

using namespace std::chrono_literals;

// Adds up the readings tagged "alarm" until nothing comes any more.
static double total_of_alarms(const plasmite::pool &pool) {
    plasmite::tail_options options;
    options.tags = {"alarm"};
    options.max = 25;
    plasmite::tail tail = pool.tail(options);
    double total = 0;
    while (auto message = tail.next(10s)) total += message->f64("value").value_or(0);
    return total;
}

int main(int argc, char **argv) {
    // try_ calls answer a result, as std::expected does: the same program builds with -fno-exceptions.
    auto client = plasmite::client::try_open(argc > 1 ? argv[1] : "tour-pools");
    if (!client) return std::fprintf(stderr, "tour: %s\n", client.error().text().c_str()), 1;
    auto opened = client->try_ensure("readings", {4 << 20, {}, 0});
    if (!opened) return std::fprintf(stderr, "tour: %s\n", opened.error().text().c_str()), 1;
    const plasmite::pool pool = std::move(opened->pool);

    double total = 0;
    std::thread follower([&] { total = total_of_alarms(pool); });

    // A hundred readings, every fourth an alarm, in one batch: all are seen, or none.
    const plasmite::tag_list alarm{"alarm"};
    std::vector<std::string> texts;
    for (int i = 0; i < 100; i++) texts.push_back(R"({"sensor":"pump","value":)" + std::to_string(i) + "}");
    plasmite::batch batch(texts.size());
    for (std::size_t i = 0; i < texts.size(); i++) batch.json(texts[i], i % 4 == 0 ? &alarm : nullptr);
    const auto receipts = pool.try_append_batch(batch);
    follower.join();
    if (!receipts) return std::fprintf(stderr, "tour: %s\n", receipts.error().text().c_str()), 1;

    std::printf("stored %zu messages, the alarms add up to %g\n", receipts->size(), total);
    const auto refused = pool.try_append("{\"value\": 1e400}");
    std::printf("refused: %s\n", refused ? "nothing" : refused.error().message().c_str());
    return total == 1200 && !refused ? 0 : 1;
}
