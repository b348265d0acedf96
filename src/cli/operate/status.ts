/** `akonis status` and `akonis top`: what a running process does, once or live. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { type StatusReport, status_report } from "../../api/status/schema.ts"
import { oneLine } from "../../core/text.ts"
import { Exit, explain, jsonFlag, print, whileRead, write } from "../common.ts"
import { connectRemote, readAnswer, remoteFlags } from "./remote.ts"
import { statusLines } from "./screen.ts"

export const status = Command.make("status", { ...remoteFlags, json: jsonFlag }, (flags) =>
  explain(
    Effect.gen(function* () {
      const remote = yield* connectRemote(flags, "reader")
      const report = yield* readAnswer(status_report, (yield* remote.get("/status")).text)
      if (flags.json) yield* print(JSON.stringify(report, null, 2))
      else
        for (const line of statusLines(report, { columns: process.stdout.columns ?? 400, colour: false, long: false }))
          yield* print(line)
      if (report.status !== "ok") return yield* new Exit({ status: 1 })
    }),
  ),
).pipe(
  Command.withDescription(
    "What a running process does, once; 0 where all is well, 1 where it is not, or nobody answers",
  ),
)

/** For a container, whose image has nothing else that could ask. */
export const health = Command.make("health", remoteFlags, (flags) =>
  explain(
    Effect.gen(function* () {
      const remote = yield* connectRemote(flags, "reader")
      const { status, text } = yield* remote.get("/health")
      yield* print(text)
      if (status !== 200) return yield* new Exit({ status: 1 })
    }),
  ),
).pipe(Command.withDescription("What `GET /health` answers; 1 where it is failed, or nobody answers"))

/** How long to wait before a stream that ended is opened again. */
const again_ms = 2_000

export const top = Command.make("top", remoteFlags, (flags) =>
  explain(
    Effect.gen(function* () {
      const remote = yield* connectRemote(flags, "reader")
      const { isTTY: on_terminal } = process.stdout
      const show = (line: string) =>
        line.startsWith("data: ")
          ? Effect.flatMap(readAnswer(status_report, line.slice(6)), (report) =>
              on_terminal ? draw(report) : tell(report),
            )
          : Effect.void
      const watch = Effect.gen(function* () {
        // The first try says what is wrong and ends; later ones go on trying: a process may restart.
        yield* remote.lines("/status/stream", show)
        for (;;) {
          if (on_terminal) yield* write("\x1b[H\x1b[2K▲ the process does not answer; trying again\n")
          yield* Effect.sleep(again_ms)
          yield* Effect.ignore(remote.lines("/status/stream", show))
        }
      })
      if (!on_terminal) return yield* whileRead(watch)
      yield* Effect.acquireUseRelease(
        enter,
        () => Effect.raceFirst(watch, quit),
        () => leave,
      )
    }),
  ),
).pipe(Command.withDescription("What a running process does, live in the terminal; q quits"))

/** The other screen of the terminal, so that what stood there comes back; without a cursor. */
const enter = write("\x1b[?1049h\x1b[?25l\x1b[2J")
const leave = Effect.suspend(() => {
  if (process.stdin.isTTY) process.stdin.setRawMode(false)
  process.stdin.pause()
  return write("\x1b[?25h\x1b[?1049l")
})

/** Waits for `q`, Escape or Ctrl-C. */
const quit = Effect.callback<void>((resume) => {
  if (!process.stdin.isTTY) return
  process.stdin.setRawMode(true)
  process.stdin.resume()
  process.stdin.on("data", (keys: Uint8Array) => {
    if (["q", "Q", "\x1b", "\x03"].includes(Buffer.from(keys).toString())) resume(Effect.void)
  })
})

/** One picture: every line is drawn over the old one and the rest of it erased, so that nothing flickers. */
const draw = (report: StatusReport) => {
  const { columns = 80, rows = 24 } = process.stdout
  const all = statusLines(report, { columns, colour: true, long: true })
  const left_out = all.length - (rows - 1)
  const lines =
    left_out <= 0 ? all : [...all.slice(0, rows - 2), `… ${left_out + 1} more lines: a higher window shows them`]
  return write(`\x1b[H${lines.map((line) => `${line}\x1b[K\n`).join("")}\x1b[J`)
}

/** A line for each tenant, and for what they share where it is not well, for what is no terminal. */
const tell = ({ at, shared = [], tenants }: StatusReport) =>
  Effect.forEach(
    shared.filter(({ status }) => status !== "ok"),
    ({ id, status, detail }) => print(`${at} ${id} ${status} ${oneLine(detail)}`),
    { discard: true },
  ).pipe(Effect.andThen(tellTenants(at, tenants)))

const tellTenants = (at: string, tenants: StatusReport["tenants"]) =>
  Effect.forEach(
    tenants,
    ({ id, status, events_per_s, partitions, dead_letters }) => {
      const lag_s = Math.max(0, ...partitions.map((one) => one.lag_s ?? 0))
      return print(
        `${at} ${id} ${status} events/s=${events_per_s.toFixed(1)} lag_s=${lag_s} dead_letters=${dead_letters.pending}`,
      )
    },
    { discard: true },
  )
