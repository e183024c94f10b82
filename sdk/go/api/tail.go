package api

import (
	"fmt"
	"time"
)

// TailOptions say which messages a tail delivers. The zero value: the oldest message first, then wait for more,
// without end. It is a [TailOption] itself, which takes the place of all options before it.
type TailOptions struct {
	// SinceSeq is the first seq wanted; one in the future is waited for. Nil leaves it to Start.
	SinceSeq *uint64
	// MaxMessages ends the tail after so many, counted after the filters. Nil means no end.
	MaxMessages *uint64
	// Tags are wanted, all of them, from each message.
	Tags []string
	// Timeout was the length of one internal poll. Tails are woken and do not poll, so it has no effect; kept
	// for existing programs. See Within, and contexts.
	Timeout time.Duration
	// Buffer is the capacity of the channel of messages; 0 means 64.
	Buffer int
	// ErrorOnGap is the same as Gaps = GapError.
	ErrorOnGap bool

	// Start says where to start. The zero value is the oldest message.
	Start Start
	// Where are jq predicates over the whole message; all must hold. One that fails on a message does not hold.
	// Only one that gives a number, a string, an array or an object, or goes beyond a limit, is ErrUsage, with the
	// message's seq; the next call goes on with the message behind it.
	Where []string
	// Gaps says what to do when messages were overwritten before they were delivered.
	Gaps GapPolicy
	// OnGap is told of missing messages, before the next one is delivered, and makes Gaps = GapEvent. It is
	// called by the goroutine that reads, and must not use the tail. When it panics, or ends the goroutine, the
	// gap counts as told, and the next call goes on behind it.
	OnGap func(Gap)
	// UntilSeq is the last seq wanted, or going backwards the lowest. Nil means no end.
	UntilSeq *uint64
	// Within ends the tail so long after its opening, even when messages are waiting. 0 means no end, less than
	// 0 at once; less than 1 ms counts as 1 ms.
	Within time.Duration
	// Snapshot ends at the newest message as of opening instead of waiting for more.
	Snapshot bool
	// Backwards delivers in descending seq and never waits.
	Backwards bool
	// Poll looks again and again, with pauses, instead of being woken by writers.
	Poll bool
	// Spin looks again and again for so long before sleeping (at most 1 s): wakes sooner, at the cost of a busy
	// CPU.
	Spin time.Duration
}

// TailOption says which messages a tail delivers.
type TailOption interface {
	applyTail(*TailOptions)
}

type tailOptionFunc func(*TailOptions)

func (f tailOptionFunc) applyTail(options *TailOptions) { f(options) }

func (o TailOptions) applyTail(options *TailOptions) { *options = o }

func (s Start) applyTail(options *TailOptions) { options.Start = s }

// Where wants messages for which the jq predicate holds. Several must all hold. See TailOptions.Where.
func Where(expression string) TailOption {
	return tailOptionFunc(func(options *TailOptions) { options.Where = append(options.Where, expression) })
}

// Limit ends the tail after so many messages.
func Limit(messages uint64) TailOption {
	return tailOptionFunc(func(options *TailOptions) { options.MaxMessages = &messages })
}

// Until ends the tail with this seq.
func Until(seq uint64) TailOption {
	return tailOptionFunc(func(options *TailOptions) { options.UntilSeq = &seq })
}

// Within ends the tail so long after its opening; 0 or less means at once.
func Within(total time.Duration) TailOption {
	if total <= 0 {
		total = -1
	}
	return tailOptionFunc(func(options *TailOptions) { options.Within = total })
}

// Snapshot ends the tail at the newest message as of opening.
func Snapshot() TailOption {
	return tailOptionFunc(func(options *TailOptions) { options.Snapshot = true })
}

// Backwards delivers in descending seq and never waits.
func Backwards() TailOption {
	return tailOptionFunc(func(options *TailOptions) { options.Backwards = true })
}

// FailOnGap ends the tail with ErrorRetentionGap when messages are missing.
func FailOnGap() TailOption {
	return tailOptionFunc(func(options *TailOptions) { options.Gaps = GapError })
}

// OnGap calls a function when messages are missing, then goes on.
func OnGap(report func(Gap)) TailOption {
	return tailOptionFunc(func(options *TailOptions) { options.OnGap = report })
}

// Spin looks again and again for so long before sleeping.
func Spin(before time.Duration) TailOption {
	return tailOptionFunc(func(options *TailOptions) { options.Spin = before })
}

// ApplyTailOptions applies options in order; nil ones are passed over.
func ApplyTailOptions(opts ...TailOption) TailOptions {
	var options TailOptions
	for _, option := range opts {
		if option != nil {
			option.applyTail(&options)
		}
	}
	return options
}

// Start says where a tail starts. It is a [TailOption] itself.
type Start struct {
	kind  StartKind
	value uint64
	token string
}

// StartKind is the way in which a [Start] is meant.
type StartKind uint32

