/** Whether what fails is tried again. */
import { Context } from "effect"

/**
 * Within an effect for which this is `true` nothing is repeated: no call to Falcon, no request for a token, no post to Sekoia.
 * For whoever wants to know what the other side says now, and not what it would say in a minute.
 */
export const OneTry = Context.Reference<boolean>("akonis/core/OneTry", { defaultValue: () => false })
