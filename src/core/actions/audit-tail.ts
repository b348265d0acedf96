/** The newest lines of an audit log, without reading all of it. */
import { Effect, FileSystem } from "effect"
import { jsonObject } from "../json-object.ts"
import { status as limits } from "../limits/operator.ts"
import type { AuditLine } from "./audit.ts"
import { file_name } from "./audit.ts"

/** The newest first; none where there is no log, or it cannot be read: `Audit.ready` tells of that. */
export const readAuditTail = (data_dir: string): Effect.Effect<readonly AuditLine[], never, FileSystem.FileSystem> =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.open(`${data_dir}/${file_name}`, { flag: "r" })
      const { size } = yield* file.stat
      const from = Math.max(0, Number(size) - limits.audit_bytes_max)
      const bytes = new Uint8Array(Math.min(Number(size), limits.audit_bytes_max))
      yield* file.seek(BigInt(from), "start")
      const got = Number(yield* file.read(bytes))
      const lines = Buffer.from(bytes.subarray(0, got)).toString("utf8").split("\n")
      // Where it was cut, the first one is not whole.
      const whole = from > 0 ? lines.slice(1) : lines
      return whole.flatMap(parsed).slice(-limits.audit_lines_max).reverse()
    }),
  ).pipe(Effect.orElseSucceed(() => []))

const parsed = (line: string): readonly AuditLine[] => {
  const value = jsonObject(line)
  return typeof value?.at === "string" && typeof value.action === "string" ? [value as unknown as AuditLine] : []
}
