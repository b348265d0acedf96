/** Reads `OTEL_EXPORTER_OTLP_HEADERS`. */
import { hideInLogs, percentDecoded } from "../redact.ts"
import { secret_chars_min } from "../secret-forms.ts"

/**
 * `name=value,name=value` with values in percent encoding, as OpenTelemetry's specification says, to headers. Every value is hidden in
 * logs from then on. A pair that cannot be a header is left out.
 */
export const readHeaders = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text.split(",").flatMap((pair): [string, string][] => {
      const at = pair.indexOf("=")
      const name = pair.slice(0, Math.max(at, 0)).trim().toLowerCase()
      const value = percentDecoded(pair.slice(at + 1).trim())
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e]*$/.test(value)) return []
      if (value.length >= secret_chars_min) hideInLogs(value)
      return [[name, value]]
    }),
  )
