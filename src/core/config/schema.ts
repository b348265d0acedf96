/** The schemas of everything outside of plugins: credentials of a tenant, and what all tenants have in common. */
import { z } from "zod"
import { samplers } from "../telemetry/tracing/samplers.ts"
import { cluster } from "./cluster.ts"
import { baseUrl, fromEnv, httpUrl, secret } from "./schema-parts.ts"

/** The `log` block. */
const log = z.strictObject({
  level: fromEnv(
    z.enum(["debug", "info", "warn", "error"]).default("info"),
    "AKONIS_LOG_LEVEL",
    "Least important lines that are printed.",
  ),
  format: fromEnv(z.enum(["pretty", "logfmt", "json"]).default("pretty"), "AKONIS_LOG_FORMAT", "How log lines look."),
})

/** The `traces` block. Its variables are those of OpenTelemetry, for whoever has set them already. */
const traces = z.strictObject({
  endpoint: fromEnv(
    httpUrl.optional(),
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "Collector of OpenTelemetry traces, by OTLP over HTTP: spans are posted to `<endpoint>/v1/traces` as JSON. None are made when left out.",
  ),
  headers: secret("OTEL_EXPORTER_OTLP_HEADERS", "Headers for the collector: `name=value,name=value`.").optional(),
  service_name: fromEnv(
    z.string().min(1).max(100).default("akonis"),
    "OTEL_SERVICE_NAME",
    "Name of the service in traces.",
  ),
  sampler: fromEnv(
    z.enum(samplers).default("parentbased_always_on"),
    "OTEL_TRACES_SAMPLER",
    "Which traces are kept; `parentbased_…` keeps those of requests whose caller keeps them.",
  ),
  sampler_arg: fromEnv(
    z.number().min(0).max(1).default(1),
    "OTEL_TRACES_SAMPLER_ARG",
    "Share of traces that a `…traceidratio` keeps, 0 to 1.",
  ),
})

/** One caller of our HTTP API. */
const token = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, dots, dashes or underscores")
    .describe("Who that is, for the audit log and for approvals."),
  token: secret(undefined, "The bearer token."),
  role: z
    .enum(["reader", "responder", "admin"])
    .describe("reader sees, responder also acts, admin also replays and reloads."),
  tenants: z
    .array(z.string())
    .min(1, "must name at least one tenant; leave it out for all")
    .exactOptional()
    .describe("Tenants that the token sees and acts on, by id; all when left out."),
})

/** The `server` block. */
const server = z.strictObject({
  host: fromEnv(
    z.string().min(1).default("127.0.0.1"),
    "AKONIS_HOST",
    "Address to listen on; any but a loopback address needs a token.",
  ),
  port: fromEnv(z.int().min(0).max(65_535).default(8_080), "AKONIS_PORT", "Port to listen on; 0 takes any free one."),
  allowed_hosts: fromEnv(
    z.array(z.string().regex(/^[\w.-]+$/, "must be names of hosts, without scheme and port")).default([]),
    "AKONIS_ALLOWED_HOSTS",
    "Names that this server is called by, beside server.host, localhost and addresses; a request to any other is refused.",
  ),
  health_tenants: z
    .boolean()
    .default(false)
    .describe(
      "With several tenants: name them in the open `/health`. Otherwise it sums them up, and a token shows its own.",
    ),
  read_only: fromEnv(
    z.boolean().default(false),
    "AKONIS_READ_ONLY",
    "Refuse every action that changes something: over HTTP, from the shell and over MCP alike.",
  ),
  python_metrics: fromEnv(
    z.boolean().default(false),
    "AKONIS_PYTHON_METRICS",
    "Show in `GET /metrics`, beside ours, the metrics of the Python module by their names; `intake_key` then holds the tenant's id.",
  ),
  tokens: z.array(token).default([]).describe("Who may call the API. AKONIS_TOKEN adds one of role admin."),
})

/** The `guards` block: what stands between a run and the hosts of an estate. */
const guards = z.strictObject({
  hosts_per_run_max: z.int().min(1).optional().describe("Most hosts that one run may change."),
  hosts_per_hour_max: z
    .int()
    .min(1)
    .optional()
    .describe("Most different hosts that all runs of a tenant may change within an hour, restarts included."),
  protected: z
    .strictObject({
      tags: z
        .array(z.string().min(1))
        .default([])
        .describe("Hosts with one of these tags are never changed; case aside."),
      hostnames: z.array(z.string().min(1)).default([]).describe("Hosts of these names are never changed; case aside."),
      filter: z
        .string()
        .max(4_096)
        .default("")
        .describe("FQL filter of hosts that are never changed, such as `product_type_desc:'Domain Controller'`."),
    })
    .prefault({}),
  approval: z
    .array(z.string())
    .default([])
    .describe("Actions, by slug, that run only once a second person has approved them, within 30 minutes."),
})

export type GuardsConfig = z.infer<typeof guards>

/** What one Falcon tenant needs; stands at the top level or under `tenants`. */
export const credentials = {
  client_id: fromEnv(z.string().min(1), "FALCON_CLIENT_ID", "Id of the Falcon API client."),
  client_secret: secret("FALCON_CLIENT_SECRET", "Secret of the Falcon API client."),
  base_url: fromEnv(
    z.union([z.literal("auto"), baseUrl], {
      error: 'must be a URL such as https://api.eu-1.crowdstrike.com, or "auto"',
    }),
    "FALCON_BASE_URL",
    'Base URL of the Falcon cloud; "auto" finds it.',
  ).default("https://api.eu-1.crowdstrike.com"),
  member_cid: fromEnv(
    z.string().regex(/^[0-9a-fA-F]{32}(-[0-9a-fA-F]{2})?$/, "must be a customer id of 32 hexadecimal characters"),
    "FALCON_MEMBER_CID",
    "Flight Control child to act for.",
  ).optional(),
}

/** Everything outside `plugins` and the tenants. */
export const general = {
  proxy: httpUrl.optional().describe("Proxy for every outgoing request; HTTPS_PROXY and NO_PROXY are honoured too."),
  ca_file: z
    .string()
    .min(1)
    .optional()
    .describe("A further certificate authority, PEM. Verification is never switched off."),
  data_dir: fromEnv(
    z.string().min(1).default("./data"),
    "AKONIS_DATA_DIR",
    "Folder for offsets, dead letters and the like.",
  ),
  stix_dir: fromEnv(
    z.string().min(1).optional(),
    "AKONIS_STIX_DIR",
    "Folder whose STIX files actions may read (`stix_objects_path`), with several tenants one folder a tenant in it. " +
      "`stix` in the tenant's data folder when left out. It must neither hold the data folder nor lie in it.",
  ),
  tenants_from: z
    .literal("flight-control", { error: "must be flight-control, or left out" })
    .optional()
    .describe(
      "`flight-control`: a tenant for each child of the API client's own customer, as Falcon lists them. `tenants` then says what single " +
        "children have of their own, by `member_cid`, and `{cid}` in a text below `plugins` stands for the child's customer id.",
    ),
  log: log.prefault({}),
  traces: traces.prefault({}),
  server: server.prefault({}),
  guards: guards.prefault({}),
  cluster: cluster
    .optional()
    .describe(
      "Shares the tenants out among several processes, through PostgreSQL. One process with files when left out.",
    ),
}

export type General = z.infer<z.ZodObject<typeof general>>
export type Credentials = z.infer<z.ZodObject<typeof credentials>>
