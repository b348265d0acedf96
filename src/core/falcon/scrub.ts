/** An answer may repeat what it was sent; what is secret in it goes no further. */
import type { HttpAnswer } from "../http/http.ts"

/** The answer with every `secret`, plain or percent-encoded, replaced. */
export function without(answer: HttpAnswer, secrets: readonly string[]): HttpAnswer {
  const forms = new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]))
  let text = answer.text
  for (const form of forms) if (form !== "") text = text.replaceAll(form, "<redacted>")
  return { ...answer, text }
}
