/** Removes secrets from answers, which may repeat what they were sent. */
import type { HttpAnswer } from "../http/client/http.ts"
import { secretForms, withoutForms } from "../telemetry/secret-forms.ts"

/**
 * The answer with every `secret` replaced in its body and its headers, however it is encoded there. What is too short to be a
 * secret is left: a token `t` would be found in every word.
 */
export const without = (answer: HttpAnswer, secrets: readonly string[]): HttpAnswer => {
  const forms = secrets.flatMap(secretForms)
  const text = withoutForms(answer.text, forms)
  const headers = [...answer.headers].some(([, value]) => withoutForms(value, forms) !== value)
    ? new Headers([...answer.headers].map(([name, value]) => [name, withoutForms(value, forms)]))
    : answer.headers
  return { ...answer, headers, text }
}
