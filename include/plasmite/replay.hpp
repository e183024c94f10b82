/// @file
/// Replaying messages with the gaps they once had.
#ifndef PLASMITE_REPLAY_HPP
#define PLASMITE_REPLAY_HPP

#include <plasmite/tail.hpp>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// The clock of one replay: tells when each message is due, so that the gaps between messages are those between their
/// times, divided by a speed. Due times count from the first message: what is late is caught up, and nothing drifts.
///
/// `for (auto &message : history) { clock.schedule(message.time_ns()); clock.wait(); use(message); }`
class replay : public detail::owner<plsm_replay_t, plsm_replay_free> {
public:
    /// Takes over a handle of the C interface.
    explicit replay(plsm_replay_t *handle) noexcept : owner(handle) {}
    /// A clock of this speed; throws as value() of try_new does.
    explicit replay(double speed) : replay(try_new(speed).value()) {}

    /// A clock of this speed: 1 keeps the gaps, 10 makes them a tenth, 0 leaves them out. error_kind::usage: the speed
    /// is negative, infinite or not a number.
    static result<replay> try_new(double speed) {
        plsm_replay_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_replay_new(speed, &handle, &failure) != 0) return detail::take(failure);
        return replay(handle);
    }

    /// Takes the time of the next message in ns since 1970, once for each in their order, and tells in how long it is
    /// due.
    result<std::chrono::nanoseconds> try_schedule(std::uint64_t time_ns) {
        return told([&](auto *out, auto **err) { return plsm_replay_schedule(native_handle(), time_ns, out, err); });
    }
    /// See try_schedule.
    std::chrono::nanoseconds schedule(std::uint64_t time_ns) { return try_schedule(time_ns).value(); }

    /// In how long the message scheduled last is due; 0 when it is.
    result<std::chrono::nanoseconds> try_left() const {
        return told([&](auto *out, auto **err) { return plsm_replay_left(native_handle(), out, err); });
    }
    /// See try_left.
    std::chrono::nanoseconds left() const { return try_left().value(); }

    /// Sleeps until the message scheduled last is due: outcome::message when it is, else timeout or cancelled.
    result<outcome> try_wait(wait_limit wait = forever) {
        plsm_error_t *failure = nullptr;
        const int answer = plsm_replay_wait(native_handle(), wait.ms(), &failure);
        if (answer < 0) return detail::take(failure);
        return static_cast<outcome>(answer);
    }
    /// See try_wait.
    outcome wait(wait_limit wait = forever) { return try_wait(wait).value(); }

    /// Ends a wait of another thread at once, and each later one until reset_cancel. Never waits itself; may be called
    /// from a signal handler.
    void cancel() const noexcept { plsm_replay_cancel(native_handle()); }
    /// Takes a cancel back; due times stay as they were.
    void reset_cancel() const noexcept { plsm_replay_reset_cancel(native_handle()); }

private:
    template <class Call> static result<std::chrono::nanoseconds> told(Call call) {
        std::uint64_t ns = 0;
        plsm_error_t *failure = nullptr;
        if (call(&ns, &failure) != 0) return detail::take(failure);
        return from_ns(ns).time_since_epoch();
    }
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
