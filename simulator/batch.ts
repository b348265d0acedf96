import { isAscii, isUtf8 } from "node:buffer"

const key_member = /"intake_key"\s*:\s*"([^"]*)"/
/** Within a string, where every quote is escaped. */
const escaped_offset = /\\"offset\\"\s*:\s*(\d{1,15})\b/g

/** A batch read twice: quickly, and, only if need be, as the text that it is. */
export interface Batch {
  readonly intake_key: string
  /**
   * The events as strings that `encoding` turns into their bytes. Where the body holds more than ASCII, one character
   * stands for one byte: that is parsed three times as fast as text.
   */
  readonly events: readonly string[]
  readonly encoding: "utf8" | "latin1"
  /** The events as text. */
  texts(): readonly string[]
}

/** Reads the body of a batch; undefined if it is none. */
export function parseBatch(body: Uint8Array): Batch | undefined {
  if (!isUtf8(body)) return undefined
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const parsed = parseBody(bytes.toString("latin1"))
  if (parsed === undefined) return undefined
  const { intake_key, jsons } = parsed
  if (isAscii(body)) return { intake_key, events: jsons, encoding: "utf8", texts: () => jsons }
  let texts: readonly string[] | undefined
  const parseTexts = () => {
    texts ??= parseBody(bytes.toString("utf8"))?.jsons ?? []
    return texts
  }
  return { intake_key, events: jsons, encoding: "latin1", texts: parseTexts }
}

function parseBody(text: string): { intake_key: string; jsons: string[] } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== "object" || value === null || !("intake_key" in value) || !("jsons" in value)) return undefined
    const { intake_key, jsons } = value
    if (typeof intake_key !== "string" || !Array.isArray(jsons)) return undefined
    return jsons.every((event) => typeof event === "string") ? { intake_key, jsons } : undefined
  } catch {
    return undefined
  }
}

/** What a batch holds at first sight: the key, and every number that may be the offset of an event. */
export function skimBatch(body: Uint8Array): { intake_key: string | undefined; offsets: number[] } {
  const characters = Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1")
  const offsets: number[] = []
  for (const [, digits] of characters.matchAll(escaped_offset)) offsets.push(Number(digits))
  return { intake_key: key_member.exec(characters)?.[1], offsets }
}
