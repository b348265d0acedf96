/** How the container's own log looks; the platform is given every line of it as well. */
import type { Env } from "../../core/config/read.ts"
import type { LogOptions } from "../../core/telemetry/logging.ts"

const levels: readonly string[] = ["debug", "info", "warn", "error"] satisfies LogOptions["level"][]
const formats: readonly string[] = ["pretty", "logfmt", "json"] satisfies LogOptions["format"][]

/** `AKONIS_LOG_LEVEL` and `AKONIS_LOG_FORMAT`, before there is a configuration that would refuse a wrong one. */
export const logOptions = ({
  AKONIS_LOG_LEVEL: level = "info",
  AKONIS_LOG_FORMAT: format = "logfmt",
}: Env): LogOptions => ({
  level: levels.includes(level) ? (level as LogOptions["level"]) : "info",
  format: formats.includes(format) ? (format as LogOptions["format"]) : "logfmt",
})
