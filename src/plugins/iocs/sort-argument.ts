/** The argument that sets the order of found indicators. */
import { z } from "zod"

/** What falconpy and the specification document differ: `modified_on.desc` and `modified_on|desc`. The former is sent. */
export const sort = z
  .string()
  .trim()
  .regex(
    /^[a-z_]{1,32}(\.[a-z_]{1,32}){0,2}?([.|](asc|desc))?$/i,
    "a property and a direction, such as modified_on|desc",
  )
  .transform((text) => text.replace("|", "."))
  .optional()
  .describe("A property and a direction: `modified_on|desc` or `modified_on.desc`.")
