/**
 * Talks to the process that served the page. What is read goes with the session's cookie. What acts carries the token itself, which
 * stays in memory for as long as the page is open and nowhere else: a cookie opens nothing that changes something.
 */
let token: string | undefined

/** A problem that the server told, in its words. */
export class Problem extends Error {
  readonly status: number
  readonly fields: readonly { readonly field: string; readonly message: string }[]
  readonly approval_id: string | undefined

  constructor(status: number, body: Partial<{ detail: string; errors: Problem["fields"]; approval_id: string }>) {
    super(body.detail ?? `the server answered ${status}`)
    this.status = status
    this.fields = body.errors ?? []
    this.approval_id = body.approval_id
  }
}

const answerOf = async <A>(response: Response): Promise<A> => {
  const text = await response.text()
  const body = (
    (response.headers.get("content-type") ?? "").includes("json") && text !== "" ? JSON.parse(text) : {}
  ) as A
  if (!response.ok) throw new Problem(response.status, body as object)
  return body
}

const request = async <A>(path: string, init: RequestInit = {}): Promise<A> => {
  const response = await fetch(path, { credentials: "same-origin", ...init }).catch(() => {
    throw new Problem(0, { detail: "the server does not answer" })
  })
  return answerOf<A>(response)
}

export const read = <A>(path: string): Promise<A> => request<A>(path)

/** Whether the token is at hand; it is asked for again after a reload. */
export const canAct = (): boolean => token !== undefined

/** Asks for something to be done. */
export const act = <A>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<A> =>
  request<A>(path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token ?? ""}`, ...headers },
    body: JSON.stringify(body),
  })

/** Opens a session; false when nobody has this token. */
export const signIn = async (given: string): Promise<boolean> => {
  const body = new URLSearchParams({ token: given })
  const response = await fetch("/session", { method: "POST", body, credentials: "same-origin" })
  if (response.status === 401) return false
  if (!response.ok) await answerOf(response)
  token = given
  return true
}

export const signOut = async (): Promise<void> => {
  token = undefined
  await fetch("/session/end", { method: "POST", credentials: "same-origin" })
}
