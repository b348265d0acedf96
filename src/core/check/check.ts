/** What `akonis check` is made of: one question with its answer, and what a plugin declares to be asked about it. */
import { Context, type Effect, type FileSystem, type Scope } from "effect"
import type { Secret } from "../config/secret.ts"
import type { FalconAuth } from "../falcon/auth.ts"
import type { Falcon } from "../falcon/client.ts"
import type { FalconReason } from "../falcon/errors.ts"
import type { Http } from "../http/client/http.ts"
import type { Tenant } from "../tenant/identity.ts"

/**
 * - `ok`: the answer that came is one that only a working setup gives
 * - `warning`: Akonis runs, and a person should look
 * - `failed`: it will not work like this
 * - `unknown`: nothing that may be asked tells
 */
export type CheckStatus = "ok" | "warning" | "failed" | "unknown"

/** The answer to one question. */
export interface Finding {
  readonly status: CheckStatus
  /** What came back, in words. */
  readonly detail: string
  /** What to do. There whenever the status is not `ok`. */
  readonly remedy?: string
  /** Why a call to Falcon failed. */
  readonly reason?: FalconReason
}

/** One row of `akonis check`. */
export interface CheckRow extends Finding {
  /** Empty for what concerns the whole process. */
  readonly tenant: string
  /** Empty for what is no plugin's. */
  readonly plugin: string
  readonly name: string
  /** What was asked or tried. */
  readonly tried: string
}

/** What a check may ask for: the network and the tenant's folder, and none of the stores, which may be damaged. */
export type CheckServices = Tenant | Falcon | FalconAuth | Http | FileSystem.FileSystem

/** One question about a plugin. It changes nothing, neither here nor there, and is asked once. */
export interface Check {
  readonly name: string
  readonly tried: string
  /** Not asked where Falcon gives no token. */
  readonly asks: "falcon" | "others"
  /** Scopes of the API client that its answer speaks for; they get no row of their own. */
  readonly scopes?: readonly string[]
  /** Nothing but a scope: not asked again when an earlier check spoke for all of `scopes`. */
  readonly scope_only?: boolean
  readonly find: Effect.Effect<Finding, never, CheckServices | Scope.Scope>
}

/** Something that each tenant should have for itself. */
export interface Distinct {
  /** For messages, to stand between "have" and "in common": `the intake`. */
  readonly what: string
  readonly value: string | Secret
}

/** Whether another Akonis process holds the data folder, and so reads the streams under the folder's app ids. */
export const FolderInUse = Context.Reference<boolean>("akonis/core/check/FolderInUse", { defaultValue: () => false })

export const ok = (detail: string): Finding => ({ status: "ok", detail })
export const warning = (detail: string, remedy: string): Finding => ({ status: "warning", detail, remedy })
export const failed = (detail: string, remedy: string): Finding => ({ status: "failed", detail, remedy })
export const unknown = (detail: string, remedy: string): Finding => ({ status: "unknown", detail, remedy })
