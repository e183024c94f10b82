/// @file
/// The library itself: versions, features, the guard against truncated files, the log.
#ifndef PLASMITE_LIBRARY_HPP
#define PLASMITE_LIBRARY_HPP

#include <plasmite/bytes.hpp>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// The version of the library that is linked, for example "1.0.0".
inline std::string_view version() noexcept { return detail::text(plsm_version()); }
/// The same as one number: major * 1000000 + minor * 1000 + patch.
inline std::uint32_t version_number() noexcept { return plsm_version_number(); }
/// The version of the ABI that the library offers; PLSM_ABI_VERSION is the one this header was made for.
inline std::uint32_t abi_version() noexcept { return plsm_abi_version(); }
/// What the library was built as, for a report.
inline std::string_view build_info() noexcept { return detail::text(plsm_build_info()); }
/// Whether the library has a feature, by the names in plasmite.h; an unknown one is simply not there.
inline bool has_feature(std::string_view feature) {
    const detail::c_text text(feature, "the feature");
    return text && plsm_has_feature(text.c_str()) != 0;
}

/// The pool file formats that the library knows.
struct pool_formats {
    std::uint32_t oldest_read = 0;  ///< The oldest it reads.
    std::uint32_t newest_read = 0;  ///< The newest it reads.
    std::uint32_t written = 0;      ///< The one it writes.

    /// Those of the library that is linked.
    static pool_formats known() noexcept {
        pool_formats formats;
        plsm_pool_formats(&formats.oldest_read, &formats.newest_read, &formats.written);
        return formats;
    }
};

/// Turns access to a pool file which somebody truncated into error_kind::corrupt, where it would kill the process.
/// Installs a signal handler for the whole process, so programs call it once, libraries never.
inline result<void> try_install_guard() {
    return detail::run([](auto **err) { return plsm_guard_install(err); });
}
/// See try_install_guard.
inline void install_guard() { try_install_guard().value(); }

/// How serious a log line is.
enum class log_level : std::uint32_t {
    error = PLSM_LOG_ERROR, ///< Something failed that no call could report.
    warn = PLSM_LOG_WARN,   ///< Something was repaired or worked around.
    info = PLSM_LOG_INFO    ///< Rare events that are worth knowing.
};

/// Where log lines go. Called from whatever thread has something to say; must not call the library, nor throw, which is
/// std::terminate: the call comes out of the middle of the library's work.
using log_sink = void (*)(log_level level, std::string_view message);

/// Sends log lines up to a level to `sink`, for the whole process; nullptr turns logging off, as it is at first.
inline void set_log(log_sink sink, log_level most = log_level::info) noexcept {
    if (sink == nullptr) {
        plsm_log_set(nullptr, nullptr, 0);
        return;
    }
    // The function travels as the user pointer: it outlives every call, which state of its own might not.
    plsm_log_set([](void *user, std::uint32_t level, const char *message) noexcept {
        reinterpret_cast<log_sink>(user)(static_cast<log_level>(level), message);
    }, reinterpret_cast<void *>(sink), static_cast<std::uint32_t>(most));
}

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
