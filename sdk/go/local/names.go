package local

import (
	"io/fs"
	"time"

	"github.com/sandover/plasmite/bindings/go/api"
)

// The types of package api, under the names they have there.
type (
	ErrorKind        = api.ErrorKind
	Error            = api.Error
	Durability       = api.Durability
	AppendOption     = api.AppendOption
	AppendOptionFunc = api.AppendOptionFunc
	AppendConfig     = api.AppendConfig
	Receipt          = api.Receipt
	Item             = api.Item
	ClientOption     = api.ClientOption
	ClientConfig     = api.ClientConfig
	PoolRef          = api.PoolRef
	PoolOption       = api.PoolOption
	PoolInfo         = api.PoolInfo
	Bounds           = api.Bounds
	ListEntry        = api.ListEntry
	Migrated         = api.Migrated
	Salvaged         = api.Salvaged
	Report           = api.Report
	Issue            = api.Issue
	Progress         = api.Progress
	Message          = api.Message
	MessageMeta      = api.MessageMeta
	Lite3Frame       = api.Lite3Frame
	TailOptions      = api.TailOptions
	TailOption       = api.TailOption
	TailStats        = api.TailStats
	TagsOption       = api.TagsOption
	Start            = api.Start
	GapPolicy        = api.GapPolicy
	Gap              = api.Gap
	EndReason        = api.EndReason
	ReplayOptions    = api.ReplayOptions
)

// The kinds of errors.
const (
	ErrorInternal      = api.ErrorInternal
	ErrorUsage         = api.ErrorUsage
	ErrorNotFound      = api.ErrorNotFound
	ErrorAlreadyExists = api.ErrorAlreadyExists
	ErrorBusy          = api.ErrorBusy
	ErrorPermission    = api.ErrorPermission
	ErrorCorrupt       = api.ErrorCorrupt
	ErrorIO            = api.ErrorIO
	ErrorRetentionGap  = api.ErrorRetentionGap
)

// What errors.Is compares with.
var (
	ErrInternal        = api.ErrInternal
	ErrUsage           = api.ErrUsage
	ErrNotFound        = api.ErrNotFound
	ErrAlreadyExists   = api.ErrAlreadyExists
	ErrBusy            = api.ErrBusy
	ErrPermission      = api.ErrPermission
	ErrCorrupt         = api.ErrCorrupt
	ErrIO              = api.ErrIO
	ErrRetentionGap    = api.ErrRetentionGap
	ErrClosed          = api.ErrClosed
	ErrInvalidArgument = api.ErrInvalidArgument
	ErrCancelled       = api.ErrCancelled
)

// Numbers of package api.
const (
	DurabilityFast       = api.DurabilityFast
	DurabilityFlush      = api.DurabilityFlush
	DefaultPoolSizeBytes = api.DefaultPoolSizeBytes
	DefaultPoolSize      = api.DefaultPoolSize
	GapContinue          = api.GapContinue
	GapError             = api.GapError
	GapEvent             = api.GapEvent
	EndNone              = api.EndNone
	EndComplete          = api.EndComplete
	EndDeadline          = api.EndDeadline
	EndGap               = api.EndGap
	ReportOK             = api.ReportOK
	ReportCorrupt        = api.ReportCorrupt
	ReportUnreadable     = api.ReportUnreadable
)

// PoolRefName is api.PoolRefName.
func PoolRefName(name string) PoolRef { return api.PoolRefName(name) }

// PoolRefPath is api.PoolRefPath.
func PoolRefPath(path string) PoolRef { return api.PoolRefPath(path) }

// PoolRefURI is api.PoolRefURI.
func PoolRefURI(uri string) PoolRef { return api.PoolRefURI(uri) }

// WithSize is api.WithSize.
func WithSize(bytes uint64) PoolOption { return api.WithSize(bytes) }

// WithIndexCapacity is api.WithIndexCapacity.
func WithIndexCapacity(messages uint32) PoolOption { return api.WithIndexCapacity(messages) }

// WithMode is api.WithMode.
func WithMode(mode fs.FileMode) PoolOption { return api.WithMode(mode) }

// WithDurability is api.WithDurability.
func WithDurability(durability Durability) AppendOption { return api.WithDurability(durability) }

// WithTime is api.WithTime.
func WithTime(at time.Time) AppendOption { return api.WithTime(at) }

// WithLockWait is api.WithLockWait.
func WithLockWait(wait time.Duration) AppendOption { return api.WithLockWait(wait) }

// ExpectNewest is api.ExpectNewest.
func ExpectNewest(seq uint64) AppendOption { return api.ExpectNewest(seq) }

// WithTags is api.WithTags.
func WithTags(tags ...string) TagsOption { return api.WithTags(tags...) }

// Where is api.Where.
func Where(expression string) TailOption { return api.Where(expression) }

// Limit is api.Limit.
func Limit(messages uint64) TailOption { return api.Limit(messages) }

// Until is api.Until.
func Until(seq uint64) TailOption { return api.Until(seq) }

// Within is api.Within.
func Within(total time.Duration) TailOption { return api.Within(total) }

// Snapshot is api.Snapshot.
func Snapshot() TailOption { return api.Snapshot() }

// Backwards is api.Backwards.
func Backwards() TailOption { return api.Backwards() }

// FailOnGap is api.FailOnGap.
func FailOnGap() TailOption { return api.FailOnGap() }

// OnGap is api.OnGap.
func OnGap(report func(Gap)) TailOption { return api.OnGap(report) }

// Spin is api.Spin.
func Spin(before time.Duration) TailOption { return api.Spin(before) }

// FromOldest is api.FromOldest.
func FromOldest() Start { return api.FromOldest() }

// FromNow is api.FromNow.
func FromNow() Start { return api.FromNow() }

// FromLast is api.FromLast.
func FromLast(messages uint64) Start { return api.FromLast(messages) }

// FromSeq is api.FromSeq.
func FromSeq(seq uint64) Start { return api.FromSeq(seq) }

// FromTime is api.FromTime.
func FromTime(at time.Time) Start { return api.FromTime(at) }

// FromToken is api.FromToken.
func FromToken(token string) Start { return api.FromToken(token) }

// DecodeMessage is api.DecodeMessage.
func DecodeMessage(payload []byte) (*Message, error) { return api.DecodeMessage(payload) }

// Decode is api.Decode.
func Decode[T any](message *Message) (T, error) { return api.Decode[T](message) }

// Items makes a batch of values that all have the same tags.
func Items[T any](values []T, tags ...string) []Item {
	items := make([]Item, len(values))
	for i, value := range values {
		items[i] = Item{Value: value, Tags: tags}
	}
	return items
}
