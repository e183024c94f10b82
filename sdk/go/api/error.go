package api

import "io/fs"

// Error is a failure, as the library reports it. Find it with errors.As, or ask for its kind with errors.Is:
// errors.Is(err, ErrNotFound), or errors.Is(err, fs.ErrNotExist).
type Error struct {
	// Kind says in one word what went wrong.
	Kind ErrorKind
	// Message says what went wrong and where. Never empty.
	Message string
	// Path is the file concerned, or empty.
	Path string
	// Seq is the message concerned, or nil; for ErrorRetentionGap the first missing one.
	Seq *uint64
	// Offset is the byte concerned, in a file, document or text as Message says, or nil.
	Offset *uint64
	// Hint says what to do about it, or is empty.
	Hint string
	// Causes are the deeper reasons, the outermost first.
	Causes []string
	// MaybeWritten tells of a failed append that its message may have been stored all the same (a flush that
	// failed, a server that did not answer), so that repeating it could store it twice. False: surely nothing was stored.
	MaybeWritten bool
	// TooLarge tells that a message was refused for its size alone.
	TooLarge bool

	cause error
}

// Error is "plasmite: " and the message, with the path in parentheses when there is one.
func (e *Error) Error() string {
	if e == nil {
		return "plasmite: no error"
	}
	message := e.Message
	if message == "" {
		message = e.Kind.String()
	}
	if e.Path != "" {
		return "plasmite: " + message + " (" + e.Path + ")"
	}
	return "plasmite: " + message
}

// Is makes errors.Is true for the error of this kind (ErrNotFound, ...), and for fs.ErrNotExist, fs.ErrExist,
// fs.ErrPermission and fs.ErrInvalid where they mean the same. A closed handle is also fs.ErrClosed.
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	if target == fs.ErrClosed {
		return e.cause == ErrClosed
	}
	return e.Kind.is(target)
}

// Unwrap is the Go error behind this one: ErrClosed, ErrInvalidArgument, the error of an encoder, or nil.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// ClosedError reports the use of a closed or nil handle; errors.Is(err, ErrClosed) holds.
func ClosedError(target string) error {
	return &Error{Kind: ErrorUsage, Message: target + " is closed", cause: ErrClosed}
}

// InvalidArgumentError reports a bad argument; errors.Is(err, ErrInvalidArgument) holds.
func InvalidArgumentError(message string) error {
	return &Error{Kind: ErrorUsage, Message: message, cause: ErrInvalidArgument}
}

// UnencodableError reports a value that has no JSON, for the reason that its encoder gave.
func UnencodableError(message string, reason error) error {
	return &Error{Kind: ErrorUsage, Message: message + ": " + reason.Error(), cause: reason}
}
