/** Arguments that several actions have in common, with one name, bound and description each. */
import { z } from "zod"
import { action_args as bounds } from "./limits.ts"

/** A text of at least one character on one line, without anything that could end a header, a URL or a log line. */
export const oneLineText = (chars_max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(chars_max)
    .regex(/^\P{Cc}*$/u, "control characters are not allowed")

/** An argument that lists ids; `description` says ids of what. Repeated ids count once. */
export const idsArgument = (description: string) =>
  z.array(oneLineText(bounds.id_chars_max)).min(1).max(bounds.ids_max).describe(description)

/** An optional FQL filter, passed on unchanged; `example` is for the description. */
export const fqlFilter = (example: string) =>
  oneLineText(bounds.fql_chars_max).optional().describe(`FQL filter, such as \`${example}\`. Everything when left out.`)

/** The order of a search, optional: a property and a direction. `|` and `.` may stand between them; `joint` is what Falcon gets. */
export const sortArgument = (example: `${string}|${"asc" | "desc"}`, joint: "|" | ".", properties = "") =>
  z
    .string()
    .trim()
    .regex(/^\w{1,64}([.|](asc|desc))?$/i, `a property and a direction, such as ${example}`)
    .transform((text) => text.replace(/[.|]/, joint))
    .optional()
    .describe(`A property and a direction: \`${example}\` or \`${example.replace("|", ".")}\`.${properties}`)

/** The most results to return, over all pages. */
export const limitArgument = (fallback = 100, max = bounds.results_max) =>
  z.int().min(1).max(max).default(fallback).describe(`Most results to return, over as many pages as it takes.`)

/** Falcon's cursor of the first page, optional. */
export const offsetArgument = (description: string) =>
  oneLineText(bounds.cursor_chars_max).optional().describe(description)

/** The number of the first result, optional; also as text, since `next` of a response is one. */
export const positionArgument = (max: number) =>
  z
    .union([z.int().min(0).max(max), z.string().regex(/^\d{1,9}$/, "a number")])
    .transform(Number)
    .optional()
    .describe("Where to begin: the `next` of an earlier answer.")
