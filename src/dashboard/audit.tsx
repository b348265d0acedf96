/** What was changed, by whom, and how it ended. */
import type { AuditShown } from "../api/status/schema.ts"
import { Empty, Section, Sign } from "./parts.tsx"
import { tenant } from "./state.ts"
import { clock, count } from "./words.ts"

const status = (outcome: string) => (outcome === "success" ? "ok" : outcome === "failed" ? "failed" : "degraded")

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
    <table class="stacks">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">Action</th>
          <th scope="col">Outcome</th>
          {!short && (
            <th scope="col" class="number">
              Ids
            </th>
          )}
          {!short && <th scope="col">Detail</th>}
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={`${line.at} ${line.who} ${line.action} ${line.outcome}`}>
            <td data-label="When">{clock(line.at)}</td>
            <td data-label="Who">
              {line.who}
              {line.approved_by !== undefined && ` (approved by ${line.approved_by})`}
            </td>
            <td data-label="Action">
              <code>{line.action}</code>
            </td>
            <td data-label="Outcome">
              <Sign status={status(line.outcome)} text={line.outcome} />
            </td>
            {!short && (
              <td class="number" data-label="Ids">
                {count(line.ids)}
              </td>
            )}
            {!short && (
              <td class="detail" data-label="Detail">
                {line.detail ?? ""}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )

export const Audit = () => (
  <Section title="Audit log" aside="the newest lines; the whole log is audit.ndjson in the data folder">
    <AuditTable lines={tenant.value?.audit ?? []} />
  </Section>
)
