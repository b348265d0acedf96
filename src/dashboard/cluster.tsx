/** Which process of a cluster runs what of the tenant, and which processes there are. */
import type { ClusterStatus } from "../api/status/schema.ts"
import { Section, Sign } from "./parts.tsx"
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
    <p class="empty">No process has taken anything of this tenant yet.</p>
  ) : (
    <table class="stacks">
      <thead>
        <tr>
          <th scope="col">Plugin</th>
          <th scope="col">Process</th>
          <th scope="col">Sign of life</th>
          <th scope="col">Since</th>
          <th scope="col" class="number">
            Takeovers
          </th>
          <th scope="col" class="number">
            Events/s
          </th>
        </tr>
      </thead>
      <tbody>
        {units.map((unit) => (
          <tr key={unit.plugin}>
            <th scope="row" data-label="Plugin">
              {unit.plugin}
            </th>
            <td data-label="Process">{unit.process}</td>
            <td data-label="Sign of life">
              <Sign
                status={unit.seen_s === null ? "degraded" : "ok"}
                text={unit.seen_s === null ? "gone" : `${span(unit.seen_s)} ago`}
              />
            </td>
            <td data-label="Since" title={unit.since}>
              {ago(unit.since, now)}
            </td>
            <td class="number" data-label="Takeovers">
              {unit.epoch - 1}
            </td>
            <td class="number" data-label="Events/s">
              {unit.events_per_s === null ? "–" : rate(unit.events_per_s)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )

const Processes = ({ cluster: { processes, units, process: here } }: { readonly cluster: ClusterStatus }) => (
  <table class="stacks">
    <thead>
      <tr>
        <th scope="col">Process</th>
        <th scope="col">Version</th>
        <th scope="col">Sign of life</th>
        <th scope="col" class="number">
          Units
        </th>
        <th scope="col" class="number">
          Events/s
        </th>
      </tr>
    </thead>
    <tbody>
      {processes.map((one) => {
        const own = units.filter((unit) => unit.process === one.process)
        return (
          <tr key={one.process}>
            <th scope="row" data-label="Process">
              {one.process}
              {one.process === here && " (this one)"}
            </th>
            <td data-label="Version">{one.version}</td>
            <td data-label="Sign of life">{span(one.seen_s)} ago</td>
            <td class="number" data-label="Units">
              {one.works ? own.length : "takes none"}
            </td>
            <td class="number" data-label="Events/s">
              {rate(own.reduce((sum, { events_per_s }) => sum + (events_per_s ?? 0), 0))}
            </td>
          </tr>
        )
      })}
    </tbody>
  </table>
)
