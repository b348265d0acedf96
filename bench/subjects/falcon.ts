/** What every subject but Akonis needs to begin: the environment of a worker, a token, the feeds. */

const need = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

export const base_url = need("FALCON_BASE_URL")
export const intake_url = `${need("SEKOIA_INTAKE_URL")}/batch`
export const intake_key = need("SEKOIA_INTAKE_KEY")
export const batch_events_max = 1_000

export interface Feed {
  readonly url: string
  readonly token: string
}

interface Resource {
  readonly dataFeedURL: string
  readonly sessionToken: { readonly token: string }
}

/** Asks for a token and lists the feeds, as any client does. */
export const listFeeds = async (): Promise<Feed[]> => {
  const form = new URLSearchParams({ client_id: need("FALCON_CLIENT_ID"), client_secret: need("FALCON_CLIENT_SECRET") })
  const granted = await fetch(`${base_url}/oauth2/token`, { method: "POST", body: form })
  const { access_token } = (await granted.json()) as { access_token: string }
  const listed = await fetch(`${base_url}/sensors/entities/datafeed/v2?appId=bench`, {
    headers: { authorization: `Bearer ${access_token}` },
  })
  const { resources } = (await listed.json()) as { resources: Resource[] }
  return resources.map((resource) => ({ url: resource.dataFeedURL, token: resource.sessionToken.token }))
}

/** Opens a feed at its oldest event. */
export const open = async ({ url, token }: Feed): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
  const response = await fetch(url, { headers: { authorization: `Token ${token}` }, timeout: false } as RequestInit)
  return response.body!.getReader()
}

/** Posts one body and waits for the answer. */
export const post = async (body: Uint8Array | string): Promise<void> => {
  const answer = await fetch(intake_url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: body as BodyInit,
  })
  if (!answer.ok) throw new Error(`the intake answered ${answer.status}`)
  await answer.arrayBuffer()
}
