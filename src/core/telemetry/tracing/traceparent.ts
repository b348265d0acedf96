/** The header `traceparent` of the W3C's Trace Context: `00-<32 hex of the trace>-<16 hex of the span>-<2 hex of flags>`. */
import { Tracer } from "effect"

const form = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-|$)/

/**
 * The span of a caller; `undefined` for a header that is not of this form, of which the standard wants nothing to be used. Higher
 * versions may say more after what is read here.
 */
export const readTraceparent = (header: string | undefined): Tracer.ExternalSpan | undefined => {
  const [, traceId, spanId, flags] = form.exec(header?.trim() ?? "") ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (header!.trim().startsWith("00") && header!.trim().length !== 55) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}