const (
	// StartOldest is at the oldest message.
	StartOldest StartKind = 0
	// StartNow is behind the newest message.
	StartNow StartKind = 1
	// StartLast is at the last so many messages that pass the filters.
	StartLast StartKind = 2
	// StartSeq is at a seq.
	StartSeq StartKind = 3
	// StartTime is at the first message not older than a time.
	StartTime StartKind = 4
	// StartToken is where another tail stood.
	StartToken StartKind = 5
)

// FromOldest starts at the oldest message. The default.
func FromOldest() Start { return Start{} }

// FromNow delivers only what comes from now on.
func FromNow() Start { return Start{kind: StartNow} }

// FromLast starts with the last so many messages that pass the filters.
func FromLast(messages uint64) Start { return Start{kind: StartLast, value: messages} }

// FromSeq starts at a seq; one in the future is waited for.
func FromSeq(seq uint64) Start { return Start{kind: StartSeq, value: seq} }

// FromTime starts at the first message that is not older.
func FromTime(at time.Time) Start {
	ns, _ := Nanoseconds(at)
	return Start{kind: StartTime, value: ns}
}

// FromToken starts where another tail stood when its Token method was called.
func FromToken(token string) Start { return Start{kind: StartToken, token: token} }

// Kind, Value and Token are what the start was made of: Value is a number of messages, a seq, or a time in ns
// since 1970.
func (s Start) Kind() StartKind { return s.kind }

// Value is described at Kind.
func (s Start) Value() uint64 { return s.value }

// Token is described at Kind.
func (s Start) Token() string { return s.token }

// Nanoseconds since 1970 of a time, between 0 and the largest number; false when it had to be moved there.
func Nanoseconds(at time.Time) (uint64, bool) {
	const most = ^uint64(0)
	seconds := at.Unix()
	if seconds < 0 {
		return 0, false
	}
	fraction := uint64(at.Nanosecond())
	if uint64(seconds) > most/1e9 || uint64(seconds) == most/1e9 && fraction > most%1e9 {
		return most, false
	}
	return uint64(seconds)*1e9 + fraction, true
}

// TimeOf is the UTC time so many ns after 1970.
func TimeOf(ns uint64) time.Time { return time.Unix(int64(ns/1e9), int64(ns%1e9)).UTC() }

// GapPolicy says what a tail does when messages it was to deliver next have been overwritten. Gaps are seen
// before the filters.
type GapPolicy uint32

const (
	// GapContinue goes on with the oldest message that is still there.
	GapContinue GapPolicy = 0
	// GapError fails with ErrorRetentionGap, Seq telling the first missing message; then the tail is over.
	GapError GapPolicy = 1
	// GapEvent tells TailOptions.OnGap, or makes Tail.Next return a *Gap as its error, and then goes on.
	GapEvent GapPolicy = 2
)

// Gap tells which messages are missing. As an error it says that the tail goes on behind them.
type Gap struct {
	// First and Last are the first and the last missing seq.
	First, Last uint64
	// Count is how many are missing.
	Count uint64
}

// Error tells what is missing.
func (g *Gap) Error() string {
	return fmt.Sprintf("plasmite: %d messages were overwritten before they were read: %d to %d", g.Count, g.First, g.Last)
}

// Is makes errors.Is(gap, ErrRetentionGap) hold.
func (g *Gap) Is(target error) bool { return ErrorRetentionGap.is(target) }

// TailStats tell what a tail has done so far.
type TailStats struct {
	// Delivered is how many messages it delivered.
	Delivered uint64
	// Dropped is how many it could not deliver because they had been overwritten, counted before the filters.
	Dropped uint64
	// NextSeq is the seq it will look at next.
	NextSeq uint64
}

// EndReason says why a tail is over.
type EndReason int

const (
	// EndNone means that it is not over.
	EndNone EndReason = iota
	// EndComplete means that the limit, the last seq wanted or the snapshot's newest message was reached.
	EndComplete
	// EndDeadline means that its time was up (TailOptions.Within).
	EndDeadline
	// EndGap means that it ended with ErrorRetentionGap.
	EndGap
)

// ReplayOptions say which messages a replay delivers, and how fast.
type ReplayOptions struct {
	// Speed divides the gaps between messages: 1 keeps them, 10 makes them a tenth. 0 or less means 1.
	Speed float64
	// SinceSeq is the first seq wanted. Nil leaves it to Start.
	SinceSeq *uint64
	// MaxMessages ends the replay after so many. Nil means no end.
	MaxMessages *uint64
	// Timeout is for how long from the start messages that are still being written are taken up; those written
	// later do not belong to the replay. 0 means 1 s; less than 1 ms counts as 1 ms.
	Timeout time.Duration

	// Start says where to start. The zero value is the oldest message.
	Start Start
	// Tags are wanted, all of them, from each message.
	Tags []string
	// Where are jq predicates as in TailOptions; ErrUsage ends the replay.
	Where []string
	// OnGap is told of missing messages; they are passed over.
	OnGap func(Gap)
}
