"""How schemathesis makes bodies that are not JSON, and finds the pool that is there."""

import json

import schemathesis


@schemathesis.serializer("application/jsonl")
def json_lines(context, value):
    if isinstance(value, bytes):
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "surrogatepass")


@schemathesis.serializer("application/x-plasmite-lite3")
def lite3(context, value):
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "surrogatepass")


turn = 0


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    global turn
    turn += 1
    if path_parameters and "pool" in path_parameters and turn % 2:
        path_parameters = {**path_parameters, "pool": "lab"}
    return path_parameters


@schemathesis.hook
def map_headers(context, headers):
    # A made-up id is no pool's: with it there is nothing but 404.
    if headers and turn % 8:
        headers = {name: headers[name] for name in headers if name.lower() != "plasmite-pool-id"}
    return headers
