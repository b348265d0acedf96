/** Breaks of what a reload promises. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/operations.md"
const plan = "src/core/config/reload-plan.test.ts"
const running = "test/operate/reload.test.ts"

export const reload: readonly Mutant[] = [
  ...breaks({ file: "src/core/config/reload-plan.ts", page, noticed_by: plan }, [
    {
      name: "a reload restarts what did not change",
      promise: "What is the same in both configurations goes on.",
      find: 'return is_same ? { fate: "kept", enabled: was }',
      replace: 'return is_same && false ? { fate: "kept", enabled: was }',
    },
    {
      name: "a reload restarts a stream for a new secret",
      promise: "A secret with another value takes the place of the old one without a restart.",
      find: "return isSecret(one) && isSecret(other)",
      replace: "return one === other",
    },
    {
      name: "a stream does not notice that its enrichment changed",
      promise: "A stream is restarted when what is added to its events changes.",
      find: "plugins.filter((one) => one.plugin.enricher !== undefined)",
      replace: "plugins.filter(() => false)",
    },
    {
      name: "another API client leaves the streams of the old one",
      promise: "Everything of a tenant that speaks to another API client is restarted.",
      find: "const is_same = is_same_client && ",
      replace: "const is_same = ",
    },
    {
      name: "what needs a restart is half in force",
      promise: "A key that needs a restart stays as it is until then.",
      find: 'withValue(made, key.split("."), valueAt(now, key))',
      replace: 'withValue(made, key.split("."), valueAt(next, key))',
    },
  ]),
  ...breaks({ file: "src/live.ts", page, noticed_by: running }, [
    {
      name: "a kept stream goes on with the old secret",
      promise: "A secret with another value takes the place of the old one without a restart.",
      find: "for (const [held, other] of replaced) held.replace(other)",
      replace: "",
    },
    {
      name: "a removed tenant goes on delivering",
      promise: "What a reload removes is stopped as at an end.",
      find: "if (fiber !== undefined) yield* Fiber.interrupt(fiber)",
      replace: "",
    },
    {
      name: "a stream that is restarted has no more time than the end of a process",
      promise: "A restart of a stream repeats nothing that the intake takes slowly.",
      find: "Effect.sleep(limits.drain_ms_max)",
      replace: "Effect.sleep(server.drain_ms_max)",
    },
    {
      name: "a plugin that is off stays in health",
      promise: "Health shows what is on.",
      find: "yield* health(tenant, (of) => of.hide(plugin))",
      replace: "",
    },
    {
      name: "the metrics of a removed tenant stay",
      promise: "Metrics show the tenants that there are.",
      find: "yield* forgetMetrics({ tenant: tenant.config.id })",
      replace: "",
    },
  ]),
  ...breaks({ file: "src/reload.ts", page, noticed_by: running }, [
    {
      name: "a secret that cannot be read is taken over",
      promise: "A configuration that is not right is refused whole.",
      find: "if (unreadable !== undefined) return yield* unreadable",
      replace: "",
    },
    {
      name: "an invalid file is half applied",
      promise: "A configuration that is not right is refused whole.",
      find: "const { callers } = yield* loadCallers(config.source, config.data_dir, config.server)",
      replace:
        "yield* Effect.flatten(live.prepare(planReload(now.config, config), { config, callers: now.callers, secrets })); const { callers } = yield* loadCallers(config.source, config.data_dir, config.server)",
    },
    {
      name: "a child whose key cannot be read is stopped",
      promise: "A child that runs stops when Falcon lists it no longer, and for no other reason.",
      noticed_by: "test/flight-control/process.test.ts",
      find: "yield* refuseUnready(now.config, next)",
      replace: "",
    },
    {
      name: "children are looked for in the data folder of the next start",
      promise: "A child that runs stops when Falcon lists it no longer, and for no other reason.",
      noticed_by: "test/flight-control/process.test.ts",
      find: "yield* readBeside(now, read)",
      replace: "yield* (readBeside(now, read), read)",
    },
    {
      name: "one child whose folder cannot be used keeps the others from coming",
      promise: "A child that cannot be started is named in health, and the others go on.",
      noticed_by: "test/flight-control/process.test.ts",
      find: "yield* withUsableFolders(config, now.tenants)",
      replace: "(withUsableFolders(config, now.tenants), config)",
    },
    {
      name: "a reload leaves no line in the audit log",
      promise: "Every reload is in the audit log of every tenant.",
      find: "yield* writeAudit(before, asked, line)",
      replace: "",
    },
  ]),
  ...breaks({ file: "src/cli/run.ts", page, noticed_by: "test/process/hangup.test.ts" }, [
    {
      name: "SIGHUP ends the process",
      promise: "SIGHUP never ends the process.",
      find: 'Effect.sync(() => process.on("SIGHUP", tell))',
      replace: "Effect.sync(() => tell)",
    },
  ]),
  ...breaks({ file: "src/api/reload.ts", page: "docs/security.md", noticed_by: running }, [
    {
      name: "a reader reloads",
      promise: "A reload takes the role admin.",
      find: 'if (!roleAllows(role, "admin"))',
      replace: 'if (!roleAllows(role, "reader"))',
    },
    {
      name: "a token of one tenant reloads all",
      promise: "A reload takes a token for all tenants.",
      find: "return tenants === undefined",
      replace: "return tenants !== null",
    },
  ]),
]
