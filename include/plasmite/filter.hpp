/// @file
/// Filters: jq programs that tell which messages are wanted.
#ifndef PLASMITE_FILTER_HPP
#define PLASMITE_FILTER_HPP

#include <plasmite/view.hpp>

#include <functional>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// How a filter is compiled.
struct filter_options {
    bool no_recursion = false;      ///< Refuse definitions that call themselves: for expressions of strangers.
    std::uint64_t max_steps = 0;    ///< Most steps for one message (some for each byte are added); 0 means 4000000.
};

/// A compiled jq expression over whole messages, such as `.data.status == "green"`. A message matches when the outputs
/// are true, false and null only, at least one is true, and no error comes up. Any number of threads and tails may use
/// one at once.
class filter : public detail::owner<plsm_filter_t, plsm_filter_free> {
public:
    /// Takes over a handle of the C interface.
    explicit filter(plsm_filter_t *handle) noexcept : owner(handle) {}
    /// Compiles an expression; throws as value() of try_new does.
    explicit filter(std::string_view expression, const filter_options &options = {})
        : filter(try_new(expression, options).value()) {}

    /// Compiles an expression. error_kind::usage: it is not valid; message and offset tell what and where.
    static result<filter> try_new(std::string_view expression, const filter_options &options = {}) {
        plsm_filter_options_t raw = PLSM_FILTER_OPTIONS_INIT;
        raw.flags = options.no_recursion ? PLSM_FILTER_NO_RECURSION : 0;
        raw.max_steps = options.max_steps;
        plsm_filter_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_filter_new(expression.data(), expression.size(), &raw, &handle, &failure) != 0) return detail::take(failure);
        return filter(handle);
    }

    /// Whether a message matches. error_kind::usage, with its seq: the filter gave a number, a string, an array or an
    /// object, or went beyond a limit; retention_gap: it was overwritten meanwhile.
    result<bool> try_matches(const view &message) const {
        plsm_error_t *failure = nullptr;
        const int answer = plsm_filter_matches(native_handle(), &message.native(), &failure);
        if (answer < 0) return detail::take(failure);
        return answer == 1;
    }
    /// See try_matches.
    bool matches(const view &message) const { return try_matches(message).value(); }
};

/// Filters for a tail, which must all match: `{one, other}`. Borrowed until the tail is opened; the tail keeps what it
/// needs.
class filter_list {
public:
    /// No filters.
    filter_list() noexcept = default;
    /// These filters.
    filter_list(std::initializer_list<std::reference_wrapper<const filter>> filters) {
        for (const filter &each : filters) push_back(each);
    }
    /// Adds one.
    void push_back(const filter &added) { handles_.push_back(added.native_handle()); }
    /// How many there are.
    std::size_t size() const noexcept { return handles_.size(); }
    /// The form of the C interface.
    const plsm_filter_t *const *data() const noexcept { return handles_.data(); }

private:
    std::vector<const plsm_filter_t *> handles_{};
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
