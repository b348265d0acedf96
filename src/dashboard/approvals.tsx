/** Runs that wait for a second person. */
import { useEffect, useState } from "preact/hooks"
import type { ActionResponse } from "../core/actions/response.ts"
import { Confirm, Empty, Failure, Section } from "./parts.tsx"
import { Result } from "./result.tsx"
import { act, read } from "./server.ts"
import { allows, base, tenant } from "./state.ts"
import { clock } from "./words.ts"

interface Waiting {
  readonly id: string
  readonly at: string
  readonly until: string
  readonly who: string
  readonly via: string
  readonly action: string
  readonly arguments: Readonly<Record<string, unknown>>
}

export const Approvals = () => {
  const [waiting, setWaiting] = useState<readonly Waiting[]>()
  const [asked, setAsked] = useState<Waiting>()
  const [answer, setAnswer] = useState<ActionResponse>()
  const [error, setError] = useState<Error>()
  const from = base.value
  const number = tenant.value?.approvals_waiting
  const may = allows("responder")
  useEffect(() => {
    if (!may) return
    read<{ approvals: readonly Waiting[] }>(`${from}/approvals`)
      .then(({ approvals }) => setWaiting(approvals))
      .catch(setError)
  }, [from, number, answer, may])

  return (
    <Section title="Approvals" aside="what waits for a second person, for 30 minutes">
      <Failure error={error} />
      {!may ? (
        <Empty>To see and approve what waits takes the role responder.</Empty>
      ) : waiting?.length === 0 ? (
        <Empty>
          Nothing waits. Actions named in <code>guards.approval</code> appear here until another person approves them.
        </Empty>
      ) : (
        <ul class="waiting">
          {(waiting ?? []).map((one) => (
            <li key={one.id}>
              <div>
                <code>{one.action}</code>
                <span class="since">
                  asked by <strong>{one.who}</strong> at {clock(one.at)}, until {clock(one.until)}
                </span>
              </div>
              <pre>{JSON.stringify(one.arguments, null, 2)}</pre>
              <button type="button" onClick={() => setAsked(one)}>
                Approve…<span class="hidden"> {one.action}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {answer !== undefined && <Result answer={answer} />}
      {asked !== undefined && (
        <Confirm
          title={`Approve ${asked.action}`}
          button="Approve and run"
          onConfirm={async () => setAnswer(await act<ActionResponse>(`${from}/approvals/${asked.id}`, {}))}
          onClose={() => setAsked(undefined)}
        >
          <p>{asked.who} asked for it. It runs at once, and the audit log names you both.</p>
        </Confirm>
      )}
    </Section>
  )
}
