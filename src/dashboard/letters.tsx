/** Dead letters: what could not be delivered, and what an admin may do about it. */
import { useState } from "preact/hooks"
import type { TenantStatus } from "../api/status/schema.ts"
import { Confirm, Dialog, Empty, Failure, Pairs, Section, Table } from "./parts.tsx"
import { act, read } from "./server.ts"
import { allows, base, report, tenant } from "./state.ts"
import { bytes, clock, count, words } from "./words.ts"

interface Letter {
  readonly id: string
  readonly reason: string
  readonly detail: string
  readonly raw: string
  readonly is_cut: boolean
}

interface Replayed {
  readonly delivered: number
  readonly refused: number
  readonly left: number
  readonly errors: readonly { readonly id: string; readonly message: string }[]
}

type Asking = "replay" | "purge-replayed" | "purge-all"

export const Letters = () => {
  const one = tenant.value
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asking, setAsking] = useState<Asking>()
  const [shown, setShown] = useState<Letter>()
  const [told, setTold] = useState<string>()
  const [error, setError] = useState<Error>()
  if (one === undefined) return null
  const { pending, replayed, by_reason, newest } = one.dead_letters
  const is_admin = allows("admin")

  const toggle = (id: string) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  const look = async (id: string) => {
    setError(undefined)
    try {
      setShown(await read<Letter>(`${base.value}/dead-letters/${encodeURIComponent(id)}`))
    } catch (failed) {
      setError(failed as Error)
    }
  }
  const more = (report.value?.tenants.length ?? 0) > 1 ? { tenant: one.id } : {}
  const replay = async () => {
    const which = chosen.size > 0 ? { ids: [...chosen] } : { all: true }
    const done = await act<Replayed>("/admin/dead-letters/replay", { ...more, ...which })
    const why = done.errors[0] === undefined ? "" : `: ${done.errors[0].message}`
    const left = done.left > 0 ? `; ${count(done.left)} more are left for another run` : ""
    setTold(`${count(done.delivered)} delivered, ${count(done.refused)} refused again${why}${left}.`)
    setChosen(new Set())
  }
  const purge = (which: "replayed" | "all") => async () => {
    const done = await act<{ removed: number; kept: number }>("/admin/dead-letters/purge", { ...more, which })
    const why = done.kept > 0 ? "; those of today stay while the worker runs" : ""
    setTold(`${count(done.removed)} removed, ${count(done.kept)} kept${why}.`)
  }

  return (
    <Section title="Dead letters" aside={`${count(pending)} waiting, ${count(replayed)} replayed`}>
      <p class="lead">
        Events that could not be delivered are kept here with the bytes that Falcon sent. Delivery goes on without them.
      </p>
      {is_admin ? (
        <div class="buttons">
          <button type="button" disabled={pending === 0} onClick={() => setAsking("replay")}>
            {chosen.size > 0 ? `Replay ${chosen.size} chosen` : "Replay all"}
          </button>
          <button type="button" disabled={replayed === 0} onClick={() => setAsking("purge-replayed")}>
            Remove replayed
          </button>
          <button
            type="button"
            class="danger"
            disabled={pending + replayed === 0}
            onClick={() => setAsking("purge-all")}
          >
            Remove all…
          </button>
        </div>
      ) : (
        <p class="quiet">To replay or remove them takes the role admin.</p>
      )}
      {told !== undefined && (
        <p class="told" role="status">
          {told}
        </p>
      )}
      <Failure error={error} />
      <Reasons by_reason={by_reason} />
      {pending === 0 ? (
        <Empty>None waits. What Falcon sends is delivered.</Empty>
      ) : newest.length === 0 ? (
        <Empty>
          There are too many to list here. <code>akonis dead-letters list</code> shows them.
        </Empty>
      ) : (
        <Newest
          newest={newest}
          chosen={chosen}
          toggle={is_admin ? toggle : undefined}
          look={allows("responder") ? look : undefined}
        />
      )}
      {asking === "replay" && (
        <Confirm title="Replay dead letters" button="Replay" onConfirm={replay} onClose={() => setAsking(undefined)}>
          <p>
            {chosen.size > 0
              ? `${chosen.size} chosen dead letters are`
              : `All ${count(pending)} dead letters that wait are`}{" "}
            posted to the destination once more, one by one. What is refused again stays.
          </p>
        </Confirm>
      )}
      {asking === "purge-replayed" && (
        <Confirm
          title="Remove replayed"
          button="Remove"
          onConfirm={purge("replayed")}
          onClose={() => setAsking(undefined)}
        >
          <p>The records of {count(replayed)} events that were delivered by a replay are removed.</p>
        </Confirm>
      )}
      {asking === "purge-all" && (
        <Confirm
          title="Remove all dead letters"
          button="Remove for good"
          type_in={String(pending)}
          onConfirm={purge("all")}
          onClose={() => setAsking(undefined)}
        >
          <p>
            <strong>{count(pending)}</strong> events that were never delivered are lost for good. Those of today stay
            while the worker runs.
          </p>
        </Confirm>
      )}
      {shown !== undefined && <Shown letter={shown} onClose={() => setShown(undefined)} />}
    </Section>
  )
}

