"""References and patterns: what format.md says in its sections 3 and 4. No SDK, no files."""

import re

ABSENT = object()


class Failure(Exception):
    """An expectation that did not hold, or a step that is wrong."""


def shown(value):
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 400 else text[:400] + "…"


def unsafe(value):
    """The integer of {"$json": digits}, else the value itself."""
    if isinstance(value, dict) and set(value) == {"$json"} and re.fullmatch(r"-?[0-9]+", value["$json"]):
        return int(value["$json"])
    return value


def lookup(path, captures):
    name, *parts = path.split(".")
    if name not in captures:
        raise Failure(f"nothing was kept as {name!r}")
    value = captures[name]
    for part in parts:
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, ValueError, TypeError):
            raise Failure(f"{path!r} is not there: no {part!r} in {shown(value)}") from None
    return unsafe(value)


def replace(value, captures):
    """The value with every reference and every joined text in it replaced."""
    if isinstance(value, list):
        return [replace(inner, captures) for inner in value]
    if not isinstance(value, dict):
        return value
    if "$" in value:
        return lookup(value["$"], captures) + value["+"] if "+" in value else lookup(value["$"], captures)
    if "$cat" in value:
        parts = (part if isinstance(part, list) else [part, 1] for part in replace(value["$cat"], captures))
        return "".join(str(text) * times for text, times in parts)
    return {key: replace(inner, captures) for key, inner in value.items()}


def kind_of(value):
    if value is None:
        return {"null"}
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int):
        return {"integer", "number"}
    return {{float: "number", str: "string", list: "array", dict: "object"}[type(value)]}


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


MATCHERS = {
    "$any": lambda given, actual: True,
    "$type": lambda given, actual: given in kind_of(actual),
    "$ge": lambda given, actual: number(actual) and actual >= unsafe(given),
    "$le": lambda given, actual: number(actual) and actual <= unsafe(given),
    "$rfc3339": lambda given, actual: isinstance(actual, str)
    and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z", actual),
    "$contains": lambda given, actual: (isinstance(actual, str) and isinstance(given, str) and given in actual)
    or (isinstance(actual, list) and any(mismatch(given, element) is None for element in actual)),
    "$regex": lambda given, actual: isinstance(actual, str) and re.search(given, actual),
    "$json": lambda given, actual: type(actual) is int and str(actual) == given,
    "$unordered": lambda given, actual: isinstance(actual, list) and len(given) == len(actual) and pairs(given, list(actual)),
    "$len": lambda given, actual: isinstance(actual, (str, list, dict))
    and len(actual.encode() if isinstance(actual, str) else actual) == given,
}


def pairs(patterns, actual):
    """Whether each pattern finds an element of its own."""
    if not patterns:
        return True
    return any(
        mismatch(patterns[0], element) is None and pairs(patterns[1:], actual[:at] + actual[at + 1 :])
        for at, element in enumerate(actual)
    )


def mismatch(pattern, actual, matchers=True, exact=False, where=""):
    """None when the actual value matches the pattern, else what is wrong."""
    wrong = f"{where or 'the result'}: expected {shown(pattern)}, got {'nothing' if actual is ABSENT else shown(actual)}"
    if isinstance(pattern, dict):
        if matchers and len(pattern) == 1 and next(iter(pattern)).startswith("$"):
            name, given = next(iter(pattern.items()))
            if name not in MATCHERS:
                raise Failure(f"unknown matcher {name!r}")
            return None if actual is not ABSENT and MATCHERS[name](given, actual) else wrong
        if not isinstance(actual, dict) or (exact and set(pattern) != set(actual)):
            return wrong
        for key, inner in pattern.items():
            found = mismatch(inner, actual.get(key, ABSENT), matchers, exact or key == "data", f"{where}.{key}".lstrip("."))
            if found:
                return found
        return None
    if isinstance(pattern, list):
        if not isinstance(actual, list) or len(pattern) != len(actual):
            return wrong
        each = (mismatch(inner, element, matchers, exact, f"{where}.{at}") for at, (inner, element) in enumerate(zip(pattern, actual)))
        return next((found for found in each if found), None)
    if number(pattern):
        return None if number(actual) and actual == pattern else wrong
    return None if type(actual) is type(pattern) and actual == pattern else wrong


def error_mismatch(expected, error):
    """None when an error (kind, message, path, seq, offset) is the expected one."""
    kinds = expected["kind"] if isinstance(expected["kind"], list) else [expected["kind"]]
    if error["kind"] not in kinds:
        return f"expected the error {' or '.join(kinds)}, got {shown(error)}"
    for field in ("path", "seq", "offset"):
        if f"has_{field}" in expected and expected[f"has_{field}"] != (error[field] is not None):
            return f"the error should {'' if expected[f'has_{field}'] else 'not '}have a {field}: {shown(error)}"
    if expected.get("message_contains", "") not in error["message"]:
        return f"the message should contain {expected['message_contains']!r}: {shown(error)}"
    if not (error["path"] or "").endswith(expected.get("path_ends", "")):
        return f"the path should end in {expected['path_ends']!r}: {shown(error)}"
    return mismatch(expected["seq"], error["seq"], where="error.seq") if "seq" in expected else None


def outcome_mismatch(expect, result, error, matchers=True):
    """None when a step's result, or its error, is one of the expected outcomes."""
    found = None
    for outcome in expect if isinstance(expect, list) else [expect]:
        wants_error = isinstance(outcome.get("error"), dict) and "kind" in outcome["error"]
        if wants_error and error is None:
            found = f"expected the error {shown(outcome['error']['kind'])}, got {shown(result)}"
        elif error is not None and not wants_error:
            found = f"failed: {shown(error)}"
        else:
            found = error_mismatch(outcome["error"], error) if wants_error else mismatch(outcome, result, matchers)
        if found is None:
            return None
    return found
