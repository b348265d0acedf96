/** `akonis tap`: a sample of the events that a running process delivers, a line each. */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { terminalText } from "../../core/text.ts"
import { complain, explain, tenantFlag, whileRead, write } from "../common.ts"
import { connectRemote, remoteFlags } from "./remote.ts"

const flags = {
  ...remoteFlags,
  type: Flag.String("type").pipe(
    Flag.withDescription("Events of this type only, such as EppDetectionSummaryEvent"),
    Flag.optional,
  ),
  rate: Flag.String("rate").pipe(Flag.withDescription("Events per second, at most 100"), Flag.withDefault("1")),
  redact: Flag.Boolean("redact").pipe(
    Flag.withDescription("Show keys, and of values only their kind and length"),
    Flag.withDefault(false),
  ),
  tenant: tenantFlag,
}

export const tap = Command.make("tap", flags, (given) =>
  explain(
    Effect.gen(function* () {
      const remote = yield* connectRemote(given, "responder")
      const type = Option.getOrUndefined(given.type)
      const tenant = Option.getOrUndefined(given.tenant)
      const query = new URLSearchParams({
        rate: given.rate,
        ...(type !== undefined && { type }),
        ...(given.redact && { redact: "true" }),
      })
      const path = `${tenant === undefined ? "" : `/tenants/${encodeURIComponent(tenant)}`}/tap?${query}`
      if (process.stderr.isTTY) yield* complain("events appear as they are delivered; Ctrl-C ends")
      const show = (line: string) => (line === "" ? Effect.void : write(`${terminalText(line)}\n`))
      yield* whileRead(remote.lines(path, show))
    }),
  ),
).pipe(Command.withDescription("A sample of the events that a running process delivers"))
