/** Every action that ships, as a type: what `hc<AppType>` knows. A test holds it against the plugins. */
import type { addNewCommentToAlert } from "../plugins/alerts/add-new-comment-to-alert.ts"
import type { getAlertsV2 } from "../plugins/alerts/get-alerts-v2.ts"
import type { searchAlerts } from "../plugins/alerts/search-alerts.ts"
import type { updateAlertStatus } from "../plugins/alerts/update-alert-status.ts"
import type { updateAlerts } from "../plugins/alerts/update-alerts.ts"
import type { addCaseAlerts, addCaseEvents } from "../plugins/cases/add-case-evidence.ts"
import type { addCaseTags, removeCaseTags } from "../plugins/cases/case-tags.ts"
import type { closeCase } from "../plugins/cases/close-case.ts"
import type { createCase } from "../plugins/cases/create-case.ts"
import type { getCases } from "../plugins/cases/get-cases.ts"
import type { mergeCases } from "../plugins/cases/merge-cases.ts"
import type { searchCases } from "../plugins/cases/search-cases.ts"
import type { updateCase } from "../plugins/cases/update-case.ts"
import type { deisolateEndpoints } from "../plugins/hosts/deisolate-endpoints.ts"
import type { getDeviceDetails } from "../plugins/hosts/get-device-details.ts"
import type { getHostsByName } from "../plugins/hosts/get-hosts-by-name.ts"
import type { getOnlineState } from "../plugins/hosts/get-online-state.ts"
import type { isolateEndpoints } from "../plugins/hosts/isolate-endpoints.ts"
import type { liftFilesystemContainment } from "../plugins/hosts/lift-filesystem-containment.ts"
import type { performHostAction } from "../plugins/hosts/perform-host-action.ts"
import type { queryDeviceLoginHistory } from "../plugins/hosts/query-device-login-history.ts"
import type { queryDevicesByFilter } from "../plugins/hosts/query-devices-by-filter.ts"
import type { tagHosts, untagHosts } from "../plugins/hosts/tag-hosts.ts"
import type { getBehaviors } from "../plugins/incidents/get-behaviors.ts"
import type { getIncidents } from "../plugins/incidents/get-incidents.ts"
import type { blockIoc } from "../plugins/iocs/block-ioc.ts"
import type { createIndicators } from "../plugins/iocs/create-indicators.ts"
import type { deleteIndicators } from "../plugins/iocs/delete-indicators.ts"
import type { getIndicators } from "../plugins/iocs/get-indicators.ts"
import type { getIndicatorsReport } from "../plugins/iocs/get-indicators-report.ts"
import type { getIocActions } from "../plugins/iocs/get-ioc-actions.ts"
import type { monitorIoc } from "../plugins/iocs/monitor-ioc.ts"
import type { pushIocsForDetection } from "../plugins/iocs/push-iocs-for-detection.ts"
import type { pushIocsForPrevention } from "../plugins/iocs/push-iocs-for-prevention.ts"
import type { searchIndicators } from "../plugins/iocs/search-indicators.ts"
import type { updateIndicators } from "../plugins/iocs/update-indicators.ts"
import type { createPreventionPolicies } from "../plugins/prevention-policies/create-prevention-policies.ts"
import type { deletePreventionPolicies } from "../plugins/prevention-policies/delete-prevention-policies.ts"
import type { getPreventionPolicies } from "../plugins/prevention-policies/get-prevention-policies.ts"
import type { performPreventionPolicyAction } from "../plugins/prevention-policies/perform-prevention-policy-action.ts"
import type { updatePreventionPolicies } from "../plugins/prevention-policies/update-prevention-policies.ts"

export type ShippedAction =
  | typeof addNewCommentToAlert
  | typeof getAlertsV2
  | typeof updateAlertStatus
  | typeof updateAlerts
  | typeof searchAlerts
  | typeof deisolateEndpoints
  | typeof getDeviceDetails
  | typeof getOnlineState
  | typeof isolateEndpoints
  | typeof performHostAction
  | typeof queryDeviceLoginHistory
  | typeof queryDevicesByFilter
  | typeof getHostsByName
  | typeof tagHosts
  | typeof untagHosts
  | typeof liftFilesystemContainment
  | typeof searchCases
  | typeof getCases
  | typeof createCase
  | typeof updateCase
  | typeof closeCase
  | typeof addCaseAlerts
  | typeof addCaseEvents
  | typeof addCaseTags
  | typeof removeCaseTags
  | typeof mergeCases
  | typeof getBehaviors
  | typeof getIncidents
  | typeof blockIoc
  | typeof createIndicators
  | typeof deleteIndicators
  | typeof getIndicatorsReport
  | typeof getIndicators
  | typeof getIocActions
  | typeof monitorIoc
  | typeof pushIocsForDetection
  | typeof pushIocsForPrevention
  | typeof searchIndicators
  | typeof updateIndicators
  | typeof createPreventionPolicies
  | typeof deletePreventionPolicies
  | typeof getPreventionPolicies
  | typeof performPreventionPolicyAction
  | typeof updatePreventionPolicies
