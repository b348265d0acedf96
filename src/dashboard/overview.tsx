/** The first view: how the tenant is, at a glance, then partition by partition. */
import type { PartitionStatus, TenantStatus } from "../api/status/schema.ts"
import { AuditTable } from "./audit.tsx"
import { Cluster } from "./cluster.tsx"
import { Curve, Empty, Pairs, Section, Sign, Table } from "./parts.tsx"
import { history, report, tenant } from "./state.ts"
import { ago, clock, count, folded, metric, millis, rate, span, states, words } from "./words.ts"

export const Overview = () => {
  const now = report.value!.at
  const one = tenant.value
  if (one === undefined) return <Empty>This token may see no tenant.</Empty>
  return (
    <>
      <Troubles tenant={one} />
      <Figures tenant={one} />
      <Section title="Partitions" aside={one.destination === null ? undefined : `to the ${one.destination.name}`}>
        {one.partitions.length === 0 ? (
          <Empty>
            No partition is read{report.value!.cluster === undefined ? "" : " by this process"}. Either the plugin
            event-stream is off, or Falcon has listed no stream yet; the plugins below say which.
          </Empty>
        ) : (
          <Partitions partitions={one.partitions} now={now} />
        )}
      </Section>
      <Cluster tenant={one.id} />
      <div class="columns">
        <Section title="Plugins">
          <Plugins tenant={one} now={now} />
        </Section>
        <div>
          <Destination tenant={one} />
          <Inventories tenant={one} />
          <Counters tenant={one} />
          <Section title="Recent changes" aside={<a href="#/audit">All</a>}>
            <AuditTable lines={one.audit.slice(0, 6)} short />
          </Section>
        </div>
      </div>
    </>
  )
}

/** What is wrong, in full, before anything else. */
const Troubles = ({ tenant: { plugins } }: { readonly tenant: TenantStatus }) => {
  const wrong = [...(report.value!.shared ?? []), ...plugins].filter(({ status }) => status !== "ok")
  if (wrong.length === 0) return null
  return (
    <ul class="troubles">
      {wrong.map(({ id, status, since, detail }) => (
        <li key={id} class={status}>
          <Sign status={status} text={id} />
          <span class="since">since {clock(since)}</span>
          {detail === "" ? <p>It does not say why.</p> : folded(detail).map((line) => <p key={line}>{line}</p>)}
        </li>
      ))}
    </ul>
  )
}

const Figure = ({
  name,
  value,
  note,
  href,
  tone,
}: {
  readonly name: string
  readonly value: string
  readonly note?: string | undefined
  readonly href?: string
  readonly tone?: string | undefined
}) => (
  <div>
    <dt>{name}</dt>
    <dd class={tone}>
      {href === undefined ? value : <a href={href}>{value}</a>}
      {note !== undefined && <small>{note}</small>}
    </dd>
  </div>
)

const Figures = ({ tenant: one }: { readonly tenant: TenantStatus }) => {
  const lags = one.partitions.flatMap(({ lag_s }) => (lag_s === null ? [] : [lag_s]))
  const lag = lags.length === 0 ? undefined : Math.max(...lags)
  const { destination, dead_letters, enrichment, budget, approvals_waiting } = one
  const failed = Object.values(destination?.failed ?? {}).reduce((sum, n) => sum + n, 0)
  return (
    <div class="figures">
      <div class="flow">
        <dl>
          <Figure name="Events per second" value={rate(one.events_per_s)} />
        </dl>
        <Curve values={history.value.get(one.id) ?? []} label="Events per second over the last two minutes" />
      </div>
      <dl>
        <Figure
          name="Largest lag"
          value={lag === undefined ? "–" : span(lag)}
          tone={lag !== undefined && lag > 60 ? "warn" : undefined}
        />
        <Figure
          name="Post, median"
          value={millis(destination?.p50_ms ?? null)}
          note={destination?.p95_ms == null ? undefined : `95 % within ${millis(destination.p95_ms)}`}
        />
        <Figure name="Posts that failed" value={count(failed)} note="since the start" />
        <Figure
          name="Dead letters"
          value={count(dead_letters.pending)}
          href="#/dead-letters"
          tone={dead_letters.pending > 0 ? "warn" : undefined}
        />
        <Figure name="Enrichment open" value={count(enrichment.open)} note={`${count(enrichment.enriched)} done`} />
        <Figure
          name="Falcon budget left"
          value={budget === null ? "–" : count(budget.remaining)}
          note={budget === null ? undefined : `of ${count(budget.limit)} a minute`}
        />
        <Figure
          name="Approvals waiting"
          value={count(approvals_waiting)}
          href="#/approvals"
          tone={approvals_waiting > 0 ? "warn" : undefined}
        />
      </dl>
    </div>
  )
}

