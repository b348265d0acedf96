import type { SimContext } from "../context.ts"
import { company } from "../events/world.ts"
import { fullName } from "./alert-actions.ts"
import type { CaseState } from "./cases-state.ts"

/** A case as the API shows it (gofalcon `SdkCaseVM`): `id` of a record of evidence is the case's own, its selector holds what was given. */
export function caseEntity(sim: SimContext, one: CaseState) {
  const user = sim.people.console_users.find(({ uuid }) => uuid === one.assigned_to_uuid)
  const created = new Date(one.created_ms).toISOString()
  return {
    id: one.id,
    reference_id: one.reference_id,
    cid: company.cid,
    name: one.name,
    description: one.description,
    severity: one.severity,
    status: one.status,
    tags: one.tags,
    fields: one.custom_fields,
    version: one.version,
    consistency: { consistent: true, version: one.version },
    assigned_to: user === undefined ? null : { uuid: user.uuid, full_name: fullName(user), email: user.uid },
    created_by: null,
    last_updated_by: null,
    creation_actor: { type: "api" },
    update_actor: { type: "api" },
    created_timestamp: created,
    start_timestamp: created,
    end_timestamp: one.status === "closed" ? new Date(one.updated_ms).toISOString() : null,
    updated_timestamp: new Date(one.updated_ms).toISOString(),
    template: one.template_id === undefined ? null : { id: one.template_id },
    read_only: { is_read_only: one.merged_into !== undefined },
    analysis_results: {},
    evidence: {
      alerts: { records: recordsOf(one.alerts) },
      events: { records: recordsOf(one.events) },
      leads: { records: [] },
      users: { records: [] },
      custom_evidence: { records: [] },
    },
  }
}

const recordsOf = (ids: readonly string[]) => ids.map((id, at) => ({ id: `evidence-${at}`, selector: { id } }))
