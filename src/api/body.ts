/** Reads a body without trusting it: its type, size, time, and the cost and the syntax of its JSON are checked before anything else happens. */

import { actions as bounds } from "../core/actions/limits.ts"
import { problemOf } from "../core/actions/problem.ts"
import { onShortage } from "../core/http/server/giving-way.ts"
import { server } from "../core/http/server/limits.ts"
import { whyTooCostly } from "../core/json-size.ts"
import { type ApiContext, answerProblem, refuseWith } from "./api.ts"

const json_type = /^application\/([\w.-]+\+)?json\s*(;.*)?$/i

/** 415 for anything but JSON. */
const needsJsonType = async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
  if (!json_type.test(c.req.header("content-type") ?? "")) {
    return refuseWith(c, "unsupported-media-type", "send the arguments as JSON, with Content-Type: application/json")
  }
  await next()
  return undefined
}

const tooLarge = (c: ApiContext, bytes_max: number): Response =>
  refuseWith(c, "body-too-large", `a body may have ${bytes_max} bytes`)

const tooLate = (c: ApiContext): Response =>
  refuseWith(c, "body-too-late", `the whole body has to come within ${server.body_ms_max / 1_000} s`, {
    connection: "close",
  })

const noRoom = (c: ApiContext, detail: string, headers: Record<string, string> = {}): Response =>
  answerProblem(c, problemOf("not-ready", detail, { retry_after_s: server.body_retry_s }), headers)

const tooMany = (c: ApiContext): Response => noRoom(c, "other large bodies are being read; send this one again")

/** Why the rest of a body is not waited for. */
type NotRead = "late" | "shortage" | "broken"

const notRead = (c: ApiContext, why: NotRead): Response => {
  // Its caller is gone, or sent what is no body: mostly nobody reads this.
  if (why === "broken") return refuseWith(c, "invalid-body", "the body broke off before its end; nothing was done")
  if (why === "late") return tooLate(c)
  return noRoom(c, "too many connections are open to wait for the rest of this body; send it again", {
    connection: "close",
  })
}

/** Bytes of large bodies that this process holds: several at once would fill its memory. */
let held_bytes = 0

/**
 * Reads the whole body and hands it on. Answers 413 for one of more bytes than this, counted as they come, whatever a header says;
 * 408 for one that does not come in time; 400 for one that breaks off; 503 while other large bodies are being read, or when descriptors run short. A small body
 * whose length is told is read in one go: Bun makes a stream of the others, which is a sixth of the time that a whole request takes.
 */
export const readBody = async <A>(
  c: ApiContext,
  bytes_max: number,
  use: (text: string) => Promise<A>,
): Promise<A | Response> => {
  const told = toldBytes(c)
  if (told !== undefined && told > bytes_max) return tooLarge(c, bytes_max)
  if (told !== undefined && told <= server.small_body_bytes_max) {
    const came = await inTime(c.req.raw.text())
    return typeof came === "string" ? notRead(c, came) : use(came.read)
  }
  let own_bytes = 0
  const reader = c.req.raw.body?.getReader()
  try {
    const chunks: Uint8Array[] = []
    const late = Date.now() + server.body_ms_max
    while (reader !== undefined) {
      const came = await inTime(reader.read(), late - Date.now())
      if (typeof came === "string") return notRead(c, came)
      const { read } = came
      if (read.done) break
      own_bytes += read.value.byteLength
      held_bytes += read.value.byteLength
      if (own_bytes > bytes_max) return tooLarge(c, bytes_max)
      if (held_bytes > server.bodies_bytes_max) return tooMany(c)
      chunks.push(read.value)
    }
    return await use(new TextDecoder().decode(Buffer.concat(chunks.splice(0))))
  } finally {
    held_bytes -= own_bytes
    reader?.cancel().catch(() => undefined)
  }
}

/** Reads a body of JSON. */
const readsBody = (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> =>
  readBody(c, server.body_bytes_max, (text) => checkJson(c, text, next))

const toldBytes = (c: ApiContext): number | undefined => {
  const length = c.req.header("content-length") ?? ""
  return /^\d{1,15}$/.test(length) && c.req.header("transfer-encoding") === undefined ? Number(length) : undefined
}

/** What is read, unless it takes longer than this or descriptors run short meanwhile. */
const inTime = async <A>(
  reading: Promise<A>,
  ms: number = server.body_ms_max,
): Promise<{ readonly read: A } | NotRead> => {
  const given_up = Promise.withResolvers<NotRead>()
  const timer = setTimeout(() => given_up.resolve("late"), Math.max(0, ms))
  const unsubscribe = onShortage(() => given_up.resolve("shortage"))
  try {
    const came = reading.then(
      (read) => ({ read }),
      () => "broken" as const,
    )
    return await Promise.race([came, given_up.promise])
  } finally {
    clearTimeout(timer)
    unsubscribe()
  }
}

/** 400 for what no arguments need and for what is no JSON; the text stays for whoever reads the body next. */
const checkJson = async (c: ApiContext, text: string, next: () => Promise<void>): Promise<Response | undefined> => {
  const why = whyTooCostly(text, bounds.body)
  if (why !== undefined) return refuseWith(c, "invalid-body", `the body is not read: ${why}`)
  try {
    JSON.parse(text)
  } catch {
    return refuseWith(c, "invalid-body", "the body is no valid JSON; send the arguments as an object, {} for none")
  }
  ;(c.req.bodyCache as { text?: unknown }).text = Promise.resolve(text)
  await next()
  return undefined
}

/** The checks, in the order in which they must come. */
export const jsonBody = [needsJsonType, readsBody] as const
