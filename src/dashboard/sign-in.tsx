/** The way in: a token of the server opens a session of this browser. */
import { useEffect, useRef, useState } from "preact/hooks"
import { Failure } from "./parts.tsx"
import { signIn } from "./server.ts"
import { begin } from "./state.ts"

export const SignIn = () => {
  const [token, setToken] = useState("")
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  // There is nothing else to do on this page.
  useEffect(() => field.current?.focus(), [])
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      if (!(await signIn(token.trim()))) throw new Error("This token is not known here.")
      await begin()
    } catch (failed) {
      setError(failed as Error)
    }
    setBusy(false)
  }
  return (
    <main class="sign-in" tabIndex={-1}>
      <h1>Akonis</h1>
      <form onSubmit={submit}>
        <label class="field">
          <span>Token</span>
          <input
            id="token"
            ref={field}
            type="password"
            autocomplete="current-password"
            required
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        <p class="hint">
          One of <code>server.tokens</code>, or the one in <code>api-token</code> in the data folder.
        </p>
        <Failure error={error} />
        <button type="submit" class="primary" disabled={busy || token.trim() === ""}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  )
}
