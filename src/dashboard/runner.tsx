/** One action: its form, the dry run, the question before it changes something, and what came of it. */
import { useState } from "preact/hooks"
import type { CatalogueEntry } from "../core/actions/catalogue.ts"
import type { ActionResponse } from "../core/actions/response.ts"
import { argumentsOf, Form, type Schema, type Typed, typedOf } from "./form.tsx"
import { Confirm, Failure, Prose, Section } from "./parts.tsx"
import { Result } from "./result.tsx"
import { act, Problem } from "./server.ts"
import { allows, base, report } from "./state.ts"
import { count } from "./words.ts"

/** What is to be asked: first whether to look, then whether to act. */
type Asking = "dry" | "run"

/** How many things arguments are about: the longest of their lists, and one where there is none. */
const thingsIn = (args: Readonly<Record<string, unknown>>): number =>
  Math.max(1, ...Object.values(args).map((value) => (Array.isArray(value) ? value.length : 0)))

export const Runner = ({ action }: { readonly action: CatalogueEntry }) => {
  const schema = action.arguments as Schema
  const [typed, setTyped] = useState<Typed>({})
  const [wrong, setWrong] = useState<Readonly<Record<string, string>>>({})
  const [error, setError] = useState<Error>()
  const [asking, setAsking] = useState<{ readonly how: Asking; readonly args: Record<string, unknown> }>()
  const [tried, setTried] = useState<string>()
  const [answer, setAnswer] = useState<ActionResponse>()

  const type = (next: Typed) => {
    setTyped(next)
    setWrong({})
  }
  const ask = (how: Asking) => (event: Event) => {
    event.preventDefault()
    setError(undefined)
    try {
      setAsking({ how, args: argumentsOf(schema, typed) })
    } catch (failed) {
      setError(failed as Error)
    }
  }
  const perform = (how: Asking, args: Record<string, unknown>) => async () => {
    setAnswer(undefined)
    setWrong({})
    try {
      const query = how === "dry" ? "?dry_run=true" : ""
      // The same click twice is one run.
      const headers = how === "run" && action.changes ? { "idempotency-key": crypto.randomUUID() } : undefined
      setAnswer(await act<ActionResponse>(`${base.value}/actions/${action.slug}${query}`, args, headers))
      if (how === "dry") setTried(JSON.stringify(args))
    } catch (failed) {
      const problem = failed as Error
      setError(problem)
      if (problem instanceof Problem) {
        setWrong(Object.fromEntries(problem.fields.map(({ field, message }) => [field.split(".")[0]!, message])))
      }
    }
  }
  const is_tried = tried !== undefined && tried === safeJson(schema, typed)
  const may = allows("responder") && !(action.changes && report.value?.read_only === true)

  return (
    <Section title={action.title} aside={<code>{action.slug}</code>}>
      <p class="lead">
        <Prose text={action.description} />
      </p>
      <ul class="traits">
        <li class={action.destructive ? "destructive" : ""}>
          {action.destructive
            ? "Hard to undo, or takes a host off the network"
            : action.changes
              ? "Changes something in Falcon"
              : "Only reads"}
        </li>
        {action.scopes.map((scope) => (
          <li key={scope}>{scope}</li>
        ))}
        {action.limits.per_call !== null && (
          <li>{count(action.limits.per_call)} in one call; longer lists are split</li>
        )}
        {action.retired !== null && (
          <li class="destructive">Withdrawn by CrowdStrike; use {action.retired.successor}</li>
        )}
      </ul>
      <form onSubmit={ask(action.changes ? "dry" : "run")} noValidate>
        <Form schema={schema} typed={typed} wrong={wrong} onType={type} />
        <Failure error={error} />
        {error instanceof Problem && error.approval_id !== undefined && (
          <p>
            <a href="#/approvals">See what waits for a second person</a>
          </p>
        )}
        {!may && (
          <p class="quiet">
            {allows("responder")
              ? "This server is read-only: what changes something is refused."
              : "To run an action takes the role responder."}
          </p>
        )}
        <div class="buttons">
          <button type="submit" class={action.changes && is_tried ? "" : "primary"} disabled={!may}>
            {action.changes ? "Dry run" : "Run"}
          </button>
          {action.changes && (
            <button
              type="button"
              class={action.destructive ? "danger" : "primary"}
              disabled={!may || !is_tried}
              onClick={ask("run")}
            >
              Run…
            </button>
          )}
          {!action.changes && (
            <button type="button" disabled={!may} onClick={ask("dry")}>
              Dry run
            </button>
          )}
          <button type="button" class="plain" onClick={() => type(typedOf(schema, action.example))}>
            Fill in an example
          </button>
        </div>
        {action.changes && !is_tried && <p class="quiet">Run follows a dry run of the same arguments.</p>}
      </form>
      {answer !== undefined && <Result answer={answer} />}
      {asking !== undefined && (
        <Asked
          action={action}
          how={asking.how}
          args={asking.args}
          onConfirm={perform(asking.how, asking.args)}
          onClose={() => setAsking(undefined)}
        />
      )}
    </Section>
  )
}

const safeJson = (schema: Schema, typed: Typed): string => {
  try {
    return JSON.stringify(argumentsOf(schema, typed))
  } catch {
    return ""
  }
}

const Asked = ({
  action,
  how,
  args,
  onConfirm,
  onClose,
}: {
  readonly action: CatalogueEntry
  readonly how: Asking
  readonly args: Record<string, unknown>
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
}) => {
  const things = thingsIn(args)
  const acts = how === "run" && action.changes
  return (
    <Confirm
      title={how === "dry" ? `Dry run: ${action.title}` : action.title}
      button={how === "dry" ? "Show what would be sent" : "Run"}
      type_in={acts && action.destructive ? String(things) : undefined}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>
        {how === "dry"
          ? "Nothing is sent to Falcon. The answer shows the exact requests that would be."
          : acts
            ? `This changes something in Falcon, for ${count(things)} ${things === 1 ? "thing" : "things"}:`
            : "This asks Falcon and changes nothing."}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by the keyboard. */}
      <pre tabIndex={0}>{JSON.stringify(args, null, 2)}</pre>
    </Confirm>
  )
}
