/**
 * The last line of defence of secrets: whatever a log line, an error or a problem answer says, the values registered here
 * are cut out of it. The first line is `Redacted`, which never prints its value.
 */
import { secretForms, withoutForms } from "./secret-forms.ts"

/** Every form of every registered secret, the longest first: a form may hold another one. */
let hidden: readonly string[] = []
const registered = new Set<string>()

/** From now on this value never appears in a log, however it is encoded. What is too short to be a secret is left alone. */
export const hideInLogs = (secret: string): void => {
  if (registered.has(secret)) return
  registered.add(secret)
  hidden = [...new Set([...hidden, ...secretForms(secret)])].sort((a, b) => b.length - a.length)
}

/** The text with every registered secret replaced. To be done before a text is cut: half a secret is not found. */
export const redact = (text: string): string => withoutForms(text, hidden)

/** Characters of the longest form of a registered secret; 0 when there is none. */
export const hiddenCharsMax = (): number => hidden[0]?.length ?? 0

/** From now on the password of this URL never appears in a log: whoever refuses a request may repeat it, alone or in the header that carries it. */
export const hidePasswordOf = (url: string): void => {
  if (!URL.canParse(url)) return
  const { username, password } = new URL(url)
  if (password === "") return
  const [user, secret] = [username, password].map(percentDecoded) as [string, string]
  for (const text of [password, secret, Buffer.from(`${user}:${secret}`).toString("base64")]) hideInLogs(text)
}

/** A text without its percent encoding; as it is where it has none that is right. */
export const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A text without the name and password of any URL in it, also where they are too short to be found as a secret. */
export const withoutLogins = (text: string): string =>
  text.replaceAll(/(\b[a-z][a-z\d+.-]*:\/\/)[^/@\s"]*@/gi, "$1(secret)@")
