package api

// TagsOption is an option both of appends, whose message gets the tags, and of tails, which deliver only
// messages that have all of them.
type TagsOption []string

func (t TagsOption) applyAppend(config *AppendConfig) { config.Tags = append(config.Tags, t...) }

func (t TagsOption) applyTail(options *TailOptions) { options.Tags = append(options.Tags, t...) }

// WithTags gives tags to a message, or wants them from the messages of a tail.
func WithTags(tags ...string) TagsOption { return tags }
