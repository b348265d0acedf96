/** Small pieces that every view is made of. */
import type { ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"
import type { StatusReport } from "../api/status/schema.ts"
import { canAct, signIn } from "./server.ts"

type Health = StatusReport["status"]

/** A state by sign, colour and word: never by colour alone. */
const names: Readonly<Record<Health, string>> = { ok: "OK", degraded: "Degraded", failed: "Failed" }

export const Sign = ({ status, text }: { readonly status: Health; readonly text?: string }) => (
  <span class={`sign ${status}`}>
    <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false">
      {status === "ok" ? (
        <circle cx="6" cy="6" r="4" />
      ) : status === "degraded" ? (
        <path d="M6 1 11.5 11H.5Z" />
      ) : (
        <path d="M3.5.5h5l3 3v5l-3 3h-5l-3-3v-5Z" />
      )}
    </svg>
    <span>{text ?? names[status]}</span>
  </span>
)

export const Section = ({
  title,
  aside,
  children,
}: {
  readonly title: string
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
}) => (
  <section>
    <div class="heading">
      <h2>{title}</h2>
      {aside !== undefined && <div class="aside">{aside}</div>}
    </div>
    {children}
  </section>
)

/** A text of the product, in which backticks set off names. */
export const Prose = ({ text }: { readonly text: string }) => (
  <>{text.split("`").map((part, i) => (i % 2 === 1 ? <code key={`${i} ${part}`}>{part}</code> : part))}</>
)

/** What stands where there is nothing to show. */
export const Empty = ({ children }: { readonly children: ComponentChildren }) => <p class="empty">{children}</p>

export const Failure = ({ error }: { readonly error: Error | undefined }) =>
  error === undefined ? null : (
    <p class="failure" role="alert">
      {error.message}
    </p>
  )

/** Names with a value each. */
export const Pairs = ({ pairs }: { readonly pairs: readonly (readonly [string, string])[] }) => (
  <dl class="pairs">
    {pairs.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
)

interface Column<Row> {
  readonly title: string
  /** `name`: tells the row from the others; `number`: stands to the right; `detail`: a long text; `control`: its title is for those who hear the page. */
  readonly kind?: "name" | "number" | "detail" | "control"
  readonly cell: (row: Row) => ComponentChildren
}

/** A table; where it is narrow, each row is a stack of its cells, which name their columns. */
export const Table = <Row,>({
  columns,
  rows,
  keyOf,
}: {
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
}) => (
  <table class="stacks">
    <thead>
      <tr>
        {columns.map(({ title, kind }) => (
          <th key={title} scope="col" class={kind === "number" ? kind : undefined}>
            {kind === "control" ? <span class="hidden">{title}</span> : title}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map((row) => (
        <tr key={keyOf(row)}>
          {columns.map(({ title, kind, cell }) =>
            kind === "name" ? (
              <th key={title} scope="row" data-label={title}>
                {cell(row)}
              </th>
            ) : (
              <td key={title} class={kind} data-label={title}>
                {cell(row)}
              </td>
            ),
          )}
        </tr>
      ))}
    </tbody>
  </table>
)

/** A curve of the last values, without axes: its shape is what is looked at. */
export const Curve = ({ values, label }: { readonly values: readonly number[]; readonly label: string }) => {
  const top = Math.max(1, ...values)
  const [width, height] = [240, 36]
  const step = width / 119
  const from = width - (values.length - 1) * step
  const points = values.map(
    (value, i) => `${(from + i * step).toFixed(1)},${(height - 1 - (value / top) * (height - 3)).toFixed(1)}`,
  )
  return (
    <svg class="curve" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {points.length > 1 && (
        <path class="area" d={`M${from.toFixed(1)},${height} L${points.join(" L")} L${width},${height}Z`} />
      )}
      {points.length > 1 && <path class="line" d={`M${points.join(" L")}`} />}
    </svg>
  )
}

/** A window over the page. The browser keeps the focus in it and gives it back. */
export const Dialog = ({
  title,
  onClose,
  children,
}: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}) => {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => ref.current?.showModal(), [])
  return (
    <dialog ref={ref} aria-label={title} onClose={onClose}>
      <h2>{title}</h2>
      {children}
    </dialog>
  )
}

/**
 * Asks before something is done: again for the token, where the page was loaded anew since it was given, and for a number to be
 * typed, where what is done cannot be undone.
 */
export const Confirm = ({
  title,
  button,
  type_in,
  onConfirm,
  onClose,
  children,
}: {
  readonly title: string
  readonly button: string
  /** What has to be typed. */
  readonly type_in?: string | undefined
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
  readonly children: ComponentChildren
}) => {
  const [typed, setTyped] = useState("")
  const [token, setToken] = useState("")
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const needs_token = !canAct()
  const is_ready = !busy && (type_in === undefined || typed.trim() === type_in) && (!needs_token || token.trim() !== "")

  const confirm = async (event: Event) => {
    event.preventDefault()
    if (!is_ready) return
    setBusy(true)
    setError(undefined)
    try {
      if (needs_token && !(await signIn(token.trim()))) throw new Error("This token is not known here.")
      await onConfirm()
      onClose()
    } catch (failed) {
      setError(failed as Error)
      setBusy(false)
    }
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={confirm}>
        {children}
        {type_in !== undefined && (
          <label class="field">
            <span>
              Type <strong>{type_in}</strong> to confirm
            </span>
            <input
              value={typed}
              autocomplete="off"
              inputmode="numeric"
              onInput={({ currentTarget }) => setTyped(currentTarget.value)}
            />
          </label>
        )}
        {needs_token && (
          <label class="field">
            <span>Your token again: the page was loaded anew since you signed in</span>
            <input
              type="password"
              autocomplete="current-password"
              value={token}
              onInput={({ currentTarget }) => setToken(currentTarget.value)}
            />
          </label>
        )}
        <Failure error={error} />
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={type_in === undefined ? "primary" : "danger"} disabled={!is_ready}>
            {busy ? "Working…" : button}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
