import type { PoisonKind } from "./options.ts"

const oversize_chars = 300_000
const oversize_line_bytes = 8 * 1024 * 1024 + 4096

const encoder = new TextEncoder()

/** An intact event turned into a harmful one. Its offset stays readable wherever the kind allows that. */
export function poisoned(kind: PoisonKind, event: Uint8Array, offset: number): Uint8Array {
  switch (kind) {
    case "malformed":
      return event.subarray(0, event.length - 1)
    case "truncated":
      return event.subarray(0, Math.ceil(event.length / 2))
    case "not_object":
      return encoder.encode(`[{"metadata":{"offset":${offset}}}]`)
    case "oversize_chars":
      return padded(event, oversize_chars)
    case "oversize_line":
      return padded(event, oversize_line_bytes)
    case "invalid_utf8":
      return withMember(event, Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0xff))
    case "intake_refuses":
    case "intake_too_large":
      return event
  }
}

/** The event grown to at least `length` bytes. */
function padded(event: Uint8Array, length: number): Uint8Array {
  return withMember(event, new Uint8Array(Math.max(0, length - event.length)).fill(0x78))
}

/** The event with one more member at its end, a string of these bytes. */
function withMember(event: Uint8Array, value: Uint8Array): Uint8Array {
  const body = event.subarray(0, event.lastIndexOf(0x7d))
  const pieces = [body, encoder.encode(',"padding":"'), value, encoder.encode('"}')]
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let end = 0
  for (const piece of pieces) {
    whole.set(piece, end)
    end += piece.length
  }
  return whole
}
