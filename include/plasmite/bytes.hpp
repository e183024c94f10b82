/// @file
/// Bytes and texts that cross the boundary, and the owners of the library's handles.
#ifndef PLASMITE_BYTES_HPP
#define PLASMITE_BYTES_HPP

#include <plasmite/result.hpp>

#include <cstddef>
#include <initializer_list>
#include <iterator>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// Borrowed bytes, made from anything that lies in one piece: a std::string_view, a std::vector or std::span of
/// char, std::byte or std::uint8_t, a buffer, or a pointer and a length.
class bytes_view {
public:
    /// No bytes.
    constexpr bytes_view() noexcept = default;
    /// `size` bytes at `data`.
    bytes_view(const void *data, std::size_t size) noexcept
        : data_(static_cast<const std::uint8_t *>(data)), size_(size) {}
    /// The bytes of a literal, without the NUL behind it.
    bytes_view(const char *text) noexcept : bytes_view(std::string_view(text)) {}
    /// The bytes of a container whose elements are one byte wide.
    template <class Container, class = decltype(std::data(std::declval<const Container &>())),
              class = decltype(std::size(std::declval<const Container &>()))>
    bytes_view(const Container &container) noexcept : bytes_view(std::data(container), std::size(container)) {
        static_assert(sizeof(*std::data(container)) == 1, "bytes_view: elements must be one byte wide");
    }

    /// The first byte; may be null when there are none.
    const std::uint8_t *data() const noexcept { return data_; }
    /// How many bytes.
    std::size_t size() const noexcept { return size_; }
    /// Whether there are none.
    bool empty() const noexcept { return size_ == 0; }
    /// The first byte.
    const std::uint8_t *begin() const noexcept { return data_; }
    /// Behind the last byte.
    const std::uint8_t *end() const noexcept { return data_ + size_; }
    /// The same as text.
    std::string_view text() const noexcept { return {reinterpret_cast<const char *>(data_), size_}; }

private:
    const std::uint8_t *data_ = nullptr;
    std::size_t size_ = 0;
};

namespace detail {

inline const std::uint8_t *octets(std::string_view text) noexcept {
    return reinterpret_cast<const std::uint8_t *>(text.data());
}

inline plsm_bytes_t range(std::string_view text) noexcept { return {octets(text), text.size()}; }

inline std::string_view text(const plsm_bytes_t &range) noexcept {
    return range.len == 0 ? std::string_view() : bytes_view(range.data, range.len).text();
}

inline std::string_view text(const char *borrowed) noexcept {
    return borrowed != nullptr ? std::string_view(borrowed) : std::string_view();
}

/// A text for a call that takes it NUL-terminated.
class c_text {
public:
    c_text(std::string_view text, const char *what) : text_(text), what_(what) {}
    /// False when it holds a NUL, behind which the library would see nothing.
    explicit operator bool() const noexcept { return text_.find('\0') == std::string::npos; }
    error refusal() const { return error(error_kind::usage, std::string(what_) + " contains a NUL character"); }
    const char *c_str() const noexcept { return text_.c_str(); }

private:
    std::string text_;
    const char *what_;
};

/// Owns a handle of the library. A moved-from or closed owner is empty, which every call answers with a usage error.
template <class Handle, void (*Free)(Handle *)> class owner {
public:
    /// The handle of the C interface; still owned.
    Handle *native_handle() const noexcept { return handle_.get(); }
    /// Whether it is open.
    explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// Frees it now. Twice does no harm. No other call may be running on it.
    void close() noexcept { handle_.reset(); }
    /// Hands the handle out to a caller who frees it.
    Handle *release() noexcept { return handle_.release(); }

protected:
    explicit owner(Handle *handle) noexcept : handle_(handle) {}

private:
    struct free_it {
        void operator()(Handle *handle) const noexcept { Free(handle); }
    };
    std::unique_ptr<Handle, free_it> handle_;
};

} // namespace detail

/// Bytes that the library allocated. JSON is compact UTF-8 without a newline.
class buffer {
public:
    /// No bytes.
    buffer() noexcept = default;
    /// Takes over what a call of the C interface has filled.
    explicit buffer(plsm_buf_t raw) noexcept : raw_(raw) {}
    buffer(const buffer &) = delete;
    buffer &operator=(const buffer &) = delete;
    /// Leaves `other` empty.
    buffer(buffer &&other) noexcept : raw_(std::exchange(other.raw_, plsm_buf_t{nullptr, 0})) {}
    /// Leaves `other` empty.
    buffer &operator=(buffer &&other) noexcept {
        if (this != &other) {
            plsm_buf_free(&raw_);
            raw_ = std::exchange(other.raw_, plsm_buf_t{nullptr, 0});
        }
        return *this;
    }
    ~buffer() { plsm_buf_free(&raw_); }

    /// The first byte; null when there are none.
    const std::uint8_t *data() const noexcept { return raw_.data; }
    /// How many bytes.
    std::size_t size() const noexcept { return raw_.len; }
    /// Whether there are none.
    bool empty() const noexcept { return raw_.len == 0; }
    /// The bytes as text, borrowed.
    std::string_view text() const noexcept { return bytes_view(raw_.data, raw_.len).text(); }
    /// The bytes as text, borrowed.
    operator std::string_view() const & noexcept { return text(); }
    operator std::string_view() const && = delete;
    /// A copy as text.
    std::string str() const { return std::string(text()); }

private:
    plsm_buf_t raw_{nullptr, 0};
};

namespace detail {

/// Runs a call that fills a buffer and takes an error.
template <class Call> result<buffer> fill(Call call) {
    plsm_buf_t raw{nullptr, 0};
    plsm_error_t *failure = nullptr;
    if (call(&raw, &failure) != 0) return take(failure);
    return buffer(raw);
}

/// Runs a call that answers 0 or takes an error.
template <class Call> result<void> run(Call call) {
    plsm_error_t *failure = nullptr;
    if (call(&failure) < 0) return take(failure);
    return {};
}

} // namespace detail

/// A list of tags in the form the library takes: build it once, use it for many calls. It borrows the texts. Tags
/// are any UTF-8, kept in order, never trimmed.
class tag_list {
public:
    /// No tags.
    tag_list() noexcept = default;
    /// These tags: `{"sensor", "lab"}`.
    tag_list(std::initializer_list<std::string_view> tags) : tag_list(tags.begin(), tags.end()) {}
    /// The tags between two iterators over texts that outlive the list.
    template <class Iterator> tag_list(Iterator first, Iterator last) {
        for (; first != last; ++first) push_back(*first);
    }
    /// Adds one.
    void push_back(std::string_view tag) { ranges_.push_back(detail::range(tag)); }
    /// How many there are.
    std::size_t size() const noexcept { return ranges_.size(); }
    /// Whether there are none.
    bool empty() const noexcept { return ranges_.empty(); }
    /// The form of the C interface.
    const plsm_bytes_t *data() const noexcept { return ranges_.data(); }

private:
    std::vector<plsm_bytes_t> ranges_{};
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
