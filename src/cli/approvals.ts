/** `akonis approvals`: runs that wait for a second person. May run beside a server, as `akonis call` may. */
import { Effect, type Option, Result } from "effect"
import { Argument, Command } from "effect/cli"
import { approve } from "../core/actions/approve.ts"
import { makeActionTenant } from "../core/actions/execute.ts"
import { uses } from "../core/config/plugins.ts"
import { failed, show } from "./call.ts"
import { configFlag, configOf, explain, jsonFlag, openOne, print, quietLog, shellUser, tenantFlag } from "./common.ts"
import { table } from "./table.ts"

const flags = {
  tenant: tenantFlag,
  config: configFlag,
  json: jsonFlag,
}

type Given = {
  readonly tenant: Option.Option<string>
  readonly config: Parameters<typeof configOf>[0]
}

/** Only who approves calls Falcon. */
const open = Effect.fnUntraced(function* (given: Given, { falcon }: { readonly falcon: boolean }) {
  const config = yield* configOf(given.config, { ...uses.actions, falcon })
  const running = yield* openOne(config, given.tenant)
  const tenant = yield* makeActionTenant(running, { owner: false, guards: config.guards })
  return { tenant, read_only: config.server.read_only }
})

const list = Command.make("list", flags, (given) =>
  explain(
    Effect.gen(function* () {
      const { tenant } = yield* open(given, { falcon: false })
      const waiting = yield* tenant.approvals.list
      const shown = waiting.map(({ owner: _, hash: __, idempotency_key: ___, ...one }) => one)
      if (given.json) return yield* print(JSON.stringify(shown, null, 2))
      const rows = shown.map((one) => [one.id, one.until, one.who, one.action, JSON.stringify(one.arguments)])
      yield* print(table([["id", "until", "asked by", "action", "arguments"], ...rows]))
    }).pipe(Effect.scoped, Effect.provide(quietLog("error"))),
  ),
).pipe(Command.withDescription("What waits for a second person"))

const id = Argument.String("id").pipe(Argument.withDescription("As `list` shows it"))

const approveCommand = Command.make("approve", { id, ...flags }, (given) =>
  explain(
    Effect.gen(function* () {
      const { tenant, read_only } = yield* open(given, { falcon: true })
      const approver = { caller: shellUser(), via: "shell", request_id: crypto.randomUUID(), read_only } as const
      const result = yield* Effect.result(approve(tenant, given.id, approver))
      if (Result.isFailure(result)) return yield* failed(result.failure.problem, given.json)
      yield* show(result.success.answer, given.json)
    }).pipe(Effect.scoped, Effect.provide(quietLog("error"))),
  ),
).pipe(Command.withDescription("Approve a run that somebody else asked for: it is carried out at once"))

export const approvals = Command.make("approvals").pipe(
  Command.withDescription("Runs that wait for a second person"),
  Command.withSubcommands([list, approveCommand]),
)
