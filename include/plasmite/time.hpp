/// @file
/// Times, waits and durations.
#ifndef PLASMITE_TIME_HPP
#define PLASMITE_TIME_HPP

#include <plasmite/bytes.hpp>

#include <chrono>
#include <limits>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// The time of a message: nanoseconds since 1970 in UTC, up to the year 2262.
using time_point = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

/// The library's number for a time; one before 1970 gives 0.
constexpr std::uint64_t to_ns(time_point time) noexcept {
    const auto count = time.time_since_epoch().count();
    return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

/// The time of a number of the library; one beyond 2262 gives the latest.
constexpr time_point from_ns(std::uint64_t ns) noexcept {
    constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();
    const bool fits = ns <= static_cast<std::uint64_t>(latest);
    return time_point(std::chrono::nanoseconds(fits ? static_cast<std::int64_t>(ns) : latest));
}

/// How long a call may wait: any std::chrono duration, rounded up to milliseconds; no_wait; or forever.
class wait_limit {
public:
    /// Not at all.
    constexpr wait_limit() noexcept = default;
    /// At most this long; a negative duration does not wait.
    template <class Rep, class Period>
    constexpr wait_limit(std::chrono::duration<Rep, Period> duration) noexcept : ms_(rounded(duration)) {}
    /// A number of milliseconds of the C interface, PLSM_WAIT_FOREVER included.
    static constexpr wait_limit from_ms(std::uint64_t ms) noexcept {
        wait_limit limit;
        limit.ms_ = ms;
        return limit;
    }
    /// The number of the C interface.
    constexpr std::uint64_t ms() const noexcept { return ms_; }

private:
    template <class Rep, class Period>
    static constexpr std::uint64_t rounded(std::chrono::duration<Rep, Period> duration) noexcept {
        using milliseconds = std::chrono::duration<std::int64_t, std::milli>;
        if (!(duration > duration.zero())) return 0;
        // Compared as floating point, in which nothing overflows. 2^62 ms are longer than anybody waits.
        if (std::chrono::duration<double, std::milli>(duration).count() > 4.0e18) return PLSM_WAIT_FOREVER - 1;
        return static_cast<std::uint64_t>(std::chrono::ceil<milliseconds>(duration).count());
    }

    std::uint64_t ms_ = 0;
};

/// Takes only what is there.
inline constexpr wait_limit no_wait{};
/// Waits without limit.
inline constexpr wait_limit forever = wait_limit::from_ms(PLSM_WAIT_FOREVER);

/// RFC 3339 in UTC, for example "2026-01-31T08:05:09.12Z", of ns since 1970.
inline result<std::string> try_format_time(std::uint64_t ns) {
    auto text = detail::fill([&](auto *out, auto **err) { return plsm_time_format(ns, out, err); });
    if (!text) return text.error();
    return text->str();
}
/// See try_format_time.
inline std::string format_time(time_point time) { return try_format_time(to_ns(time)).value(); }

/// Reads a time in RFC 3339, as ns since 1970; 0 for an earlier one.
inline result<std::uint64_t> try_parse_time(std::string_view text) {
    std::uint64_t ns = 0;
    plsm_error_t *failure = nullptr;
    if (plsm_time_parse(text.data(), text.size(), &ns, &failure) != 0) return detail::take(failure);
    return ns;
}
/// See try_parse_time.
inline time_point parse_time(std::string_view text) { return from_ns(try_parse_time(text).value()); }

/// Reads a duration, for example "500ms", "5s", "30m" or "2h".
inline result<std::chrono::nanoseconds> try_parse_duration(std::string_view text) {
    std::uint64_t ns = 0;
    plsm_error_t *failure = nullptr;
    if (plsm_duration_parse(text.data(), text.size(), &ns, &failure) != 0) return detail::take(failure);
    return from_ns(ns).time_since_epoch();
}
/// See try_parse_duration.
inline std::chrono::nanoseconds parse_duration(std::string_view text) { return try_parse_duration(text).value(); }

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
