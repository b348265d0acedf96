/** `akonis reload`: a running process reads its configuration anew, as with SIGHUP, and tells what that changed. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { reload_answer } from "../../core/config/reload-answer.ts"
import { complain, Exit, explain, jsonFlag, print } from "../common.ts"
import { connectRemote, remoteFlags } from "./remote.ts"

export const reload = Command.make("reload", { ...remoteFlags, json: jsonFlag }, (flags) =>
  explain(
    Effect.gen(function* () {
      const remote = yield* connectRemote(flags, "admin")
      const { text } = yield* remote.post("/admin/reload")
      const answer = yield* Effect.try({
        try: () => reload_answer.parse(JSON.parse(text)),
        catch: () => new Exit({ status: 1 }),
      }).pipe(Effect.tapError(() => complain("what answers there is no akonis of this version")))
      if (flags.json) return yield* print(JSON.stringify(answer, null, 2))
      for (const [what, names] of Object.entries(answer)) {
        if (names.length > 0) yield* print(`${what.replace("_", " ")}: ${names.join(", ")}`)
      }
    }),
  ),
).pipe(
  Command.withDescription(
    "Let a running process read its configuration anew; 1 where it refuses that, and stays as it is",
  ),
)
