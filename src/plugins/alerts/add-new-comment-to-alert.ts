import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { action_args } from "../../core/actions/limits.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { changeAlerts, composite_ids, example_alert } from "./alert.ts"
import { per_call } from "./limits.ts"

/** The action `append_comment`: a second time makes a second comment. */
export const addNewCommentToAlert = defineAction({
  slug: "add_new_comment_to_alert",
  alias: "alert_add_comment",
  title: "Add new comment to alert",
  description: "Appends a comment to those that the alerts already have. Doing it twice leaves two comments.",
  arguments: z.strictObject({
    ids: idsArgument(composite_ids),
    comment: z.string().trim().min(1).max(action_args.comment_chars_max).describe("The text to append."),
  }),
  resource: z.unknown().describe("Falcon returns no alerts here: see `errors` for the ids that failed."),
  example: { ids: [example_alert], comment: "Confirmed with the user: a test of the red team." },
  scopes: ["Alerts: Write"],
  changes: true,
  destructive: false,
  idempotent: false,
  per_call: per_call.alerts,
  run: ({ ids, comment }, facts) =>
    changeAlerts({ ...facts, name: "alerts.comment", ids, parameters: [{ name: "append_comment", value: comment }] }),
})
