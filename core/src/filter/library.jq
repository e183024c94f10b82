# What jq has and the engine's libraries lack, or do otherwise.

def test(re; flags): test_(re; flags);
def test($re): if ($re | type) == "array" then test_($re[0]; $re[1]) else test_($re; null) end;
def match($re): if ($re | type) == "array" then match($re[0]; $re[1] // "") else match($re; "") end;
def capture_of_match: map(select(.name) | {(.name): .string}) | add + {};
def capture(re; flags): matches(re; flags)[] | capture_of_match;
def capture($re): if ($re | type) == "array" then capture($re[0]; $re[1] // "") else capture($re; "") end;
def scan_(re; flags): matches(re; flags)[] | [.[].string] | if length > 1 then .[1:] else .[0] end;
def scan(re; flags): scan_(re; "g" + flags);
def scan($re): if ($re | type) == "array" then scan($re[0]; $re[1] // "") else scan($re; "") end;

def isboolean: type == "boolean";
def isnumber: type == "number";
def isstring: type == "string";
def isarray: type == "array";
def isobject: type == "object";
def toarray: if isarray then . else [.] end;
def have_literal_numbers: true;
def have_decnum: true;

def add(f): reduce f as $x (null; . + $x);
def trimstr($s): ltrimstr($s) | rtrimstr($s);
def join($s): reduce .[] as $x (null; (if . == null then "" else . + $s end)
  + ($x | if . == null then "" elif isboolean or isnumber then tojson else . end)) // "";
def ascii: [.] | implode;
def flatten: [recurse(arrays[]) | select(isarray | not)];
def flatten($d): if $d < 0 then error("flatten depth must not be negative")
  elif $d > 0 then map(if isarray then flatten($d-1) else [.] end) | add // [] else . end;

def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def JOIN($idx; f): [.[] | [., $idx[f]]];
def JOIN($idx; stream; f): stream | [., $idx[f]];
def JOIN($idx; stream; f; g): stream | [., $idx[f]] | g;
def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def fromstream(f): {x: null, e: false} as $init
  | foreach f as $i ($init;
      if .e then $init else . end
      | if $i | length == 2
        then setpath(["e"]; $i[0] | length == 0) | setpath(["x"] + $i[0]; $i[1])
        else setpath(["e"]; $i[0] | length == 1) end;
      if .e then .x else empty end);
def truncate_stream(stream): . as $n | null | stream | . as $input
  | if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;

def date: todate;
def @csv: if isarray then map(if isnumber then tojson elif . == true then "true" elif . == false then "false"
    elif . == null then "" elif isstring then "\"" + (split("\"") | join("\"\"")) + "\""
    else error("\(type) is not valid in a csv row") end) | join(",")
  else error("\(type) cannot be csv-formatted, only an array can be") end;
def @tsv: if isarray then map(if isnumber then tojson elif . == true then "true" elif . == false then "false"
    elif . == null then "" elif isstring then
      (split("\\") | join("\\\\") | split("\t") | join("\\t") | split("\n") | join("\\n") | split("\r") | join("\\r"))
    else error("\(type) is not valid in a tsv row") end) | join("\t")
  else error("\(type) cannot be tsv-formatted, only an array can be") end;

def date: todate;
def dateadd(u; n): . + n;
def datesub(u; n): . - n;
def leaf_paths: paths(scalars);

# Names of time zones would be looked up in files.
def strptime($format): if $format | names_zone_ then error("time zone names are not available in filters")
  else strptime_($format) end;

# What a format makes can be far longer than it.
def strftime($format): ($format | count_format_) as $counted | strftime_($format);
