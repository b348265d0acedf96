/** `GET /dead-letters/:id`, and `POST /admin/dead-letters/replay`, `…/purge`: what the shell does, from outside. */
import { zValidator } from "@hono/zod-validator"
import { Effect, Result } from "effect"
import { Hono } from "hono"
import { z } from "zod"
import type { ActionTenant } from "../core/actions/execute.ts"
import { fieldErrors, problemOf, type Refusal } from "../core/actions/problem.ts"
import {
  auditLackingRole,
  type DeadLetterTenant,
  purgeLetters,
  replayLetters,
} from "../core/delivery/dead-letter-admin.ts"
import { failWhenMany, readDeadLetters } from "../core/delivery/dead-letter-files.ts"
import { maySee, roleAllows } from "../core/http/server/bearer.ts"
import { dead_letter_admin as limits } from "../core/limits/operator.ts"
import type { PluginServices } from "../core/plugin.ts"
import type { RunningTenant } from "../core/tenant/boot.ts"
import { Tenant } from "../core/tenant/identity.ts"
import {
  type Api,
  type ApiContext,
  type ApiEnv,
  answerProblem,
  lacking,
  needs,
  refuseWith,
  takesNoQuery,
} from "./api.ts"
import { jsonBody } from "./body.ts"

/** One dead letter of a tenant with what Falcon sent: content, so no reader sees it. */
export const deadLetterRoutes = (api: Api, tenant: ActionTenant): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  app.get("/dead-letters/:id", needs("responder"), async (c) => {
    const reading = Effect.gen(function* () {
      const { data_dir } = yield* Tenant
      yield* failWhenMany(data_dir)
      const { letters } = yield* readDeadLetters(data_dir)
      return letters.find(({ id }) => id === c.req.param("id"))
    })
    const result = await api.run(Effect.result(Effect.provide(reading, tenant.services)))
    if (Result.isFailure(result)) return refuseWith(c, "not-ready", result.failure.message)
    if (result.success === undefined) return refuseWith(c, "not-found", "there is no such dead letter")
    const { raw, ...letter } = result.success
    return c.json({ ...letter, raw: raw.slice(0, limits.raw_chars_max), is_cut: raw.length > limits.raw_chars_max })
  })
  return app
}

const tenant = z.string().optional().describe("Its id, where there are several tenants.")
const replay_body = z.strictObject({
  tenant,
  ids: z.array(z.string().max(100)).min(1).max(limits.replayed_max).optional(),
  all: z.literal(true).optional().describe("All that were not replayed yet, in place of `ids`."),
})
const purge_body = z.strictObject({
  tenant,
  which: z.enum(["replayed", "all"]).describe("`all` removes events that were never delivered, for good."),
})

const body = <Schema extends z.ZodObject>(schema: Schema) =>
  zValidator("json", schema, (result, c) => {
    if (result.success) return undefined
    const errors = fieldErrors(result.error)
    const detail = errors.map(({ field, message }) => `${field}: ${message}`).join("; ")
    return answerProblem(c as ApiContext, problemOf("invalid-arguments", detail, { errors }))
  })

/** The routes for admins, about all tenants. */
export const adminDeadLetterRoutes = (api: Api, running: readonly RunningTenant[]): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  const tenants = running.map(({ id, plugins, services }, i) => ({
    id,
    plugins,
    services,
    audit: api.tenants[i]!.audit,
  }))

  const seenBy = (c: ApiContext) => tenants.filter(({ id }) => maySee(c.get("caller"), id))

  /** Runs it for the tenant that the body names. */
  const perform = async <A>(
    c: ApiContext,
    id: string | undefined,
    what: (tenant: DeadLetterTenant, asked: Asked) => Effect.Effect<A, Refusal, PluginServices>,
  ): Promise<Response> => {
    const seen = seenBy(c)
    const found = id === undefined && !api.several ? tenants[0] : seen.find((one) => one.id === id)
    if (found === undefined) {
      return refuseWith(c, "not-found", `tenant: name one of: ${seen.map((one) => one.id).join(", ")}`)
    }
    const result = await api.run(Effect.result(Effect.provide(what(found, askedBy(c)), found.services)))
    return Result.isFailure(result) ? answerProblem(c, result.failure.problem) : c.json(result.success as object)
  }

  /** Only for admins; who is none leaves a line with every tenant of their token. */
  const forAdmin = (action: string) => async (c: ApiContext, next: () => Promise<void>) => {
    if (roleAllows(c.get("caller").role, "admin")) return next()
    const detail = `needs the role admin; the token "${c.get("caller").name}" has ${c.get("caller").role}`
    await api.run(
      Effect.forEach(seenBy(c), (one) => auditLackingRole(one, action, askedBy(c), detail), { discard: true }),
    )
    return lacking(c, "admin")
  }

  app.post(
    "/admin/dead-letters/replay",
    forAdmin("dead-letters-replay"),
    takesNoQuery,
    ...jsonBody,
    body(replay_body),
    async (c) => {
      const { tenant: id, ids, all } = c.req.valid("json")
      if ((ids === undefined) === (all === undefined)) {
        return refuseWith(c, "invalid-arguments", "name ids, or say all: true")
      }
      return perform(c, id, (tenant, asked) => replayLetters(tenant, ids ?? "all", asked))
    },
  )
  app.post(
    "/admin/dead-letters/purge",
    forAdmin("dead-letters-purge"),
    takesNoQuery,
    ...jsonBody,
    body(purge_body),
    async (c) => {
      const { tenant: id, which } = c.req.valid("json")
      return perform(c, id, (tenant, asked) => purgeLetters(tenant, which, asked))
    },
  )
  return app
}

type Asked = Parameters<typeof replayLetters>[2]

const askedBy = (c: ApiContext): Asked => ({ caller: c.get("caller"), via: "http", request_id: c.get("request_id") })
