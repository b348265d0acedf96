/** Reading a JSON body without trusting it: type, size, time, cost and syntax are checked before anything else happens. */

import { problemOf } from "../core/actions/problem.ts"
import { whyTooCostly } from "../core/json-size.ts"
import { actions as bounds, server } from "../core/limits.ts"
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

const tooLarge = (c: ApiContext): Response =>
  refuseWith(c, "body-too-large", `a body may have ${server.body_bytes_max} bytes`)

const tooLate = (c: ApiContext): Response =>
  refuseWith(c, "body-too-late", `the whole body has to come within ${server.body_ms_max / 1_000} s`, {
    connection: "close",
  })

const tooMany = (c: ApiContext): Response =>
  answerProblem(
    c,
    problemOf("not-ready", "other large bodies are being read; send this one again", {
      retry_after_s: server.body_retry_s,
    }),
  )

/** Bytes of large bodies that this process holds: several at once would fill its memory. */
let held_bytes = 0

/**
 * 413 for a body over 10 MiB, counted as it comes, whatever a header says; 408 for one that does not come in time; 503 while
 * other large bodies are being read. A small body whose length is told is read in one go: Bun makes a stream of the others, which
 * is a sixth of the time that a whole request takes.
 */
const readsBody = async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
  const told = toldBytes(c)
  if (told !== undefined && told > server.body_bytes_max) return tooLarge(c)
  if (told !== undefined && told <= server.small_body_bytes_max) {
    const text = await inTime(c.req.raw.text())
    if (text === undefined) return tooLate(c)
    return pass(c, text, next)
  }
  let own_bytes = 0
  const reader = c.req.raw.body?.getReader()
  try {
    const chunks: Uint8Array[] = []
    const late = Date.now() + server.body_ms_max
    while (reader !== undefined) {
      const read = await inTime(reader.read(), late - Date.now())
      if (read === undefined) return tooLate(c)
      if (read.done) break
      own_bytes += read.value.byteLength
      held_bytes += read.value.byteLength
      if (own_bytes > server.body_bytes_max) return tooLarge(c)
      if (held_bytes > server.bodies_bytes_max) return tooMany(c)
      chunks.push(read.value)
    }
    return await pass(c, new TextDecoder().decode(Buffer.concat(chunks.splice(0))), next)
  } finally {
    held_bytes -= own_bytes
    reader?.cancel().catch(() => undefined)
  }
}

const toldBytes = (c: ApiContext): number | undefined => {
  const length = c.req.header("content-length") ?? ""
  return /^\d{1,15}$/.test(length) && c.req.header("transfer-encoding") === undefined ? Number(length) : undefined
}

/** `undefined` when it takes longer than this. */
const inTime = async <A>(reading: Promise<A>, ms: number = server.body_ms_max): Promise<A | undefined> => {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(late.resolve, Math.max(0, ms))
  try {
    return await Promise.race([reading, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** 400 for what no arguments need and for what is no JSON; the text stays for whoever reads the body next. */
const pass = async (c: ApiContext, text: string, next: () => Promise<void>): Promise<Response | undefined> => {
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
