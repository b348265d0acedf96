import { encode, type Json, type SlotName, type Style } from "./json.ts"

/** One event, encoded once. Its bytes are parts[0] + slot[0] + parts[1] + ... ; no line end included. */
export interface EventTemplate {
  /** metadata.eventType */
  readonly type: string
  /** UTF-8; one more than slots. */
  readonly parts: readonly Uint8Array[]
  /** In the order they occur; each exactly once. */
  readonly slots: readonly SlotName[]
  /** Sum of the parts: the size of a rendered event without the digits of its slots. */
  readonly bytes: number
}

const encoder = new TextEncoder()

/** Encodes an envelope ({metadata, event}) that holds both slots once into a template. */
export function encodeTemplate(type: string, envelope: Json, style: Style): EventTemplate {
  const { parts: texts, slots } = encode(envelope, style)
  const parts = texts.map((text) => encoder.encode(text))
  return { type, parts, slots, bytes: parts.reduce((sum, part) => sum + part.length, 0) }
}

/**
 * The bytes of the event at `offset` of its partition, created at `created_ms` (epoch, milliseconds): one JSON object
 * in UTF-8, without a line end. Both values are integers and are written as plain digits.
 */
export function render(template: EventTemplate, offset: number, created_ms: number): Uint8Array<ArrayBuffer> {
  const digits = template.slots.map((slot) => String(slot === "offset" ? offset : created_ms))
  const digit_bytes = digits.reduce((sum, text) => sum + text.length, 0)
  const bytes = new Uint8Array(template.bytes + digit_bytes)
  let at = 0
  template.parts.forEach((part, index) => {
    bytes.set(part, at)
    at += part.length
    const text = digits[index] ?? ""
    for (let digit = 0; digit < text.length; digit++) bytes[at++] = text.charCodeAt(digit)
  })
  return bytes
}
