// Tags in a field: commas stand between them. One with a comma, a quote before it or blanks around it is written as in JSON.

export function shownTags(tags) {
  return tags.map((tag) => (/^"|[,\u0000-\u001f]/.test(tag) || tag.trim() !== tag ? JSON.stringify(tag) : tag)).join(", ");
}

export function readTags(text) {
  const parts = text.match(/\s*"(?:[^"\\]|\\.)*"\s*(?=,|$)|[^,]+/g) ?? [];
  return parts.map((part) => unquoted(part.trim())).filter((tag) => tag !== "");
}

function unquoted(text) {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
