/** Indicators of compromise: blocked, watched, pushed from STIX, looked up, changed, deleted. */
import { z } from "zod"
import { readCheck, writeCheck } from "../../core/check/scope-check.ts"
import { definePlugin } from "../../core/plugin.ts"
import { blockIoc } from "./block-ioc.ts"
import { createIndicators } from "./create-indicators.ts"
import { deleteIndicators } from "./delete-indicators.ts"
import { getIndicators } from "./get-indicators.ts"
import { getIndicatorsReport } from "./get-indicators-report.ts"
import { getIocActions } from "./get-ioc-actions.ts"
import { monitorIoc } from "./monitor-ioc.ts"
import { pushIocsForDetection } from "./push-iocs-for-detection.ts"
import { pushIocsForPrevention } from "./push-iocs-for-prevention.ts"
import { searchIndicators } from "./search-indicators.ts"
import { updateIndicators } from "./update-indicators.ts"

export const iocs = definePlugin({
  id: "iocs",
  title: "Blocks, watches, pushes, looks up, changes and deletes indicators of compromise.",
  enabled_by_default: true,
  config: z.strictObject({}),
  checks: () => [
    readCheck("IOC Management: Read", { method: "GET", path: "/iocs/queries/indicators/v1", query: { limit: 1 } }),
    writeCheck("IOC Management: Write", {
      method: "POST",
      path: "/iocs/entities/indicators/v1",
      body: { indicators: [] },
    }),
  ],
  actions: [
    blockIoc,
    monitorIoc,
    pushIocsForPrevention,
    pushIocsForDetection,
    searchIndicators,
    getIndicators,
    createIndicators,
    updateIndicators,
    deleteIndicators,
    getIocActions,
    getIndicatorsReport,
  ],
})