const Partitions = ({ partitions, now }: { readonly partitions: readonly PartitionStatus[]; readonly now: string }) => (
  <Table
    rows={partitions}
    keyOf={({ partition }) => partition}
    columns={[
      { title: "Partition", kind: "name", cell: ({ partition }) => partition },
      { title: "State", cell: ({ status, state }) => <Sign status={status} text={states[state]} /> },
      { title: "Events/s", kind: "number", cell: ({ events_per_s }) => rate(events_per_s) },
      { title: "Lag", kind: "number", cell: ({ lag_s }) => (lag_s === null ? "–" : span(lag_s)) },
      { title: "Read", kind: "number", cell: ({ read_offset }) => read_offset ?? "–" },
      { title: "Committed", kind: "number", cell: ({ committed_offset }) => committed_offset ?? "–" },
      { title: "Dead letters", kind: "number", cell: ({ dead_letters }) => count(dead_letters) },
      { title: "Last event", cell: ({ last_event_at }) => ago(last_event_at, now) },
      {
        title: "Last error",
        kind: "detail",
        cell: ({ status, last_error }) => (
          <span class={status === "ok" ? "quiet" : ""}>
            {last_error === null ? "none" : `${clock(last_error.at)}  ${last_error.detail}`}
          </span>
        ),
      },
    ]}
  />
)

/** A longer detail repeats what the table of partitions shows. */
const short_chars = 120

const Plugins = ({ tenant: { plugins }, now }: { readonly tenant: TenantStatus; readonly now: string }) => (
  <ul class="plugins">
    {plugins.map(({ id, title, status, since, detail, last_error }) => (
      <li key={id}>
        <Sign status={status} text={id} />
        <span class="since" title={since}>
          {ago(since, now)}
        </span>
        <p>{status === "ok" && detail !== "" && detail.length < short_chars ? detail : title}</p>
        {status === "ok" && last_error !== null && (
          <p class="quiet">
            Last error {clock(last_error.at)}: {last_error.detail}
          </p>
        )}
      </li>
    ))}
  </ul>
)

const Destination = ({ tenant: { destination } }: { readonly tenant: TenantStatus }) => {
  const failed = Object.entries(destination?.failed ?? {})
  if (destination === null || failed.length === 0) return null
  return (
    <Section title={`Posts to the ${destination.name} that failed`}>
      <Pairs pairs={failed.map(([reason, n]) => [words(reason), count(n)])} />
    </Section>
  )
}

const Inventories = ({ tenant: { assets } }: { readonly tenant: TenantStatus }) =>
  assets.length === 0 ? null : (
    <Section title="Inventories">
      <Table
        rows={assets}
        keyOf={({ plugin }) => plugin}
        columns={[
          { title: "Inventory", kind: "name", cell: ({ plugin }) => plugin },
          { title: "Known", kind: "number", cell: ({ known }) => count(known ?? 0) },
          { title: "Sent", kind: "number", cell: ({ sent }) => count(sent) },
          { title: "Left out", kind: "number", cell: ({ skipped }) => count(skipped) },
          {
            title: "Cycles",
            kind: "number",
            cell: ({ cycles_done, cycles_failed }) =>
              cycles_failed > 0 ? `${count(cycles_done)}, ${count(cycles_failed)} failed` : count(cycles_done),
          },
        ]}
      />
    </Section>
  )

const Counters = ({ tenant: { counters } }: { readonly tenant: TenantStatus }) => {
  const pairs = Object.values(counters).flatMap((own) => Object.entries(own).filter(([, value]) => value > 0))
  if (pairs.length === 0) return null
  return (
    <Section title="Counted since the start">
      <Pairs pairs={pairs.map(([name, value]) => [metric(name), count(value)])} />
    </Section>
  )
}
