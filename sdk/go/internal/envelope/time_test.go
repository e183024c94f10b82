package envelope

import (
	"testing"
	"time"
)

func TestTimeIsWhatTheStandardLibraryReads(t *testing.T) {
	for at := time.Unix(0, 0).UTC(); at.Year() < 2555; at = at.Add(11*24*time.Hour + 7919*time.Second + 123456789) {
		text := at.Format(time.RFC3339Nano)
		if got, ok := Time([]byte(text)); !ok || !got.Equal(at) || got.Location() != time.UTC {
			t.Fatalf("%s gave %v", text, got)
		}
	}
	for _, text := range []string{"2024-02-29T00:00:00Z", "2000-02-29T23:59:59.9Z", "1970-01-01T00:00:00.000000001Z"} {
		want, err := time.Parse(time.RFC3339Nano, text)
		if got, ok := Time([]byte(text)); err != nil || !ok || got != want.UTC() {
			t.Fatalf("%s gave %v", text, got)
		}
	}
	for _, text := range []string{
		"", "Z", "2024-02-29T00:00:00", "2024-02-29 00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00.Z",
		"2024-01-01T00:00:00.1234567890Z", "2024-01-01T00:00:00+01:00", "2024-01-01T00:00:00.x Z", "20x4-01-01T00:00:00Z",
	} {
		if got, ok := Time([]byte(text)); ok {
			t.Fatalf("%q gave %v", text, got)
		}
	}
}
