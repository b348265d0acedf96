/**
 * The memory of what a feed gives. A piece that has been used up is freed by hand instead of being left to the garbage collector: that
 * comes late, since the heap looks small from where it stands, and until then every piece takes fresh pages. Measured at a third
 * of the CPU per event and half of the memory (docs/decisions/0005).
 */
const alone = new WeakSet<ArrayBufferLike>()

/** The first `size` of these bytes, the others being used up; never a `Buffer`, whose `slice` would not copy. */
export const pieceOf = (bytes: Uint8Array, size: number): Uint8Array => {
  if (bytes.byteLength === bytes.buffer.byteLength) alone.add(bytes.buffer)
  return new Uint8Array(bytes.buffer, bytes.byteOffset, size)
}

/** Frees the memory of a piece that nobody reads any more; does nothing where other bytes may lie beside it. */
export const freePiece = ({ buffer, byteLength }: Uint8Array): void => {
  if (buffer instanceof ArrayBuffer && (buffer.byteLength === byteLength || alone.has(buffer))) buffer.transfer(0)
}
