/** What other programs leave for us: files of the data folder, and headers that say when to come back. */
import { expect } from "bun:test"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { Cause, Effect, Exit, Layer, Result } from "effect"
import fc from "fast-check"
import { purge, readDeadLetters, replay } from "../../src/core/delivery/dead-letter-files.ts"
import { DeadLetters, rawBytes } from "../../src/core/delivery/dead-letters.ts"
import type { Destination } from "../../src/core/delivery/destination.ts"
import { retryAfterMs } from "../../src/core/http/client/retry-after.ts"
import { retry } from "../../src/core/limits.ts"
import { intake_framing } from "../../src/core/sekoia/intake.ts"
import { layerFiles } from "../../src/core/store/files.ts"
import { Offsets } from "../../src/core/store/offsets.ts"
import { Tenant } from "../../src/core/tenant/identity.ts"
import { type FuzzCase, fuzzCase } from "./fuzz-case.ts"

/** A data folder that is gone afterwards. */
const withFolder = async <A>(body: (folder: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-fuzz-`)
  try {
    return await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const run = <A, E>(effect: Effect.Effect<A, E, Layer.Success<typeof layerFiles>>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, layerFiles))

const serviceIn = <A, E, I, E2, R>(
  service: Effect.Effect<A, E, I>,
  layer: Layer.Layer<I, E2, R | Tenant>,
  data_dir: string,
) =>
  Effect.scoped(Effect.provide(service, layer.pipe(Layer.provide(Layer.succeed(Tenant, { id: "default", data_dir })))))

const json_text = fc.json({ maxDepth: 3 })
const cache = fc.oneof(
  json_text,
  fc.string({ unit: "binary" }),
  fc.uint8Array(),
  fc
    .dictionary(
      fc.oneof(fc.webUrl(), fc.constantFrom("__proto__", "")),
      fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.string()),
    )
    .map((value) => JSON.stringify(value)),
)

const letter = fc
  .record(
    {
      id: fc.oneof(fc.constantFrom("a-1", "b-2"), fc.jsonValue()),
      at: fc.string(),
      reason: fc.constantFrom("refused_by_intake", "not_a_json_object"),
      detail: fc.string(),
      partition: fc.webUrl(),
      offset: fc.oneof(fc.nat(), fc.constant(null)),
      bytes: fc.oneof(fc.constantFrom(0, 2, 7), fc.jsonValue()),
      encoding: fc.oneof(fc.constantFrom("utf8", "base64"), fc.jsonValue()),
      raw: fc.oneof(fc.constantFrom("{}", '{"a":1}', "e30="), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value))
const letter_file = fc
  .array(fc.oneof({ weight: 3, arbitrary: letter }, json_text, fc.string({ unit: "binary" })), { maxLength: 8 })
  .map((lines) => lines.join("\n"))

/** An intake that takes everything. */
const lenient: Destination = {
  name: "intake",
  framing: intake_framing,
  is_exclusive: false,
  check: Effect.succeed({ verified: true, detail: "" }),
  head: Effect.succeed(new TextEncoder().encode('{"intake_key":"k","jsons":["')),
  post: (body: Uint8Array) => Effect.sync((): number => JSON.parse(new TextDecoder().decode(body)).jsons.length),
}

const seconds = fc.oneof(
  fc.string({ unit: "binary-ascii" }),
  fc.double().map(String),
  fc.bigInt().map(String),
  fc.nat().map((digits) => "9".repeat(digits % 400)),
  fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom("", " 5 ", "5, 7", "Infinity", "NaN", "0x10", "1e9", "-1", "GMT", "Wed, 99 Foo 2026 00:00:00 GMT"),
)

const headers = (entries: readonly (readonly [string, string])[]): Headers => {
  const made = new Headers()
  for (const [name, value] of entries) {
    // What cannot be a header never arrives as one.
    try {
      made.append(name, value)
    } catch {}
  }
  return made
}

export const stored_cases: readonly FuzzCase[] = [
  fuzzCase(
    "a cache.json of any content is taken as it is, or it is refused and left alone",
    800,
    fc.asyncProperty(cache, (content) =>
      withFolder(async (folder) => {
        const path = `${folder}/cache.json`
        writeFileSync(path, content)
        const before = readFileSync(path)
        const url = "https://firehose.example/0"
        const open = Effect.flatMap(
          Offsets.use((offsets) => offsets.open),
          ({ commit }) => commit(url, Number.MAX_SAFE_INTEGER),
        )
        const exit = await Effect.runPromiseExit(
          serviceIn(open, Offsets.layer, folder).pipe(Effect.provide(layerFiles)),
        )
        if (Exit.isFailure(exit)) {
          const found = Cause.findError(exit.cause)
          if (!Result.isSuccess(found)) throw new Error(Cause.pretty(exit.cause))
          expect(found.success).toMatchObject({ _tag: "StoreError", reason: "unreadable", path })
          expect(readFileSync(path).equals(before)).toBe(true)
          return
        }
        const kept = Object.entries(JSON.parse(before.toString()) as Record<string, unknown>)
        const after = new Map(Object.entries(JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>))
        for (const [key, value] of kept) if (key !== url) expect(after.get(key)).toBe(Number(value))
        expect(after.get(url)).toBe(Number.MAX_SAFE_INTEGER)
      }),
    ),
  ),
  fuzzCase(
    "dead letters of any bytes come back byte for byte",
    300,
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 }), (raws) =>
      withFolder(async (folder) => {
        const rejects = raws.map((raw) => ({
          reason: "not_a_json_object" as const,
          detail: "no JSON",
          offset: -1,
          raw,
          bytes: raw.length,
        }))
        const add = Effect.flatMap(DeadLetters, (letters) => letters.add("https://firehose.example/0", rejects))
        await run(serviceIn(add, DeadLetters.layer, folder))
        const { letters } = await run(readDeadLetters(folder))
        expect(letters.map((one) => [...rawBytes(one)])).toEqual(raws.map((raw) => [...raw]))
      }),
    ),
  ),
  fuzzCase(
    "dead-letter files of any content are read, replayed and purged as far as they can be",
    500,
    fc.asyncProperty(letter_file, letter_file, (day, replayed) =>
      withFolder(async (folder) => {
        mkdirSync(`${folder}/dead-letters`)
        writeFileSync(`${folder}/dead-letters/2026-01-01.ndjson`, day)
        writeFileSync(`${folder}/dead-letters/replayed.ndjson`, replayed)
        const book = await run(readDeadLetters(folder))
        for (const { id, raw } of book.letters) expect([typeof id, typeof raw]).toEqual(["string", "string"])
        const outcome = await run(replay(folder, book.letters, lenient, [], () => Effect.void))
        expect(outcome.delivered + outcome.refused).toBe(book.letters.length)
        const { removed, kept } = await run(purge(folder, "replayed", true))
        expect(removed + kept).toBe(book.letters.length)
        expect(await run(purge(folder, "all", true))).toEqual({ removed: kept, kept: 0 })
        expect(readdirSync(`${folder}/dead-letters`)).toEqual(["replayed.ndjson"])
      }),
    ),
  ),
  fuzzCase(
    "a Retry-After of any text is a sensible wait or none",
    5_000,
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("retry-after", "x-ratelimit-retryafter"), seconds), { maxLength: 3 }),
      fc.nat(),
      (entries, now_ms) => {
        const wait_ms = retryAfterMs(headers(entries), now_ms) ?? 0
        expect(wait_ms >= 0 && wait_ms <= retry.retry_after_ms_max).toBe(true)
      },
    ),
  ),
]
