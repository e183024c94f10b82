// check.hpp: checks that go on after a failure and say where it was, and a directory for each program.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <unistd.h>

#include <plasmite.hpp>

inline std::atomic<int> checks_made{0}, checks_failed{0};

inline void check(bool ok, const char *file, int line, const char *text) {
    ++checks_made;
    if (ok) return;
    ++checks_failed;
    std::fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

template <class Got, class Want>
void check_same(const Got &got, const Want &want, const char *file, int line, const char *text) {
    ++checks_made;
    if (got == want) return;
    ++checks_failed;
    std::cerr << file << ':' << line << ": " << text << " is " << got << ", expected " << want << '\n';
}

#define CHECK(...) check(static_cast<bool>(__VA_ARGS__), __FILE__, __LINE__, #__VA_ARGS__)
#define SAME(got, want) check_same((got), (want), __FILE__, __LINE__, #got)
// A try_ call that must succeed, and one that must fail with this kind.
#define GOOD(...) check((__VA_ARGS__).has_value(), __FILE__, __LINE__, #__VA_ARGS__)
#define FAILS(wanted, ...) check_kind((__VA_ARGS__), plasmite::error_kind::wanted, __FILE__, __LINE__, #__VA_ARGS__)

template <class Result>
void check_kind(const Result &got, plasmite::error_kind kind, const char *file, int line, const char *text) {
    ++checks_made;
    if (!got.has_value() && got.error().kind() == kind && !got.error().message().empty()) return;
    ++checks_failed;
    std::cerr << file << ':' << line << ": " << text << ": expected " << name(kind) << ", got "
              << (got.has_value() ? "success" : got.error().text()) << '\n';
}

#if PLASMITE_EXCEPTIONS
// A call that must throw the exception of this kind.
#define THROWS(type, ...)                                                                                               \
    do {                                                                                                                \
        bool thrown = false;                                                                                            \
        try {                                                                                                           \
            static_cast<void>(__VA_ARGS__);                                                                             \
        } catch (const plasmite::type &) {                                                                              \
            thrown = true;                                                                                              \
        } catch (const std::exception &other) {                                                                         \
            std::cerr << "thrown instead: " << other.what() << '\n';                                                    \
        }                                                                                                               \
        check(thrown, __FILE__, __LINE__, #__VA_ARGS__ " throws " #type);                                               \
    } while (false)
#endif

// A directory that is removed at the end, and a watchdog: what takes longer than 30 seconds hangs.
class scratch {
public:
    scratch() {
        alarm(30);
        std::string place = (std::filesystem::temp_directory_path() / "plasmite-cpp-XXXXXX").string();
        if (mkdtemp(place.data()) == nullptr) std::abort();
        path_ = place;
    }
    scratch(const scratch &) = delete;
    scratch &operator=(const scratch &) = delete;
    ~scratch() { std::filesystem::remove_all(path_); }

    const std::string &path() const { return path_; }

private:
    std::string path_;
};

inline int finish(const char *name) {
    std::printf("%s: %d checks, %d failed\n", name, checks_made.load(), checks_failed.load());
    return checks_failed == 0 ? 0 : 1;
}

#endif
