/// @file
/// What went wrong: kinds, the error as a value, and the exceptions that carry it.
#ifndef PLASMITE_ERROR_HPP
#define PLASMITE_ERROR_HPP

#include <plasmite.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__cpp_exceptions)
/// 1 where exceptions are on. Without them a call that would throw prints its error to stderr and aborts, so use the
/// try_ forms.
#define PLASMITE_EXCEPTIONS 1
/// The inline namespace. It differs between the two, so that one program may hold parts with and without exceptions.
#define PLASMITE_ABI v1
#else
#define PLASMITE_EXCEPTIONS 0
#define PLASMITE_ABI v1_no_exceptions
#endif

namespace plasmite {
inline namespace PLASMITE_ABI {

/// What went wrong, in one word. The numbers are also the exit codes of the command line.
enum class error_kind : std::int32_t {
    internal = PLSM_ERROR_INTERNAL,             ///< A fault of the library or the machine.
    usage = PLSM_ERROR_USAGE,                   ///< A bad argument, bad JSON, a closed handle.
    not_found = PLSM_ERROR_NOT_FOUND,           ///< No such pool or message.
    already_exists = PLSM_ERROR_ALREADY_EXISTS, ///< The pool, or the expected seq, is there already.
    busy = PLSM_ERROR_BUSY,                     ///< The writer lock could not be had in time.
    permission = PLSM_ERROR_PERMISSION,         ///< The system refused access.
    corrupt = PLSM_ERROR_CORRUPT,               ///< The pool or the bytes are damaged.
    io = PLSM_ERROR_IO,                         ///< Any other failure of the system.
    retention_gap = PLSM_ERROR_RETENTION_GAP    ///< Messages were overwritten before they were read.
};

/// The name on the wire and in other languages, for example "NotFound". Lives for ever.
inline std::string_view name(error_kind kind) noexcept {
    const char *text = plsm_error_kind_name(static_cast<std::int32_t>(kind));
    return text != nullptr ? text : "";
}

/// The exit code with which a program should report this kind.
inline int exit_code(error_kind kind) noexcept {
    return plsm_error_kind_exit_code(static_cast<std::int32_t>(kind));
}

/// The HTTP status that carries this kind.
inline int http_status(error_kind kind) noexcept {
    return plsm_error_kind_http_status(static_cast<std::int32_t>(kind));
}

class error;

namespace detail {
error take(plsm_error_t *raw);
error copy(const plsm_error_t *raw);
} // namespace detail

/// An error with all that is known about it. Two words; copies share the text.
class error {
public:
    /// An error of one's own, for programs that report theirs in the same form.
    error(error_kind kind, std::string message) : known_(made(kind, std::move(message))) {}

    /// The kind; one that this header does not know is told as internal.
    error_kind kind() const noexcept { return known_->kind; }
    /// What went wrong and where. Never empty for an error of the library.
    const std::string &message() const noexcept { return known_->message; }
    /// What to do about it.
    const std::optional<std::string> &hint() const noexcept { return known_->hint; }
    /// The file concerned. Bytes that are not UTF-8 are replaced.
    const std::optional<std::string> &path() const noexcept { return known_->path; }
    /// The message concerned.
    std::optional<std::uint64_t> seq() const noexcept { return known_->seq; }
    /// The byte concerned, in a file, document or text as the message says.
    std::optional<std::uint64_t> offset() const noexcept { return known_->offset; }
    /// Deeper causes, the outermost first.
    const std::vector<std::string> &causes() const noexcept { return known_->causes; }
    /// For a failed append: false when surely nothing was stored, so that repeating it cannot store it twice.
    bool maybe_written() const noexcept { return known_->maybe_written; }
    /// Whether a message was refused for its size alone.
    bool too_large() const noexcept { return known_->too_large; }
    /// Message and path in one text.
    std::string text() const { return path() ? message() + " (" + *path() + ")" : message(); }

private:
    struct known {
        error_kind kind = error_kind::internal;
        std::string message{};
        std::optional<std::string> hint{}, path{};
        std::optional<std::uint64_t> seq{}, offset{};
        std::vector<std::string> causes{};
        bool maybe_written = false, too_large = false;
    };

    explicit error(std::shared_ptr<const known> what) noexcept : known_(std::move(what)) {}

    static std::shared_ptr<const known> made(error_kind kind, std::string message) {
        auto what = std::make_shared<known>();
        what->kind = kind;
        what->message = std::move(message);
        return what;
    }

    friend error detail::copy(const plsm_error_t *raw);

    std::shared_ptr<const known> known_;
};

/// What the calls without try_ throw. Copying it does not throw.
class exception : public std::runtime_error {
public:
    /// Carries this error.
    explicit exception(plasmite::error what) : std::runtime_error(what.text()), error_(std::move(what)) {}

    /// The error itself.
    const plasmite::error &info() const noexcept { return error_; }
    /// See error::kind.
    error_kind kind() const noexcept { return error_.kind(); }
    /// See error::hint.
    const std::optional<std::string> &hint() const noexcept { return error_.hint(); }
    /// See error::path.
    const std::optional<std::string> &path() const noexcept { return error_.path(); }
    /// See error::seq.
    std::optional<std::uint64_t> seq() const noexcept { return error_.seq(); }
    /// See error::offset.
    std::optional<std::uint64_t> offset() const noexcept { return error_.offset(); }
    /// See error::maybe_written.
    bool maybe_written() const noexcept { return error_.maybe_written(); }
    /// See error::too_large.
    bool too_large() const noexcept { return error_.too_large(); }

private:
    plasmite::error error_;
};

/// The exception of one kind, to catch that kind alone.
template <error_kind Kind> class exception_of : public exception {
public:
    using exception::exception;
};

using internal_error = exception_of<error_kind::internal>;             ///< error_kind::internal
using usage_error = exception_of<error_kind::usage>;                   ///< error_kind::usage
using not_found_error = exception_of<error_kind::not_found>;           ///< error_kind::not_found
using already_exists_error = exception_of<error_kind::already_exists>; ///< error_kind::already_exists
using busy_error = exception_of<error_kind::busy>;                     ///< error_kind::busy
using permission_error = exception_of<error_kind::permission>;         ///< error_kind::permission
using corrupt_error = exception_of<error_kind::corrupt>;               ///< error_kind::corrupt
using io_error = exception_of<error_kind::io>;                         ///< error_kind::io
using retention_gap_error = exception_of<error_kind::retention_gap>;   ///< error_kind::retention_gap

namespace detail {

inline std::optional<std::string> optional_text(const char *text) {
    return text != nullptr ? std::optional<std::string>(text) : std::nullopt;
}

/// Copies a borrowed error of the library.
[[gnu::cold]] inline error copy(const plsm_error_t *raw) {
    if (raw == nullptr) return error(error_kind::internal, "the library failed without saying why");
    auto what = std::make_shared<error::known>();
    const bool known = raw->kind >= PLSM_ERROR_INTERNAL && raw->kind <= PLSM_ERROR_RETENTION_GAP;
    what->kind = known ? static_cast<error_kind>(raw->kind) : error_kind::internal;
    what->message = raw->message != nullptr ? raw->message : "";
    what->hint = optional_text(plsm_error_hint(raw));
    what->path = optional_text(raw->path);
    if (raw->has_seq != 0) what->seq = raw->seq;
    if (raw->has_offset != 0) what->offset = raw->offset;
    const std::size_t causes = plsm_error_cause_count(raw);
    for (std::size_t i = 0; i < causes; i++) what->causes.emplace_back(plsm_error_cause(raw, i));
    what->maybe_written = plsm_error_maybe_written(raw) != 0;
    what->too_large = plsm_error_too_large(raw) != 0;
    return error(std::shared_ptr<const error::known>(std::move(what)));
}

/// Takes over and frees an error of the library.
[[gnu::cold]] inline error take(plsm_error_t *raw) {
    const std::unique_ptr<plsm_error_t, void (*)(plsm_error_t *)> owned(raw, plsm_error_free);
    return copy(owned.get());
}

/// Throws an error as the exception of its kind.
[[noreturn, gnu::cold, gnu::noinline]] inline void raise(const error &what) {
#if PLASMITE_EXCEPTIONS
    switch (what.kind()) {
    case error_kind::usage: throw usage_error(what);
    case error_kind::not_found: throw not_found_error(what);
    case error_kind::already_exists: throw already_exists_error(what);
    case error_kind::busy: throw busy_error(what);
    case error_kind::permission: throw permission_error(what);
    case error_kind::corrupt: throw corrupt_error(what);
    case error_kind::io: throw io_error(what);
    case error_kind::retention_gap: throw retention_gap_error(what);
    case error_kind::internal: break;
    }
    throw internal_error(what);
#else
    std::fprintf(stderr, "plasmite: %s\n", what.text().c_str());
    std::abort();
#endif
}

} // namespace detail
} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
