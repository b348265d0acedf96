/** `akonis demo`: the real worker and the real HTTP API against the embedded simulator, every event accounted for. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { Clock, Deferred, Effect, Fiber } from "effect"
import { Command, Flag } from "effect/cli"
import type { Account } from "../../simulator/account.ts"
import { loadConfig } from "../core/config/load.ts"
import { makeDeadLetterSummary } from "../core/delivery/dead-letter-summary.ts"
import { ConfigError } from "../core/errors.ts"
import { type BottomLine, holdBottomLine } from "./bottom-line.ts"
import { Exit, explain, Plugins, print } from "./common.ts"
import { callTheApi } from "./demo-calls.ts"
import { runAkonis } from "./run.ts"

const events = Flag.Int("events").pipe(Flag.withDescription("Events in all"), Flag.withDefault(20_000))
const partitions = Flag.Int("partitions").pipe(Flag.withDescription("Partitions of the tenant"), Flag.withDefault(4))
const lasting = Flag.String("for").pipe(
  Flag.withDescription("Spread the events over this time, such as 30s"),
  Flag.withDefault("8s"),
)

interface Plan {
  readonly events: number
  readonly partitions: number
  readonly lasting_s: number
}

/** Time after the last event until the demo calls what is missing lost. */
const patience_s = 30

export const demo = Command.make("demo", { events, lasting, partitions }, (flags) =>
  explain(
    Effect.gen(function* () {
      const lasting_s = seconds(flags.lasting)
      const wrong = (key: string, message: string) => new ConfigError({ source: "demo", key, message })
      if (!(lasting_s > 0 && lasting_s <= 3_600)) return yield* wrong("--for", "must be a time such as 30s, up to 1h")
      if (flags.partitions < 1 || flags.partitions > 16) return yield* wrong("--partitions", "must be 1 to 16")
      if (flags.events < flags.partitions || flags.events > 10_000_000)
        return yield* wrong("--events", "must be at least one a partition, at most 10000000")
      yield* runDemo({ events: flags.events, partitions: flags.partitions, lasting_s })
    }),
  ),
).pipe(Command.withDescription("Watch it work: an embedded Falcon tenant, the real worker, an embedded intake"))

/** `30s`, `2m` or `1h` in seconds; NaN for anything else. */
const seconds = (text: string): number => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text) ?? []
  return Number(number) * (unit === "h" ? 3_600 : unit === "m" ? 60 : 1)
}

const runDemo = Effect.fnUntraced(function* ({ events, partitions, lasting_s }: Plan) {
  const per_partition = Math.floor(events / partitions)
  const backlog = Math.ceil(per_partition / 2)
  const rate = (per_partition - backlog) / lasting_s
  const third_ms = (lasting_s * 1_000) / 3
  const { listenAnywhere } = yield* Effect.promise(() => import("../../simulator/listen.ts"))
  const { url, simulator } = yield* Effect.acquireRelease(
    Effect.promise(() =>
      listenAnywhere({
        partitions,
        events_per_partition: backlog,
        events_per_second: rate,
        events_max: per_partition,
        templates: 512,
        poison: [{ partition: 0, index: Math.floor(per_partition / 3), kind: "malformed" }],
        faults: [
          { on: "intake", after_ms: third_ms, until_ms: third_ms + 1_500, do: { status: 503 } },
          { on: "stream", partition: partitions - 1, after_ms: 1.5 * third_ms, do: "cut" },
        ],
      }),
    ),
    ({ stop }) => Effect.promise(stop),
  )
  const data_dir = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(`${tmpdir()}/akonis-demo-`)),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
  )
  const settings = simulator.settings
  const token = crypto.randomUUID()
  const config = yield* loadConfig({
    env: {
      FALCON_BASE_URL: url,
      FALCON_CLIENT_ID: settings.client_id,
      FALCON_CLIENT_SECRET: settings.client_secret,
      SEKOIA_INTAKE_URL: url,
      SEKOIA_INTAKE_KEY: settings.intake_key,
      AKONIS_DATA_DIR: data_dir,
      AKONIS_PORT: "0",
      AKONIS_LOG_LEVEL: "info",
      AKONIS_TOKEN: token,
    },
    plugins: yield* Plugins,
  })
  yield* print(`A Falcon tenant of ${partitions} partitions and a Sekoia intake are simulated on ${url}.`)
  yield* print(
    `${per_partition * partitions} events: half of them wait, the others come over ${lasting_s} s. On the way one line is`,
  )
  yield* print("broken, the intake fails for 1.5 s, and one stream is cut in the middle of a line. Meanwhile the")
  yield* print("HTTP API isolates two hosts.")
  yield* print("")
  const began_ms = yield* Clock.currentTimeMillis
  const [finished, called] = yield* Effect.scoped(
    Effect.gen(function* () {
      const line = yield* holdBottomLine
      const listening = yield* Deferred.make<string>()
      const onListening = (at: string) => Deferred.doneUnsafe(listening, Effect.succeed(at))
      const akonis = yield* Effect.forkChild(runAkonis("run", config, { onListening }))
      const calling = yield* Effect.forkChild(calls(Deferred.await(listening), token, third_ms / 2, line))
      const watching = watch(simulator.account, began_ms, lasting_s, line)
      const account = yield* Effect.raceFirst(watching, Fiber.join(akonis))
      const answer = yield* Fiber.join(calling)
      yield* Fiber.interrupt(akonis)
      return [account, answer] as const
    }),
  )
  const ended_ms = yield* Clock.currentTimeMillis
  const { pending } = yield* makeDeadLetterSummary(data_dir)
  yield* summary(finished, pending, (ended_ms - began_ms) / 1_000, called)
}, Effect.scoped)

