"""What the suite consists of: its manifests, the features they need, and the hosts that are declared."""

import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

OP_FEATURES = {
    "open_tail": "streams", "next": "streams", "cancel": "cancel", "ensure_pool": "ensure_pool", "check_pools": "check_pools",
    "migrate_pool": "migrate_pool", "append_batch": "append_batch", "flush": "flush", "replay": "replay", "parallel": "parallel",
    "fork": "fork", "spawn": "spawn", "cli": "cli", "append_lite3": "lite3", "get_lite3": "lite3", "connect": "connect",
}
INPUT_FEATURES = {
    "encoding": "lite3", "read_only": "read_only", "index_capacity": "index_capacity", "where": "where", "snapshot": "snapshot",
    "time": "own_time", "expect_newest": "expect_newest", "lock_wait_ms": "lock_wait", "start": "start", "end_seq": "range",
    "backwards": "range", "hex": "bytes", "token": "token", "token_file": "token",
}
TAILS = ("open_tail", "tail", "replay")
POOL_MAKERS = ("create_pool", "ensure_pool", "open_pool")
# What a host can lack but no step shows.
UNDERIVED = {"use_after_close", "close_while_waiting", "signals", "replay_at_once", "large"}
TARGETS = ("local", "remote")
# Version 0 has no word for where a manifest makes sense.
LOCAL_ONLY = {"retention-gap": "A tail of a server has read ahead, so that a few messages do not overtake it: see remote-gap."}


def manifests():
    """All manifests, by name: version 0 first."""
    found = {}
    for path in sorted(HERE.glob("manifests/v[01]/*.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["name"] in found or (manifest["conformance_version"] == 1 and manifest["name"] != path.stem):
            raise SystemExit(f"{path}: its name must be that of its file, and no other's")
        manifest["path"] = path
        found[manifest["name"]] = manifest
    return found


def hosts():
    """All declared hosts, by name."""
    declared = {}
    for path in sorted(HERE.glob("hosts/*.json")):
        host = json.loads(path.read_text(encoding="utf-8"))
        unknown = set(host) - {"host", "targets", "suffix", "build", "command", "lacks", "skips"}
        targets = host.get("targets") or ["none"]
        if host.get("host") != path.stem or set(targets) - set(TARGETS) or not host.get("command") or unknown:
            raise SystemExit(f"{path}: needs host (the file's name), targets (local, remote) and command; unknown: {sorted(unknown)}")
        for reason in [*host.setdefault("lacks", {}).values(), *host.setdefault("skips", {}).values()]:
            if len(reason.split()) < 3:
                raise SystemExit(f"{path}: {reason!r} is no reason")
        declared[path.stem] = host
    return declared


def is_peer(step):
    return step["op"] == "spawn" and step["input"]["host"] == "peer"


def steps_of(steps):
    """Every step, those inside others too, but for those that a peer runs."""
    for step in steps:
        yield step
        if not is_peer(step):
            yield from steps_of(step.get("steps", []))
        for branch in step.get("branches", []):
            yield from steps_of(branch)


def peer_steps(manifest):
    return [inner for step in manifest["steps"] if is_peer(step) for inner in step["steps"]]


def has_member(pattern, names):
    if isinstance(pattern, dict):
        return any(key in names or (key != "data" and has_member(value, names)) for key, value in pattern.items())
    return isinstance(pattern, list) and any(has_member(value, names) for value in pattern)


def refers_to(value, names):
    """Whether a reference inside the value ends in one of the names."""
    if isinstance(value, dict):
        if isinstance(value.get("$"), str):
            return value["$"].rsplit(".", 1)[-1] in names
        return any(refers_to(inner, names) for inner in value.values())
    return isinstance(value, list) and any(refers_to(inner, names) for inner in value)


def features(steps):
    """The features that steps show."""
    used = set()
    for step in steps_of(steps):
        op, given = step["op"], step.get("input", {})
        used.add(OP_FEATURES.get(op))
        if op in POOL_MAKERS and "keep" in step:
            used.add("handles")
        if op not in ("file", "append_lite3"):
            used.update(INPUT_FEATURES[name] for name in given if name in INPUT_FEATURES)
        if op == "append_batch" and has_member(given, {"hex"}):
            used.add("bytes")
        if op in TAILS and "tags" in given:
            used.add("tags")
        if op in TAILS and given.get("gap") in ("error", "event"):
            used.add("gap_" + given["gap"])
        if op in ("next", "tail") and has_member(step.get("expect"), {"end"}):
            used.add("end_reason")
        if op in ("next", "tail", "get", "replay") and (
            has_member(step.get("expect"), {"raw", "data_text"}) or refers_to(step, {"raw", "data_text"})
        ):
            used.add("raw")
    return used - {None}


def targets_of(manifest):
    """Where a manifest makes sense."""
    if manifest["name"] in LOCAL_ONLY:
        return ("local",)
    return manifest.get("targets", TARGETS) if manifest["conformance_version"] == 1 else TARGETS


def declared(manifest, needs, host, target):
    """Why a host does not run a manifest, by its declaration; None when it does. `NAME@TARGET` holds for that target alone."""
    for name in (manifest["name"], f"{manifest['name']}@{target}"):
        if name in host["skips"]:
            return host["skips"][name]
    for feature in (target, *needs):
        for name in (feature, f"{feature}@{target}"):
            if name in host["lacks"]:
                return f"{feature}: {host['lacks'][name]}"
    return None


def can_be_peer(manifest, host, target):
    return target in host["targets"] and declared(manifest, manifest.get("peer_needs", []), host, target) is None


def applies(manifest, name, host, target):
    """None when the host runs the manifest; else ("n/a" or "skip", reason)."""
    if target not in targets_of(manifest):
        return "n/a", manifest.get("local_only", LOCAL_ONLY.get(manifest["name"], "It is about servers."))
    if name not in manifest.get("hosts", [name]):
        return "n/a", "made for " + ", ".join(manifest["hosts"])
    reason = declared(manifest, manifest.get("needs", []), host, target)
    return None if reason is None else ("skip", reason)
