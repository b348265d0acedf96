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

/** Posts a body; fails unless the intake took it. */
export async function post(body: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const answer = await fetch(intake_url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  })
  await answer.text()
  if (!answer.ok) throw new Error(`the intake answered ${answer.status}`)
}
