package api

import "time"

// ClientConfig is what the options of a client come to. All of it goes to servers only: pools given by their address, or
// all pools of a client of a server. Then the token goes to that server alone, otherwise to every server whose pools are
// opened. Printing it shows no token.
type ClientConfig struct {
	// Token is the bearer token, TokenFile a file with it; at most one of them.
	Token, TokenFile string
	// CAFile is a PEM file of the certificates by which servers are trusted; empty means those that browsers trust.
	CAFile string
	// SkipVerify trusts every server, whatever its certificate.
	SkipVerify bool
	// InsecureToken sends the token over plain HTTP to other machines too.
	InsecureToken bool
	// RequestTimeout is for how long one request may take; 0 means 30 seconds.
	RequestTimeout time.Duration
	// Largest is the largest answer or message taken from a server, in bytes; 0 means 256 MiB.
	Largest uint64
}

// String tells the settings, but no token.
func (c ClientConfig) String() string {
	text := "timeout " + c.RequestTimeout.String()
	if c.Token != "" {
		text += ", a token"
	}
	if c.TokenFile != "" {
		text += ", token file " + c.TokenFile
	}
	if c.CAFile != "" {
		text += ", CA file " + c.CAFile
	}
	if c.SkipVerify {
		text += ", any certificate"
	}
	if c.InsecureToken {
		text += ", token in the clear"
	}
	return "{" + text + "}"
}

// GoString is the same, for %#v.
func (c ClientConfig) GoString() string { return "api.ClientConfig" + c.String() }

// ClientOption says what a client brings along to servers.
type ClientOption func(*ClientConfig)

// WithToken gives the bearer token. Over plain HTTP it goes to loopback addresses only.
func WithToken(token string) ClientOption {
	return func(config *ClientConfig) { config.Token = token }
}

// WithTokenFile reads the token from a file; white space around it does not count.
func WithTokenFile(path string) ClientOption {
	return func(config *ClientConfig) { config.TokenFile = path }
}

// WithCAFile trusts the servers that the certificates in a PEM file vouch for, instead of those that browsers trust.
func WithCAFile(path string) ClientOption {
	return func(config *ClientConfig) { config.CAFile = path }
}

// WithSkipVerify trusts every server, whatever its certificate: anybody on the way can read and change everything.
func WithSkipVerify() ClientOption { return func(config *ClientConfig) { config.SkipVerify = true } }

// WithInsecureToken sends the token over plain HTTP to other machines too: anybody on the way can read and use it.
func WithInsecureToken() ClientOption {
	return func(config *ClientConfig) { config.InsecureToken = true }
}

// WithRequestTimeout bounds one request, 30 seconds otherwise. A tail goes on for as long as it is wanted.
func WithRequestTimeout(timeout time.Duration) ClientOption {
	return func(config *ClientConfig) { config.RequestTimeout = timeout }
}

// WithLargest bounds the answers and messages taken from a server, in bytes; 256 MiB otherwise.
func WithLargest(bytes uint64) ClientOption {
	return func(config *ClientConfig) { config.Largest = bytes }
}

// ApplyClientOptions applies options in order; nil ones are passed over.
func ApplyClientOptions(opts ...ClientOption) ClientConfig {
	var config ClientConfig
	for _, option := range opts {
		if option != nil {
			option(&config)
		}
	}
	return config
}
