package api

import (
	"errors"
	"io/fs"
	"strconv"
)

// ErrorKind says in one word what went wrong. Its numbers are those of the C interface, and the exit codes of
// the command line. A newer library may know more kinds: treat an unknown one as ErrorInternal.
type ErrorKind int32

const (
	// ErrorInternal is a fault of the library or the machine that no caller can act on.
	ErrorInternal ErrorKind = 1
	// ErrorUsage is a bad argument, bad JSON, or a request that cannot be met as asked.
	ErrorUsage ErrorKind = 2
	// ErrorNotFound means: no such pool, or no such message.
	ErrorNotFound ErrorKind = 3
	// ErrorAlreadyExists means: the pool, or the expected seq, is there already.
	ErrorAlreadyExists ErrorKind = 4
	// ErrorBusy means that the writer lock could not be had in time.
	ErrorBusy ErrorKind = 5
	// ErrorPermission means that the system refused access.
	ErrorPermission ErrorKind = 6
	// ErrorCorrupt means that the pool's bytes, or a Lite3 document, are damaged.
	ErrorCorrupt ErrorKind = 7
	// ErrorIO is any other failure of the system.
	ErrorIO ErrorKind = 8
	// ErrorRetentionGap means that messages were overwritten before they were read.
	ErrorRetentionGap ErrorKind = 9
)

var kindNames = [...]string{
	ErrorInternal:      "Internal",
	ErrorUsage:         "Usage",
	ErrorNotFound:      "NotFound",
	ErrorAlreadyExists: "AlreadyExists",
	ErrorBusy:          "Busy",
	ErrorPermission:    "Permission",
	ErrorCorrupt:       "Corrupt",
	ErrorIO:            "Io",
	ErrorRetentionGap:  "RetentionGap",
}

// String is the kind's name on the wire and in other languages, for example "NotFound".
func (k ErrorKind) String() string {
	if k >= ErrorInternal && k <= ErrorRetentionGap {
		return kindNames[k]
	}
	return "ErrorKind(" + strconv.Itoa(int(k)) + ")"
}

// kindError is what errors.Is compares the kind of an *Error with.
type kindError ErrorKind

func (k kindError) Error() string { return "plasmite: " + ErrorKind(k).String() }

// One error for each kind: errors.Is(err, ErrNotFound) holds for every *Error of the kind ErrorNotFound.
var (
	ErrInternal      error = kindError(ErrorInternal)
	ErrUsage         error = kindError(ErrorUsage)
	ErrNotFound      error = kindError(ErrorNotFound)
	ErrAlreadyExists error = kindError(ErrorAlreadyExists)
	ErrBusy          error = kindError(ErrorBusy)
	ErrPermission    error = kindError(ErrorPermission)
	ErrCorrupt       error = kindError(ErrorCorrupt)
	ErrIO            error = kindError(ErrorIO)
	ErrRetentionGap  error = kindError(ErrorRetentionGap)
)

// Causes of errors of the kind ErrorUsage that were found before the library was called.
var (
	// ErrClosed is the use of a closed or nil handle.
	ErrClosed = errors.New("plasmite: closed")
	// ErrInvalidArgument is an argument that no call can take.
	ErrInvalidArgument = errors.New("plasmite: invalid argument")
)

// ErrCancelled ends a wait on a tail whose Cancel method was called.
var ErrCancelled = errors.New("plasmite: cancelled")

// is tells whether an error of this kind counts as the target of errors.Is.
func (k ErrorKind) is(target error) bool {
	if kind, ok := target.(kindError); ok {
		return k == ErrorKind(kind)
	}
	switch target {
	case fs.ErrNotExist:
		return k == ErrorNotFound
	case fs.ErrExist:
		return k == ErrorAlreadyExists
	case fs.ErrPermission:
		return k == ErrorPermission
	case fs.ErrInvalid:
		return k == ErrorUsage
	}
	return false
}
