/** What was changed, by whom, and how it ended. */
import type { AuditShown } from "../api/status/schema.ts"
import { Empty, Section, Sign, Table } from "./parts.tsx"
import { tenant } from "./state.ts"
import { clock, count } from "./words.ts"

const status = (outcome: string) => (outcome === "success" ? "ok" : outcome === "failed" ? "failed" : "degraded")

const long_columns = [
  { title: "Ids", kind: "number", cell: ({ ids }: AuditShown) => count(ids) },
  { title: "Detail", kind: "detail", cell: ({ detail }: AuditShown) => detail ?? "" },
] as const

export const AuditTable = ({
  lines,
  short = false,
}: {
  readonly lines: readonly AuditShown[]
  readonly short?: boolean
}) =>
  lines.length === 0 ? (
    <Empty>Nothing was changed yet. Each action that changes something leaves a line here.</Empty>
  ) : (
    <Table
      rows={lines}
      keyOf={({ at, who, action, outcome }) => `${at} ${who} ${action} ${outcome}`}
      columns={[
        { title: "When", cell: ({ at }) => clock(at) },
        {
          title: "Who",
          cell: ({ who, approved_by }) => (approved_by === undefined ? who : `${who} (approved by ${approved_by})`),
        },
        { title: "Action", cell: ({ action }) => <code>{action}</code> },
        { title: "Outcome", cell: ({ outcome }) => <Sign status={status(outcome)} text={outcome} /> },
        ...(short ? [] : long_columns),
      ]}
    />
  )

export const Audit = () => (
  <Section title="Audit log" aside="the newest lines; the whole log is audit.ndjson in the data folder">
    <AuditTable lines={tenant.value?.audit ?? []} />
  </Section>
)
