/** An answer may repeat what it was sent; what is secret in it goes no further. */
import type { HttpAnswer } from "../http/http.ts"

/** The answer with every `secret`, plain or percent-encoded, replaced. */
export function without(answer: HttpAnswer, secrets: readonly string[]): HttpAnswer {
  const forms = secrets.flatMap((secret) => (secret === "" ? [] : [secret, encodeURIComponent(secret)]))
  const found = forms.filter((form) => answer.text.includes(form))
  if (found.length === 0) return answer
  return { ...answer, text: found.reduce((text, form) => text.replaceAll(form, "<redacted>"), answer.text) }
}
