/** The values of an event. A `bigint` is written digit for digit, a `Slot` is left open for `render`. */
export type Json = null | boolean | number | bigint | string | Slot | Json[] | JsonObject
export type JsonObject = { [key: string]: Json }

/** The two values of an event that are only known when it is sent. */
export type SlotName = "offset" | "created_ms"

/** The place of a value that `render` writes. */
export class Slot {
  readonly name: SlotName
  constructor(name: SlotName) {
    this.name = name
  }
}

/** What JSON leaves to whoever writes it. */
export interface Style {
  /** `&`, `<` and `>` as \u0026, \u003c and \u003e, as Go writes them. */
  readonly escapes_html: boolean
  /** Everything outside ASCII as \uXXXX. */
  readonly ascii: boolean
  readonly colon: ":" | ": "
}

/** The JSON text of a value, cut at its slots: always one more part than slots. It never holds a raw control character. */
interface Encoded {
  readonly parts: readonly string[]
  readonly slots: readonly SlotName[]
}

/** Writes a value as JSON. A number that a double cannot hold exactly is refused: such numbers are `bigint`. */
export function encode(value: Json, style: Style): Encoded {
  const parts: string[] = []
  const slots: SlotName[] = []
  let text = ""

  const write = (value: Json): void => {
    if (value instanceof Slot) {
      parts.push(text)
      slots.push(value.name)
      text = ""
    } else if (Array.isArray(value)) {
      text += "["
      value.forEach((item, index) => {
        if (index > 0) text += ","
        write(item)
      })
      text += "]"
    } else if (typeof value === "object" && value !== null) {
      text += "{"
      Object.entries(value).forEach(([key, member], index) => {
        if (index > 0) text += ","
        text += `${encodeString(key, style)}${style.colon}`
        write(member)
      })
      text += "}"
    } else if (typeof value === "string") text += encodeString(value, style)
    else if (typeof value === "number") text += encodeNumber(value)
    else text += String(value)
  }

  write(value)
  parts.push(text)
  return { parts, slots }
}

function encodeNumber(value: number): string {
  const exact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)
  if (!exact) throw new Error(`${value} has no exact JSON number: use a bigint`)
  return String(value)
}

function encodeString(value: string, style: Style): string {
  const text = JSON.stringify(value)
  const safe = style.escapes_html ? text.replace(/[&<>]/g, escapeUnit) : text
  return style.ascii ? safe.replace(/[\u0080-\uffff]/g, escapeUnit) : safe
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
}
