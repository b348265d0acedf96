/** Which process of a cluster runs what of the tenant, and which processes there are. */
import type { ClusterStatus } from "../api/status/schema.ts"
import { Empty, Section, Sign, Table } from "./parts.tsx"
import { report } from "./state.ts"
import { ago, rate, span } from "./words.ts"

export const Cluster = ({ tenant }: { readonly tenant: string }) => {
  const { cluster, at } = report.value!
  if (cluster === undefined) return null
  return (
    <>
      <Section title="Where it runs" aside={`answered by ${cluster.process}`}>
        {cluster.trouble !== "" && (
          <p class="failure" role="alert">
            {cluster.trouble}. What stands below is how it was before.
          </p>
        )}
        <Units units={cluster.units.filter((unit) => unit.tenant === tenant)} now={at} />
      </Section>
      <Section title="Processes of the cluster">
        <Processes cluster={cluster} />
      </Section>
    </>
  )
}

const Units = ({ units, now }: { readonly units: ClusterStatus["units"]; readonly now: string }) =>
  units.length === 0 ? (
    <Empty>No process has taken anything of this tenant yet.</Empty>
  ) : (
    <Table
      rows={units}
      keyOf={({ plugin }) => plugin}
      columns={[
        { title: "Plugin", kind: "name", cell: ({ plugin }) => plugin },
        { title: "Process", cell: ({ process }) => process },
        {
          title: "Sign of life",
          cell: ({ seen_s }) => (
            <Sign
              status={seen_s === null ? "degraded" : "ok"}
              text={seen_s === null ? "gone" : `${span(seen_s)} ago`}
            />
          ),
        },
        { title: "Since", cell: ({ since }) => <span title={since}>{ago(since, now)}</span> },
        { title: "Takeovers", kind: "number", cell: ({ epoch }) => epoch - 1 },
        {
          title: "Events/s",
          kind: "number",
          cell: ({ events_per_s }) => (events_per_s === null ? "–" : rate(events_per_s)),
        },
      ]}
    />
  )

const Processes = ({ cluster: { processes, units, process: here } }: { readonly cluster: ClusterStatus }) => {
  const unitsOf = (process: string) => units.filter((unit) => unit.process === process)
  const perSecond = (process: string) =>
    unitsOf(process).reduce((sum, { events_per_s }) => sum + (events_per_s ?? 0), 0)
  return (
    <Table
      rows={processes}
      keyOf={({ process }) => process}
      columns={[
        {
          title: "Process",
          kind: "name",
          cell: ({ process }) => (process === here ? `${process} (this one)` : process),
        },
        { title: "Version", cell: ({ version }) => version },
        { title: "Sign of life", cell: ({ seen_s }) => `${span(seen_s)} ago` },
        {
          title: "Units",
          kind: "number",
          cell: ({ process, works }) => (works ? unitsOf(process).length : "takes none"),
        },
        { title: "Events/s", kind: "number", cell: ({ process }) => rate(perSecond(process)) },
      ]}
    />
  )
}
