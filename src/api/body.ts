/** Reading a JSON body without trusting it: type, size, nesting and syntax are checked before anything else happens. */
import { bodyLimit } from "hono/body-limit"
import { actions as bounds, server } from "../core/limits.ts"
import { type ApiContext, refuseWith } from "./api.ts"

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

const countsBytes = bodyLimit({ maxSize: server.body_bytes_max, onError: (c) => tooLarge(c as ApiContext) })

/**
 * 413 for a body over 10 MiB, whether or not its length was announced. `bodyLimit` looks at the body even where the length is
 * announced, and Bun then makes a stream of it: a sixth of the time that a whole request took.
 */
const limitsSize = async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
  const length = c.req.header("content-length") ?? ""
  if (!/^\d+$/.test(length) || c.req.header("transfer-encoding") !== undefined) {
    return (await countsBytes(c, next)) ?? undefined
  }
  if (Number(length) > server.body_bytes_max) return tooLarge(c)
  await next()
  return undefined
}

/** 400 for nesting that no arguments need, and for what is no JSON. */
const parses = async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
  const text = await c.req.text()
  if (nestsDeeper(text, bounds.body_depth_max)) {
    return refuseWith(c, "invalid-body", `the body is nested deeper than ${bounds.body_depth_max} levels`)
  }
  try {
    JSON.parse(text)
  } catch {
    return refuseWith(c, "invalid-body", "the body is no valid JSON; send the arguments as an object, {} for none")
  }
  await next()
  return undefined
}

/** The three of them, in the order in which they must come. */
export const jsonBody = [needsJsonType, limitsSize, parses] as const

/** Whether brackets outside strings ever open more than `depth_max` deep. */
export const nestsDeeper = (text: string, depth_max: number): boolean => {
  let depth = 0
  let in_string = false
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (in_string) {
      if (char === 0x5c) i++
      else if (char === 0x22) in_string = false
    } else if (char === 0x22) in_string = true
    else if (char === 0x5b || char === 0x7b) {
      if (++depth > depth_max) return true
    } else if (char === 0x5d || char === 0x7d) depth--
  }
  return false
}
