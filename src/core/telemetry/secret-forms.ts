/** How a secret looks once somebody has encoded it, and how its forms are cut out of a text. */

/** A configured secret has at least so many characters: a shorter one could be guessed, and would be cut out of ordinary words. */
export const secret_chars_min = 8

/** A secret of so many characters is cut out wherever it occurs, since no word is that long. Shorter ones only as whole words. */
const distinct_chars_min = 16

const redacted_mark = "<redacted>"

/**
 * The texts that a server may answer with after it was sent `secret`: as it is; percent-encoded as URLs, forms and RFC 3986
 * have it; escaped as JSON writers have it (Go writes `<`, `>` and `&` as `\u003c`, PHP `/` as `\/`, Python what is no ASCII
 * as `\u…`); escaped for HTML. Nothing for a text that is too short to be a secret.
 */
export const secretForms = (secret: string): readonly string[] => {
  if (secret.length < secret_chars_min) return []
  const json = JSON.stringify(secret).slice(1, -1)
  const component = encodeURIComponent(secret.toWellFormed())
  const strict = component.replaceAll(/[!'()*~]/g, percent)
  const encoded = [encodeURI(secret.toWellFormed()), component, strict, component.replaceAll(/[!'()~]/g, percent)]
  const with_plus = encoded.map((form) => form.replaceAll("%20", "+"))
  const lower = [...encoded, ...with_plus].map((form) => form.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()))
  const escaped = [json, json.replaceAll("/", "\\/"), json.replaceAll(/[<>&]/g, unicode)]
  const ascii = escaped.map((form) => form.replaceAll(/[^\x20-\x7e]/g, unicode))
  return [...new Set([secret, ...encoded, ...with_plus, ...lower, ...escaped, ...ascii, html(secret)])]
}

/** The text with every one of `forms` replaced. */
export const withoutForms = (text: string, forms: readonly string[]): string => {
  let clean = text
  for (const form of forms) {
    if (!clean.includes(form)) continue
    clean =
      form.length >= distinct_chars_min
        ? clean.replaceAll(form, redacted_mark)
        : clean.replaceAll(alone(form), redacted_mark)
  }
  return clean
}

/** Where `form` is no part of a longer word. What an escape such as `\n` or `%20` ends is the beginning of a word as well. */
const alone = (form: string): RegExp =>
  new RegExp(`(?:(?<![\\p{L}\\p{N}_-])|(?<=\\\\[bfnrt]|%[0-9A-Fa-f]{2}))${literal(form)}(?![\\p{L}\\p{N}_-])`, "gu")

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")

const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`

const unicode = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
}

const html = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => entities[char]!)
