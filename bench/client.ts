/** What the plain clients share: the way to an open feed, and the post. Nothing here runs once per event. */

const variable = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

const falcon_url = variable("FALCON_BASE_URL")
const intake_url = `${variable("SEKOIA_INTAKE_URL")}/batch`

export const intake_key: string = variable("SEKOIA_INTAKE_KEY")

/** Events in one post. A backlog of whole thousands needs no timer for a last batch that never fills. */
export const batch_events = 1_000

interface Listing {
  readonly resources: readonly { readonly dataFeedURL: string; readonly sessionToken: { readonly token: string } }[]
}

/** Token, listing, and then `read` for every partition's feed at the same time. */
export async function readAll(read: (feed: ReadableStreamDefaultReader<Uint8Array>) => Promise<void>): Promise<void> {
  const form = new URLSearchParams({
    client_id: variable("FALCON_CLIENT_ID"),
    client_secret: variable("FALCON_CLIENT_SECRET"),
  })
  const issued = await fetch(`${falcon_url}/oauth2/token`, { method: "POST", body: form })
  const { access_token } = (await issued.json()) as { access_token: string }
  const listed = await fetch(`${falcon_url}/sensors/entities/datafeed/v2?appId=bench`, {
    headers: { authorization: `Bearer ${access_token}` },
  })
  const { resources } = (await listed.json()) as Listing
  await Promise.all(
    resources.map(async ({ dataFeedURL, sessionToken }) => {
      const feed = await fetch(dataFeedURL, { headers: { authorization: `Token ${sessionToken.token}` } })
      if (!feed.ok || feed.body === null) throw new Error(`the feed answered ${feed.status}`)
      await read(feed.body.getReader())
    }),
  )
}

/** What `fetch` copies at once: a body that is given whole costs it fresh memory every time (docs/decisions/0016). */
const piece_bytes = 256 * 1024

/** Bytes as a stream of pieces. */
const inPieces = (body: Uint8Array): ReadableStream<Uint8Array> => {
  let at = 0
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    controller.enqueue(body.subarray(at, at + piece_bytes))
    at += piece_bytes
    if (at >= body.length) controller.close()
  }
  return new ReadableStream({ pull }, { highWaterMark: 0 })
}

/** Posts a body, text whole and bytes in pieces; fails unless the intake took it. */
export async function post(body: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const headers: Record<string, string> = { "content-type": "application/json" }
  if (typeof body !== "string") headers["content-length"] = String(body.length)
  const answer = await fetch(intake_url, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : inPieces(body),
  })
  await answer.text()
  if (!answer.ok) throw new Error(`the intake answered ${answer.status}`)
}