/** Shows progress until everything has arrived, or until waiting makes no sense any more. */
const watch = Effect.fnUntraced(function* (
  account: () => Account,
  began_ms: number,
  lasting_s: number,
  line: BottomLine,
) {
  for (;;) {
    yield* Effect.sleep(500)
    const now = account()
    const elapsed_s = ((yield* Clock.currentTimeMillis) - began_ms) / 1_000
    line.draw(progress(now, elapsed_s))
    const complete = elapsed_s > lasting_s && now.total.undelivered.events === 0
    if (complete || elapsed_s > lasting_s + patience_s) return now
  }
})

const progress = ({ total }: Account, elapsed_s: number): string => {
  const text = `${elapsed_s.toFixed(1).padStart(5)} s  sent ${total.sent}  delivered ${total.delivered}  waiting ${total.sent - total.delivered}`
  if (!process.stdout.isTTY) return text
  const width = 30
  const done = Math.round((width * total.delivered) / Math.max(1, total.available))
  return `[${"#".repeat(done)}${"-".repeat(width - done)}] ${text}`
}

/** Calls the HTTP API once some events have gone through; what came of it, `undefined` when all was well. */
const calls = Effect.fnUntraced(function* (
  listening: Effect.Effect<string>,
  token: string,
  after_ms: number,
  line: BottomLine,
) {
  const url = yield* listening
  yield* Effect.sleep(after_ms)
  const answer = yield* Effect.result(callTheApi(url, token))
  for (const text of answer._tag === "Success" ? answer.success : []) line.above(text)
  return answer._tag === "Success" ? undefined : answer.failure
})

const summary = Effect.fnUntraced(function* (
  { total, intake, delivered_ms }: Account,
  dead_letters: number,
  elapsed_s: number,
  wrong: string | undefined,
) {
  // What must become a dead letter and is neither delivered nor recorded is lost, too.
  const unrecorded = Math.max(0, total.poison.expected - total.poison.delivered - dead_letters)
  const lost = total.undelivered.events + unrecorded
  const good =
    wrong === undefined && lost === 0 && total.repeated === 0 && total.corrupted === 0 && total.out_of_order === 0
  yield* print("")
  yield* print(`sent          ${total.sent}`)
  yield* print(
    `delivered     ${total.delivered}  (byte for byte: ${total.corrupted === 0 ? "yes" : `no, ${total.corrupted} differ`}; in order: ${total.out_of_order === 0 ? "yes" : "no"})`,
  )
  yield* print(`dead letters  ${dead_letters}`)
  yield* print(`repeated      ${total.repeated}`)
  yield* print(`lost          ${lost}`)
  yield* print(
    `events/s      ${Math.round(total.delivered / elapsed_s)}  in ${elapsed_s.toFixed(1)} s, ${intake.batches} requests; live events took ${delivered_ms.p50} ms at the median`,
  )
  yield* print(`HTTP API      ${wrong ?? "5 calls, two hosts isolated"}`)
  if (!good) return yield* new Exit({ status: 1 })
})
