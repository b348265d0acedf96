/** `akonis/plugin`, version 1, as a plugin gets it; `akonis-plugin.d.ts` says what it promises. */
import type { Plugin } from "akonis/plugin"
import { secret as secretKey } from "../core/config/schema-parts.ts"

export { ArgumentError, outcomeOfList } from "../core/actions/action.ts"
export { callInBulk } from "../core/actions/bulk.ts"
export { idsArgument } from "../core/actions/shared-arguments.ts"
export { NotEnriched } from "../core/delivery/enricher.ts"
export { Falcon } from "../core/falcon/client.ts"
export { FalconError } from "../core/falcon/errors.ts"
export { Tenant } from "../core/tenant/identity.ts"

/** The only version so far. */
export const api = 1

/** Gives a plugin back as it is: it is checked when it is loaded, whoever wrote it. */
export const definePlugin = <P extends Plugin>(plugin: P): P => plugin

/** Gives an action back as it is. */
export const defineAction = <A>(action: A): A => action

/** A key of a plugin's configuration that is a secret. */
export const secret = secretKey
