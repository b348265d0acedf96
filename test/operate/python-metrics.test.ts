import { expect, test } from "bun:test"
import { withAkonis } from "../traces/collector.ts"

test("the metrics of the Python module are there when they are asked for, with no key in a label", () =>
  withAkonis({ endpoint: undefined, env: { AKONIS_PYTHON_METRICS: "true" } }, async ({ ask, delivered, simulator }) => {
    await delivered(300)
    const page = await (await ask("/metrics")).text()
    expect(page).toMatch(/^symphony_module_crowdstrike_collected_detections_total\{intake_key="default"\} \d+$/m)
    expect(page).toMatch(/^akonis_events_in_total\{/m)
    expect(page).not.toContain(simulator.settings.intake_key)
  }))

test("the metrics of the Python module are not there otherwise", () =>
  withAkonis({ endpoint: undefined }, async ({ ask }) => {
    expect(await (await ask("/metrics")).text()).not.toContain("symphony_module")
  }))
