/** What we say ourselves in a text that also quotes others: an intake or a page may repeat the event that it refuses. */

/** The text without what stands in quotes, without JSON and markup, and without what a server said behind its status. */
export const ownWords = (text: string): string =>
  text
    .replaceAll(/"[^"\n]*("|$)/g, '"…"')
    .replaceAll(/(answered \d{3}[^:;\n]*): [^\n]*/g, "$1: …")
    .replaceAll(/[{<[][^\n]*/g, "…")
