/** `akonis reload`: a running process reads its configuration anew, as with SIGHUP, and tells what that changed. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { reload_answer } from "../../core/config/reload-answer.ts"
import { explain, jsonFlag, print } from "../common.ts"
import { connectRemote, readAnswer, remoteFlags } from "./remote.ts"

export const reload = Command.make("reload", { ...remoteFlags, json: jsonFlag }, (flags) =>
  explain(
    Effect.gen(function* () {
      const remote = yield* connectRemote(flags, "admin")
      const { text } = yield* remote.post("/admin/reload")
      const answer = yield* readAnswer(reload_answer, text)
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
