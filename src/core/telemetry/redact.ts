/**
 * The last line of defence of secrets: whatever a log line, an error or a problem answer says, the values registered here
 * are cut out of it. The first line is `Redacted`, which never prints its value.
 */
const hidden = new Set<string>()

/** Shorter values are left alone: cutting them out would cut up ordinary words. */
const hidden_chars_min = 8

/** From now on this value never appears in a log. */
export const hideInLogs = (secret: string): void => {
  if (secret.length >= hidden_chars_min) hidden.add(secret)
}

/** The text with every registered secret replaced. */
export const redact = (text: string): string => {
  let clean = text
  for (const secret of hidden) if (clean.includes(secret)) clean = clean.replaceAll(secret, "<redacted>")
  return clean
}
