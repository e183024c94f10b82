package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// object and so on: JSON values are as encoding/json decodes them, with json.Number.
type object = map[string]any

// stepError is a step that is wrong, or an expectation that did not hold.
type stepError string

func (e stepError) Error() string { return string(e) }

func wrong(format string, args ...any) { panic(stepError(fmt.Sprintf(format, args...))) }

func parse(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

func show(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	if text := strings.TrimSpace(out.String()); len(text) < 400 {
		return text
	}
	return out.String()[:400] + "..."
}

var digits = regexp.MustCompile(`^-?[0-9]+$`)

// exact is the integer of {"$json": digits}, or the value itself.
func exact(value any) any {
	if wrapped, ok := value.(object); ok && len(wrapped) == 1 {
		if text, ok := wrapped["$json"].(string); ok && digits.MatchString(text) {
			return json.Number(text)
		}
	}
	return value
}

func integer(number uint64) json.Number { return json.Number(strconv.FormatUint(number, 10)) }

// wrapped writes integers that are not safe as doubles as {"$json": digits}, for captures.
func wrapped(value any) any {
	switch value := value.(type) {
	case json.Number:
		if number, ok := new(big.Int).SetString(value.String(), 10); ok && number.CmpAbs(big.NewInt(1<<53-1)) > 0 {
			return object{"$json": value.String()}
		}
	case []any:
		all := make([]any, len(value))
		for i := range value {
			all[i] = wrapped(value[i])
		}
		return all
	case object:
		all := object{}
		for key, inner := range value {
			all[key] = wrapped(inner)
		}
		return all
	}
	return value
}

func lookup(path string, captures object) any {
	parts := strings.Split(path, ".")
	value, ok := captures[parts[0]]
	if !ok {
		wrong("nothing was kept as %q", parts[0])
	}
	for _, part := range parts[1:] {
		switch container := value.(type) {
		case object:
			value, ok = container[part]
		case []any:
			index, err := strconv.Atoi(part)
			if ok = err == nil && index >= 0 && index < len(container); ok {
				value = container[index]
			}
		default:
			ok = false
		}
		if !ok {
			wrong("%q is not there: no %q in %s", path, part, show(value))
		}
	}
	return exact(value)
}

// replaced is the value with every reference and every joined text in it replaced.
func replaced(value any, captures object) any {
	switch value := value.(type) {
	case []any:
		all := make([]any, len(value))
		for i := range value {
			all[i] = replaced(value[i], captures)
		}
		return all
	case object:
		if path, ok := value["$"].(string); ok {
			found := lookup(path, captures)
			if value["+"] == nil {
				return found
			}
			sum, ok := new(big.Int).SetString(fmt.Sprint(found), 10)
			plus, ok2 := new(big.Int).SetString(fmt.Sprint(value["+"]), 10)
			if !ok || !ok2 {
				wrong("%s is no sum of integers", show(value))
			}
			return json.Number(sum.Add(sum, plus).String())
		}
		if parts, ok := value["$cat"].([]any); ok {
			var text strings.Builder
			for _, part := range replaced(parts, captures).([]any) {
				times := 1
				if pair, ok := part.([]any); ok {
					part = pair[0]
					times, _ = strconv.Atoi(fmt.Sprint(pair[1]))
				}
				text.WriteString(strings.Repeat(fmt.Sprint(part), times))
			}
			return text.String()
		}
		all := object{}
		for key, inner := range value {
			all[key] = replaced(inner, captures)
		}
		return all
	}
	return value
}

func rational(value any) (*big.Rat, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return nil, false
	}
	return new(big.Rat).SetString(number.String())
}

func compared(a, b any) (int, bool) {
	x, ok := rational(a)
	y, ok2 := rational(exact(b))
	if !ok || !ok2 {
		return 0, false
	}
	return x.Cmp(y), true
}

func hasType(name any, value any) bool {
	switch value := value.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case json.Number:
		return name == "number" || name == "integer" && digits.MatchString(value.String())
	case string:
		return name == "string"
	case []any:
		return name == "array"
	}
	return name == "object"
}

var instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$`)

// absent is what an object has no member for.
type absent struct{}

func matches(matcher string, given, actual any) bool {
	text, isText := actual.(string)
	list, isList := actual.([]any)
	switch matcher {
	case "$any":
		return true
	case "$type":
		return hasType(given, actual)
	case "$ge":
		order, ok := compared(actual, given)
		return ok && order >= 0
	case "$le":
		order, ok := compared(actual, given)
		return ok && order <= 0
	case "$rfc3339":
		return isText && instant.MatchString(text)
	case "$contains":
		for _, element := range list {
			if mismatch(given, element, true, false, "") == "" {
				return true
			}
		}
		part, ok := given.(string)
		return isText && ok && strings.Contains(text, part)
	case "$regex":
		expression, err := regexp.CompilePOSIX(given.(string))
		if err != nil {
			wrong("bad expression %s: %v", show(given), err)
		}
		return isText && expression.MatchString(text)
	case "$json":
		number, ok := actual.(json.Number)
		return ok && number.String() == given
	case "$unordered":
		return isList && len(list) == len(given.([]any)) && pairs(given.([]any), list)
	case "$len":
		length := len(text)
		if isList {
			length = len(list)
		} else if members, ok := actual.(object); ok {
			length = len(members)
		} else if !isText {
			return false
		}
		return fmt.Sprint(given) == strconv.Itoa(length)
	}
	wrong("unknown matcher %q", matcher)
	return false
}

// pairs tells whether each pattern finds an element of its own.
func pairs(patterns, actual []any) bool {
	if len(patterns) == 0 {
		return true
	}
	for i, element := range actual {
		rest := append(append([]any{}, actual[:i]...), actual[i+1:]...)
		if mismatch(patterns[0], element, true, false, "") == "" && pairs(patterns[1:], rest) {
			return true
		}
	}
	return false
}

// mismatch is empty when the actual value matches the pattern, else it says what is wrong.
func mismatch(pattern, actual any, matchers, exactly bool, where string) string {
	bad := fmt.Sprintf("%s: expected %s, got %s", strings.TrimPrefix("the result."+where, "."), show(pattern), show(actual))
	_, isAbsent := actual.(absent)
	switch pattern := pattern.(type) {
	case object:
		if matchers && len(pattern) == 1 {
			for key, given := range pattern {
				if strings.HasPrefix(key, "$") {
					if isAbsent || !matches(key, given, actual) {
						return bad
					}
					return ""
				}
			}
		}
		members, ok := actual.(object)
		if !ok || exactly && len(members) != len(pattern) {
			return bad
		}
		for key, inner := range pattern {
			value, ok := members[key]
			if !ok {
				value = absent{}
			}
			if found := mismatch(inner, value, matchers, exactly || key == "data", where+"."+key); found != "" {
				return found
			}
		}
		return ""
	case []any:
		elements, ok := actual.([]any)
		if !ok || len(elements) != len(pattern) {
			return bad
		}
		for i := range pattern {
			if found := mismatch(pattern[i], elements[i], matchers, exactly, where+"."+strconv.Itoa(i)); found != "" {
				return found
			}
		}
		return ""
	case json.Number:
		if order, ok := compared(actual, pattern); ok && order == 0 {
			return ""
		}
		return bad
	}
	if isAbsent || actual != pattern {
		return bad
	}
	return ""
}

// errorMismatch is empty when an error {kind, message, path, seq, offset} is the expected one.
func errorMismatch(expected, failure object) string {
	kinds, ok := expected["kind"].([]any)
	if !ok {
		kinds = []any{expected["kind"]}
	}
	found := false
	for _, kind := range kinds {
		found = found || kind == failure["kind"]
	}
	if !found {
		return fmt.Sprintf("expected the error %s, got %s", show(expected["kind"]), show(failure))
	}
	for _, field := range []string{"path", "seq", "offset"} {
		if has, ok := expected["has_"+field].(bool); ok && has != (failure[field] != nil) {
			return fmt.Sprintf("has_%s should be %v: %s", field, has, show(failure))
		}
	}
	if part, ok := expected["message_contains"].(string); ok && !strings.Contains(failure["message"].(string), part) {
		return fmt.Sprintf("the message should contain %q: %s", part, show(failure))
	}
	if end, ok := expected["path_ends"].(string); ok && !strings.HasSuffix(fmt.Sprint(failure["path"]), end) {
		return fmt.Sprintf("the path should end in %q: %s", end, show(failure))
	}
	if seq, ok := expected["seq"]; ok {
		return mismatch(seq, failure["seq"], true, false, "error.seq")
	}
	return ""
}

// outcomeMismatch is empty when a result, or an error, is one of the expected outcomes.
func outcomeMismatch(expect, result any, failure object, matchers bool) (found string) {
	outcomes, ok := expect.([]any)
	if !ok {
		outcomes = []any{expect}
	}
	for _, outcome := range outcomes {
		expected, _ := outcome.(object)["error"].(object)
		switch {
		case expected["kind"] != nil && failure == nil:
			found = fmt.Sprintf("expected the error %s, got %s", show(expected["kind"]), show(result))
		case expected["kind"] != nil:
			found = errorMismatch(expected, failure)
		case failure != nil:
			found = "failed: " + show(failure)
		default:
			found = mismatch(outcome, result, matchers, false, "")
		}
		if found == "" {
			return ""
		}
	}
	return found
}
