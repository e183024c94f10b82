/// @file
/// A value or an error: what the try_ calls answer.
#ifndef PLASMITE_RESULT_HPP
#define PLASMITE_RESULT_HPP

#include <plasmite/error.hpp>

#include <type_traits>
#include <variant>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// A value or an error, in the manner of std::expected: `if (auto pool = client.try_open("events")) use(*pool);`
template <class T> class [[nodiscard]] result {
public:
    using value_type = T;     ///< What it holds when all went well.
    using error_type = plasmite::error; ///< What it holds otherwise.

    /// Success.
    result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    /// Failure.
    result(plasmite::error what) : held_(std::in_place_index<1>, std::move(what)) {}

    /// Whether there is a value.
    bool has_value() const noexcept { return held_.index() == 0; }
    /// Whether there is a value.
    explicit operator bool() const noexcept { return has_value(); }

    /// The value; only when there is one.
    T &operator*() & noexcept { return *std::get_if<0>(&held_); }
    /// The value; only when there is one.
    const T &operator*() const & noexcept { return *std::get_if<0>(&held_); }
    /// The value, moved out; only when there is one.
    T &&operator*() && noexcept { return std::move(*std::get_if<0>(&held_)); }
    /// A member of the value; only when there is one.
    T *operator->() noexcept { return std::get_if<0>(&held_); }
    /// A member of the value; only when there is one.
    const T *operator->() const noexcept { return std::get_if<0>(&held_); }

    /// The value, or the error thrown.
    T &value() & {
        if (!has_value()) detail::raise(error());
        return **this;
    }
    /// The value, or the error thrown.
    const T &value() const & {
        if (!has_value()) detail::raise(error());
        return **this;
    }
    /// The value moved out, or the error thrown.
    T value() && {
        if (!has_value()) detail::raise(error());
        return std::move(**this);
    }
    /// The value, or another one.
    template <class U> T value_or(U &&other) && {
        return has_value() ? std::move(**this) : static_cast<T>(std::forward<U>(other));
    }

    /// The error; only when there is no value.
    const plasmite::error &error() const noexcept { return *std::get_if<1>(&held_); }

private:
    std::variant<T, plasmite::error> held_;
};

/// Success, or an error.
template <> class [[nodiscard]] result<void> {
public:
    using value_type = void;  ///< Nothing.
    using error_type = plasmite::error; ///< What it holds after a failure.

    /// Success.
    result() noexcept = default;
    /// Failure.
    result(plasmite::error what) : held_(std::move(what)) {}

    /// Whether all went well.
    bool has_value() const noexcept { return !held_.has_value(); }
    /// Whether all went well.
    explicit operator bool() const noexcept { return has_value(); }
    /// Throws the error, if there is one.
    void value() const {
        if (held_) detail::raise(*held_);
    }
    /// The error; only when there is one.
    const plasmite::error &error() const noexcept { return *held_; }

private:
    std::optional<plasmite::error> held_{};
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
