// gate.cpp: a deploy script waits for the test runner to say "green".
//
//     g++ -std=c++17 gate.cpp -o gate $(pkg-config --cflags --libs plasmite)
//     ./gate DIRECTORY wait &
//     ./gate DIRECTORY report green abc123
#include <iostream>
#include <string>

#include <plasmite.hpp>

namespace {

// Returns when a message from now on says green.
void wait_for_green(const plasmite::pool &ci) {
    const plasmite::filter green(R"(.data.status == "green")");
    plasmite::tail_options options;
    options.start = plasmite::start::now();
    options.filters = {green};
    plasmite::tail tail = ci.tail(options);
    const auto message = tail.next();
    std::cout << "green: " << message->string("commit").value_or("?") << '\n';
}

void report(const plasmite::pool &ci, const std::string &status, const std::string &commit) {
    ci.append(R"({"status": ")" + status + R"(", "commit": ")" + commit + R"("})");
}

} // namespace

int main(int argc, char **argv) {
    const std::string directory = argc > 1 ? argv[1] : "", command = argc > 2 ? argv[2] : "";
    if (command != "wait" && (command != "report" || argc < 4)) {
        std::cerr << "usage: gate DIRECTORY wait | gate DIRECTORY report STATUS [COMMIT]\n";
        return 2;
    }
    try {
        const plasmite::pool ci = plasmite::client(directory).ensure("ci");
        if (command == "wait") wait_for_green(ci);
        else report(ci, argv[3], argc > 4 ? argv[4] : "?");
    } catch (const plasmite::exception &error) {
        std::cerr << "gate: " << error.what() << '\n';
        if (error.hint()) std::cerr << "hint: " << *error.hint() << '\n';
        return plasmite::exit_code(error.kind());
    }
}
