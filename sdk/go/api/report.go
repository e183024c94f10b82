package api

// Report is what a validation found out about one pool.
type Report struct {
	// PoolRef is the reference as given; of a pool found in a directory, its path.
	PoolRef string
	// Path of the file.
	Path string
	// Status is how the pool is.
	Status ReportStatus
	// LastGoodSeq is the newest message up to which, from the oldest on, all are intact; nil when none is.
	LastGoodSeq *uint64
	// Issues are the first 256 things that are wrong.
	Issues []Issue
	// IssueCount is how many issues were found.
	IssueCount uint64
	// Hints tell what to do, or, beginning with "warning: ", what is no damage and worth knowing.
	Hints []string
	// Bounds of the intact messages.
	Bounds Bounds
	// CheckedBytes of messages, and CheckedSlots of the index, were looked at.
	CheckedBytes, CheckedSlots uint64
}

// OK tells whether everything that readers rely on is in order.
func (r *Report) OK() bool { return r != nil && r.Status == ReportOK }

// ReportStatus says how a pool is.
type ReportStatus string

const (
	// ReportOK means: everything a reader relies on is in order.
	ReportOK ReportStatus = "ok"
	// ReportCorrupt means: something is damaged, or the pool has another format.
	ReportCorrupt ReportStatus = "corrupt"
	// ReportUnreadable means: it could not be looked at. Only among the pools of a directory.
	ReportUnreadable ReportStatus = "unreadable"
)

// Issue is one thing that is wrong with a pool.
type Issue struct {
	// Code is the broad class: "corrupt", "format", "permission" or "io".
	Code string
	// Finding is what exactly: a name that stays the same in all versions, such as "frame".
	Finding string
	// Message says it in words, with the place.
	Message string
	// Advice says what to do about it.
	Advice string
	// Seq is the message concerned, or the first of them; nil when none is.
	Seq *uint64
	// Offset is where in the file, in bytes; nil when nowhere.
	Offset *uint64
}

// Progress tells how far a validation has come.
type Progress struct {
	// PoolsDone of Pools, and BytesDone of Bytes of files, are done.
	PoolsDone, Pools, BytesDone, Bytes uint64
	// Path of the pool that is being looked at; empty when all are done.
	Path string
}
