/** Finds where the next page of a list begins, which each of Falcon's API families says in its own way. */
import type { Envelope } from "./envelope.ts"
import type { Operation } from "./operation.ts"

export interface Cursor {
  /** Sent with the next request. */
  readonly parameters: Readonly<Record<string, string | number>>
  readonly kind: "after" | "next" | "next_page" | "token" | "position"
  /** A second time would mean that the walk goes in circles. A scroll token may stay the same while its pages change. */
  readonly unique: boolean
}

export interface Walked {
  readonly operation: Operation
  /** What the page was asked with; `undefined` for the first. */
  readonly previous: Cursor | undefined
  /** Resources so far, this page included. */
  readonly collected: number
  /** The page has as many resources as were asked for: only a total that was reached tells that it is the last. */
  readonly is_full: boolean
}

/**
 * The cursor after `page`; `undefined` at the end of the list. By `meta.pagination`:
 *
 * - `after` (alerts combined, indicators): until it is gone
 * - `next` (devices combined): sent as `offset`, until it is gone
 * - `next_page` (ThreatGraph): a flag; the token to send is `offset` (PSFalcon)
 * - `offset`, any other text (devices-scroll): a token, until `total` is reached
 * - `offset`, a number: some APIs echo the request's, some give the next one. We count ourselves, until `total` is reached
 *
 * A walk keeps the first kind that it met: an indicator list that ends its `after` must not go on with its `offset`. A total that
 * is less than what came is none.
 */
export const nextCursor = (page: Envelope, walked: Walked): Cursor | undefined => {
  const pagination = page.pagination
  if (pagination === undefined) return undefined
  const { after, next, next_page, offset, total } = pagination
  const kind = walked.previous?.kind
  if (isText(after)) return cursor("after", "after", after)
  if (isText(next)) return cursor("next", "offset", next)
  if (isText(next_page)) return cursor("next_page", "offset", graphToken(next_page, offset, walked.previous))
  if (kind === "after" || kind === "next" || kind === "next_page") return undefined
  if (typeof total === "number" && isReached(total, walked)) return undefined
  if (isText(offset) && !isDigits(offset)) return cursor("token", "offset", offset)
  if (typeof offset === "number" || isDigits(offset)) return cursor("position", "offset", reached(walked))
  return undefined
}

/**
 * The cursor after a full page behind which nothing leads, where the list takes a number as `offset`: Falcon may have left out the total and the
 * offset, and a page more tells whether it is the end.
 */
export const guessedCursor = (walked: Walked): Cursor => cursor("position", "offset", reached(walked))

/** Whether the list may go on behind `page` although nothing leads there: it is full, no total is reached by it, and no cursor has ended. */
export const isOpen = (page: Envelope, walked: Walked): boolean => {
  const total = page.pagination?.total
  const is_led =
    walked.previous !== undefined && walked.previous.kind !== "position" && walked.previous.kind !== "token"
  return walked.is_full && !is_led && !(typeof total === "number" && isReached(total, walked))
}

/** Whether the list ends at this total: one that is less than what came in full pages is no total of it. */
const isReached = (total: number, walked: Walked): boolean =>
  walked.is_full ? reached(walked) === total : reached(walked) >= total

const cursor = (kind: Cursor["kind"], name: string, value: string | number): Cursor => ({
  kind,
  parameters: { [name]: value },
  unique: kind !== "token",
})

/** How far into the list the walk has come, counted from the list's beginning. */
const reached = ({ operation, collected }: Walked): number => startOf(operation) + collected

/** The caller may have begun in the middle. */
export const startOf = (operation: Operation): number => {
  const offset = operation.query?.offset
  return typeof offset === "number" || isDigits(offset) ? Number(offset) : 0
}

/** ThreatGraph's `offset` is the token unless it only repeats what was sent; then `next_page` holds it, bare or in a URL. */
const graphToken = (next_page: string, offset: unknown, previous: Cursor | undefined): string => {
  if (isText(offset) && offset !== previous?.parameters.offset) return offset
  const query = next_page.includes("?") ? next_page.slice(next_page.indexOf("?")) : ""
  return new URLSearchParams(query).get("offset") ?? next_page
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""
const isDigits = (value: unknown): value is string => typeof value === "string" && /^\d+$/.test(value)
