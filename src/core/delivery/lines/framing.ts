/** How events stand in the body of a post: one of these for each kind of destination. */
export interface Framing {
  /** Each event is written as the inside of a JSON string, between the quotes that head, separator and tail bring. Else as it came. */
  readonly escapes: boolean
  /** Between two events. */
  readonly separator: Uint8Array
  /** Behind the last event. */
  readonly tail: Uint8Array
  /** Room that is left in front of the events for the head, so that a body with a head of that size is posted without copying. */
  readonly head_bytes_max: number
  /** Events in one body. */
  readonly events_max: number
  /** Bytes of the events in one body, as they stand there, separators included. */
  readonly bytes_max: number
  /** Unicode characters of one event, as Falcon sent it; a longer one goes to the dead letters. */
  readonly event_chars_max: number
}

/** Writes a few bytes at a place of a buffer, without the view that `Uint8Array.set` of a part would need. */
export const write = (bytes: Uint8Array, out: Uint8Array, at: number): void => {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]!
}
