import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { action_args } from "../../core/actions/limits.ts"
import { idsArgument, oneLineText } from "../../core/actions/shared-arguments.ts"
import { type AlertParameter, changeAlerts, composite_ids, example_alert } from "./alert.ts"
import { per_call } from "./limits.ts"

/** Verdicts are tags (falcon-mcp `modules/detections.py`); without one of them the console shows no resolution of a closed alert. */
const resolutions: readonly string[] = ["true_positive", "false_positive", "ignored"]

const bounds = {
  /** Tags of one call; Falcon names no limit. */
  tags_max: 50,
  tag_chars_max: 255,
} as const

const text = oneLineText(bounds.tag_chars_max)
const tagList = (description: string) => z.array(text).min(1).max(bounds.tags_max).optional().describe(description)

/** By the argument's name; Falcon takes one of them. */
const assignments = ["assign_to_uuid", "assign_to_user_id", "assign_to_name"] as const

const schema = z
  .strictObject({
    ids: idsArgument(composite_ids),
    status: z.enum(["new", "in_progress", "closed", "reopened"]).optional().describe("The status to set."),
    assign_to_uuid: text.optional().describe("The UUID of the user whom they are assigned to."),
    assign_to_user_id: text.optional().describe("The id of the user, an e-mail address, in place of the UUID."),
    assign_to_name: text.optional().describe("The full name of the user, in place of the UUID."),
    unassign: z.literal(true).optional().describe("`true`: they are assigned to nobody any more."),
    add_tags: tagList("Tags to add. true_positive, false_positive and ignored are verdicts."),
    remove_tags: tagList("Tags to remove, before any are added."),
    comment: z.string().trim().min(1).max(action_args.comment_chars_max).optional().describe("A comment to append."),
    visible: z.boolean().optional().describe("Whether the console shows them."),
  })
  .refine((args) => assignments.filter((name) => args[name] !== undefined).length + (args.unassign ? 1 : 0) <= 1, {
    path: ["unassign"],
    message: `only one of ${assignments.join(", ")} and unassign may be given`,
  })
  .refine(({ ids: _, ...changes }) => Object.values(changes).some((one) => one !== undefined), {
    message: "nothing to change: give at least one of status, an assignment, add_tags, remove_tags, comment, visible",
  })

const parametersOf = (args: z.output<typeof schema>): readonly AlertParameter[] => [
  ...(args.remove_tags ?? []).map((value) => ({ name: "remove_tag", value }) as const),
  ...(args.add_tags ?? []).map((value) => ({ name: "add_tag", value }) as const),
  ...(args.status === undefined ? [] : [{ name: "update_status", value: args.status } as const]),
  ...assignments.flatMap((name) => (args[name] === undefined ? [] : [{ name, value: args[name] }])),
  ...(args.unassign === undefined ? [] : [{ name: "unassign", value: "true" } as const]),
  ...(args.visible === undefined ? [] : [{ name: "show_in_ui", value: String(args.visible) } as const]),
  ...(args.comment === undefined ? [] : [{ name: "append_comment", value: args.comment } as const]),
]

export const updateAlerts = defineAction({
  slug: "update_alerts",
  title: "Update alerts",
  description:
    "Sets status, assignee, tags and visibility of alerts and comments on them, all in one call. Doing it twice leaves two comments. Close alerts with a verdict among `add_tags`: true_positive, false_positive or ignored.",
  arguments: schema,
  resource: z.unknown().describe("Falcon returns no alerts here: see `errors` for the ids that failed."),
  example: { ids: [example_alert], status: "closed", add_tags: ["true_positive"], comment: "Contained and cleaned." },
  scopes: ["Alerts: Write"],
  changes: true,
  destructive: false,
  idempotent: false,
  per_call: per_call.alerts,
  warnings: ({ status, add_tags = [] }) =>
    status === "closed" && !add_tags.some((tag) => resolutions.includes(tag))
      ? [
          `closed without one of the tags ${resolutions.join(", ")}: unless they have one already, the console shows no resolution`,
        ]
      : [],
  run: (args, facts) =>
    changeAlerts({
      ...facts,
      name: "alerts.update",
      ids: args.ids,
      parameters: parametersOf(args),
      idempotent: args.comment === undefined,
    }),
})