const Reasons = ({ by_reason }: { readonly by_reason: Readonly<Record<string, number>> }) => {
  const all = Object.entries(by_reason)
  return all.length === 0 ? null : <Pairs pairs={all.map(([reason, n]) => [words(reason), count(n)])} />
}

type Listed = TenantStatus["dead_letters"]["newest"][number]

const chooseColumn = (chosen: ReadonlySet<string>, toggle: (id: string) => void) => ({
  title: "Choose",
  kind: "control" as const,
  cell: ({ id }: Listed) => (
    <input type="checkbox" aria-label={`Choose ${id}`} checked={chosen.has(id)} onChange={() => toggle(id)} />
  ),
})

const lookColumn = (look: (id: string) => Promise<void>) => ({
  title: "Look",
  kind: "control" as const,
  cell: ({ id }: Listed) => (
    <button type="button" class="small" onClick={() => void look(id)}>
      Look<span class="hidden"> at {id}</span>
    </button>
  ),
})

const Newest = ({
  newest,
  chosen,
  toggle,
  look,
}: {
  readonly newest: readonly Listed[]
  readonly chosen: ReadonlySet<string>
  readonly toggle: ((id: string) => void) | undefined
  readonly look: ((id: string) => Promise<void>) | undefined
}) => (
  <Table
    rows={newest}
    keyOf={({ id }) => id}
    columns={[
      ...(toggle === undefined ? [] : [chooseColumn(chosen, toggle)]),
      { title: "When", cell: ({ at }) => clock(at) },
      { title: "Reason", cell: ({ reason }) => words(reason) },
      { title: "Partition", cell: ({ partition }) => partition },
      { title: "Offset", kind: "number", cell: ({ offset }) => offset ?? "–" },
      { title: "Size", kind: "number", cell: (letter) => bytes(letter.bytes) },
      { title: "Detail", kind: "detail", cell: ({ detail }) => detail },
      ...(look === undefined ? [] : [lookColumn(look)]),
    ]}
  />
)

const Shown = ({ letter, onClose }: { readonly letter: Letter; readonly onClose: () => void }) => (
  <Dialog title={`Dead letter ${letter.id}`} onClose={onClose}>
    <p>
      {words(letter.reason)}: {letter.detail}
    </p>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by the keyboard. */}
    <pre tabIndex={0}>{letter.raw}</pre>
    {letter.is_cut && (
      <p class="quiet">
        Cut here; <code>akonis dead-letters show {letter.id} --raw</code> gives all of it.
      </p>
    )}
    <form method="dialog" class="buttons">
      <button type="submit">Close</button>
    </form>
  </Dialog>
)
