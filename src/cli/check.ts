/** `akonis check`: every question about a configuration with its answer, a row each, printed as they come. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { CheckRow, CheckStatus } from "../core/check/check.ts"
import { configurationFailed } from "../core/check/here.ts"
import { runChecks } from "../core/check/run-checks.ts"
import { uses } from "../core/config/plugins.ts"
import { redact } from "../core/telemetry/redact.ts"
import { oneLine } from "../core/text.ts"
import { version } from "../version.ts"
import { complain, configFlag, configOf, Exit, env, jsonFlag, print, quietLog } from "./common.ts"

const offline = Flag.Boolean("offline").pipe(
  Flag.withDescription("Only what the configuration and its files tell; send nothing, write nothing, listen nowhere"),
  Flag.withDefault(false),
)

export const check = Command.make("check", { config: configFlag, offline, json: jsonFlag }, (flags) =>
  Effect.gen(function* () {
    const counts: Record<CheckStatus, number> = { ok: 0, warning: 0, failed: 0, unknown: 0 }
    let rows = 0
    const onRow = (row: CheckRow) =>
      Effect.suspend(() => {
        counts[row.status]++
        return print(redact(flags.json ? `${rows++ === 0 ? "[" : ","}\n${JSON.stringify(row)}` : lines(row)))
      })
    const onWaiting = (name: string, seconds: number) =>
      complain(`${name}: no answer after ${seconds} s, still waiting`)
    const loaded = yield* Effect.result(configOf(flags.config, uses.everything))
    if (loaded._tag === "Failure") yield* onRow(configurationFailed(loaded.failure))
    else yield* runChecks(loaded.success, { env, version, offline: flags.offline, onRow, onWaiting })
    yield* print(flags.json ? "]" : `\n${summary(counts)}`)
    if (loaded._tag === "Failure") return yield* new Exit({ status: 2 })
    if (counts.failed > 0) return yield* new Exit({ status: 1 })
  }).pipe(Effect.scoped, Effect.provide(quietLog("error"))),
).pipe(
  Command.withDescription(
    "Check configuration, folder, port, proxy, clock, cloud, credentials, scopes, streams, intake and assets: one row each",
  ),
)

const words: Readonly<Record<CheckStatus, string>> = {
  ok: "ok",
  warning: "warning",
  failed: "FAILED",
  unknown: "not known",
}

const status_chars = 11
const name_chars = 34

/** What came back in one line; where a person has to look, what was tried and what to do below it. */
const lines = ({ tenant, plugin, name, status, tried, detail, remedy }: CheckRow): string => {
  const shown = [tenant, plugin, name].filter(Boolean).join(" ")
  const first = `${words[status].padEnd(status_chars)}${shown.padEnd(name_chars)} ${oneLine(detail)}`
  if (status === "ok") return first
  const below = (label: string, text: string) => `\n${" ".repeat(status_chars)}${label.padEnd(7)}${oneLine(text)}`
  return `${first}${below("tried", tried)}${remedy === undefined ? "" : below("do", remedy)}`
}

const summary = (counts: Readonly<Record<CheckStatus, number>>): string =>
  (Object.keys(words) as CheckStatus[])
    .filter((status) => counts[status] > 0)
    .map((status) => `${counts[status]} ${words[status]}`)
    .join(", ")
