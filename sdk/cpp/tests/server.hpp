// server.hpp: a server for tests.
#ifndef SERVER_HPP
#define SERVER_HPP

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

// A running server; killed at the end. PLASMITE_PROGRAM is the command line.
class server {
public:
    explicit server(const std::string &directory, std::vector<std::string> options = {}) : pools(directory + "/served") {
        const char *program = std::getenv("PLASMITE_PROGRAM");
        if (program == nullptr) {
            std::fprintf(stderr, "PLASMITE_PROGRAM must name the program plasmite\n");
            std::exit(1);
        }
        const std::string ready = directory + "/ready";
        std::remove(ready.c_str());
        std::vector<std::string> arguments{program, "--dir", pools, "serve", "--bind", "127.0.0.1:0"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        std::vector<char *> argv;
        for (std::string &argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        setenv("PLASMITE_SERVE_READY_FILE", ready.c_str(), 1);
        child_ = fork();
        if (child_ == 0) {
            if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(3);
            execv(program, argv.data());
            _exit(3);
        }
        std::string address;
        while (!(std::ifstream(ready) >> address)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        url = "http://" + address;
    }
    server(const server &) = delete;
    server &operator=(const server &) = delete;
    ~server() {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }

    std::string url{}, pools;

private:
    pid_t child_ = -1;
};

#endif
