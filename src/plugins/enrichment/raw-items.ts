/**
 * The entries of `resources` as they were written. `JSON.parse` would corrupt numbers above 2^53, so that a vertex is cut out
 * of the text of the answer instead of being written anew.
 */

/**
 * The texts of the entries of the top-level array `resources` of a JSON object that is known to be valid, in their order;
 * none when there is no such array. Each is one line: white space between tokens that would break it is left out.
 */
export function rawResources(text: string): readonly string[] {
  let items: readonly string[] = []
  let key = ""
  for (const { start, end } of members(text, text.indexOf("{"))) {
    const token = text.slice(start, end)
    if (key === "") {
      key = token
      continue
    }
    // The last of several keys of the same name wins, as it does with JSON.parse.
    if (JSON.parse(key) === "resources") items = token.startsWith("[") ? entries(text, start) : []
    key = ""
  }
  return items
}

const entries = (text: string, open: number): readonly string[] =>
  members(text, open).map(({ start, end }) => text.slice(start, end).replaceAll(/[\n\r\t]/g, ""))

/** Where the values directly inside the array or object at `open` begin and end; of an object, keys and values in turn. */
function members(text: string, open: number): readonly { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = []
  let depth = 0
  let start = -1
  let last = open
  for (let at = open; at >= 0 && at < text.length; at++) {
    const char = text[at]!
    if (char === " " || char === "\n" || char === "\r" || char === "\t") continue
    if ((char === "," || char === ":") && depth === 1) {
      found.push({ start, end: last + 1 })
      start = -1
      continue
    }
    if (char === "]" || char === "}") depth--
    if (depth === 0 && at > open) {
      if (start >= 0) found.push({ start, end: last + 1 })
      return found
    }
    if (depth === 1 && start < 0 && at > open) start = at
    if (char === "[" || char === "{") depth++
    if (char === '"') at = endOfString(text, at)
    last = at
  }
  return found
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1
  return at
}
