package api

import "context"

// Client opens pools.
type Client interface {
	// CreatePool creates a pool of exactly sizeBytes (0 means DefaultPoolSizeBytes) and opens it.
	CreatePool(ref PoolRef, sizeBytes uint64) (Pool, error)
	// OpenPool opens a pool that is there.
	OpenPool(ref PoolRef) (Pool, error)
	// Pool opens a pool, and creates it when it is not there.
	Pool(ref PoolRef, sizeBytes uint64) (Pool, error)
	// Close closes the client. Its pools stay open.
	Close()
}

// Pool writes and reads messages.
type Pool interface {
	// AppendJSON appends one JSON value and returns the whole message as JSON.
	AppendJSON(payload []byte, tags []string, durability Durability) ([]byte, error)
	// Append appends a value, encoded as JSON, and returns the message.
	Append(value any, tags []string, opts ...AppendOption) (*Message, error)
	// AppendLite3 appends a whole Lite3 message document and returns its seq.
	AppendLite3(payload []byte, durability Durability) (uint64, error)
	// GetJSON reads a message as JSON.
	GetJSON(seq uint64) ([]byte, error)
	// Get reads a message.
	Get(seq uint64) (*Message, error)
	// GetLite3 reads a message as Lite3.
	GetLite3(seq uint64) (*Lite3Frame, error)
	// OpenStream opens a stream of messages as JSON; timeoutMs is the total time from here on.
	OpenStream(sinceSeq, maxMessages, timeoutMs *uint64) (Stream, error)
	// OpenLite3Stream opens a stream of messages as Lite3.
	OpenLite3Stream(sinceSeq, maxMessages, timeoutMs *uint64) (Lite3Stream, error)
	// Tail delivers messages on a channel until the context ends.
	Tail(ctx context.Context, options TailOptions) (<-chan *Message, <-chan error)
	// TailLite3 is Tail for messages as Lite3.
	TailLite3(ctx context.Context, options TailOptions) (<-chan *Lite3Frame, <-chan error)
	// Replay delivers messages with the gaps between them that there were when they were written.
	Replay(ctx context.Context, options ReplayOptions) (<-chan *Message, <-chan error)
	// Close closes the pool and ends its tails and replays. Streams stay open.
	Close()
}

// Stream delivers messages as JSON.
type Stream interface {
	// NextJSON waits for the next message; io.EOF means that there are no more.
	NextJSON() ([]byte, error)
	// Close closes the stream.
	Close()
}

// Lite3Stream delivers messages as Lite3.
type Lite3Stream interface {
	// Next waits for the next message; io.EOF means that there are no more.
	Next() (*Lite3Frame, error)
	// Close closes the stream.
	Close()
}
