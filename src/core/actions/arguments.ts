/** Arguments that several actions share, so that they are named, bounded and described alike. */
import { z } from "zod"

/** Our bounds: far above any sane call, low enough that a mistake cannot fill the memory. */
const ids_max = 50_000
const id_chars_max = 200
const fql_chars_max = 8_192
const limit_max = 50_000

/** Printable text on one line: nothing that could end a header, a URL or a log line. */
const one_line = /^\P{Cc}*$/u

/** A list of ids; `description` says ids of what. Repeated ids count once. */
export const idsArgument = (description: string) =>
  z
    .array(z.string().trim().min(1).max(id_chars_max).regex(one_line, "control characters are not allowed"))
    .min(1)
    .max(ids_max)
    .describe(description)

/** An FQL filter, passed on as it is; `example` is for the description. */
export const fqlFilter = (example: string) =>
  z
    .string()
    .trim()
    .min(1)
    .max(fql_chars_max)
    .regex(one_line, "control characters are not allowed")
    .optional()
    .describe(`FQL filter, such as \`${example}\`. Everything when left out.`)

/** A cap on what comes back, over all pages. */
export const limitArgument = (fallback = 100, max = limit_max) =>
  z.int().min(1).max(max).default(fallback).describe(`Most results to return, over as many pages as it takes.`)

/** Where the first page starts. */
export const offsetArgument = (description: string) =>
  z
    .string()
    .trim()
    .min(1)
    .max(1_024)
    .regex(one_line, "control characters are not allowed")
    .optional()
    .describe(description)
