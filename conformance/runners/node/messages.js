// Messages as the format has them, going in and coming out.

const { need } = require("./errors.js");
const { Failure, small } = require("./values.js");

const MARK = ']},"data":';

function messageOf(message) {
  const raw = message.raw.toString();
  const { timeRfc3339: time, tags, data } = message;
  return { seq: small(message.seq), time, tags: [...tags], data, raw, data_text: raw.slice(raw.indexOf(MARK) + MARK.length, -1) };
}

/** What an input gives to append: bytes for JSON text, else the value. */
function payloadOf(given, version) {
  if ("hex" in given) return Buffer.from(given.hex, "hex");
  const data = need(given, "data");
  const exact =
    version === 1 && typeof data === "object" && data !== null && Object.keys(data).length === 1 && typeof data.$json === "string";
  return exact ? Buffer.from(data.$json) : data;
}

function checkOrder(messages, backwards) {
  for (let i = 1; i < messages.length; i++) {
    const [before, after] = [messages[i - 1].seq, messages[i].seq];
    if (backwards ? before <= after : before >= after) throw new Failure(`the seqs do not ${backwards ? "fall" : "rise"}`);
  }
  return messages;
}

module.exports = { checkOrder, messageOf, payloadOf };
