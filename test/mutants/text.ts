/** Promises about secrets and about text from elsewhere, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const changelog = "CHANGELOG.md"
const secrets = "No secret reaches a log, an error or an answer, however it was encoded."

const text = breaks({ file: "src/core/text.ts", noticed_by: "src/core/text.test.ts" }, [
  {
    name: "text is cut before secrets are replaced",
    promise: "Secrets are replaced before a text is cut: half a secret is not found.",
    page: changelog,
    find: "const part = shown(text, chars_max)",
    replace: "const part = text.slice(0, chars_max)",
  },
  {
    name: "the beginning of a secret stands at the cut",
    promise: "Where a text was cut, the last characters could be the beginning of a secret, and go.",
    find: "return head.slice(0, Math.max(0, head.length - longest))",
    replace: "return head",
  },
  {
    name: "escape sequences stay",
    promise: "What servers send cannot steer a terminal.",
    page: changelog,
    find: "text.toWellFormed().replaceAll(ESCAPES, MARK)",
    replace: "text.toWellFormed()",
  },
  {
    name: "control characters stay",
    promise: "What servers send cannot look like a line of its own, nor turn the direction of text around.",
    page: changelog,
    find: '.replaceAll(BLANKS, " ").replaceAll(CONTROLS, MARK)',
    replace: '.replaceAll(BLANKS, " ")',
  },
  {
    name: "a text is as long as it likes",
    promise: "A cleaned text is at most as long as its bound.",
    page: changelog,
    find: 'return `${chars.slice(0, Math.max(0, chars_max - CUT.length)).join("")}${CUT}`',
    replace: 'return `${chars.join("")}${CUT}`',
  },
])

const redact = breaks({ file: "src/core/telemetry/redact.ts", noticed_by: "src/core/text.test.ts" }, [
  {
    name: "short forms are cut out before long ones",
    promise: secrets,
    page: changelog,
    find: "sort((a, b) => b.length - a.length)",
    replace: "sort((a, b) => a.length - b.length)",
  },
  {
    name: "nothing is redacted",
    promise: secrets,
    page: changelog,
    noticed_by: "test/actions/http.test.ts",
    find: "withoutForms(text, hidden)",
    replace: "withoutForms(text, [])",
  },
])

const forms = breaks({ file: "src/core/telemetry/secret-forms.ts", noticed_by: "src/core/text.test.ts" }, [
  {
    name: "form-encoded secrets stay",
    promise: secrets,
    page: changelog,
    find: 'encoded.map((form) => form.replaceAll("%20", "+"))',
    replace: "encoded",
  },
  {
    name: "secrets as strict URLs have them stay",
    promise: secrets,
    page: changelog,
    find: "component.replaceAll(/[!'()*~]/g, percent)",
    replace: "component",
  },
  {
    name: "secrets escaped as JSON stay",
    promise: secrets,
    page: changelog,
    find: "const escaped = [json, ",
    replace: "const escaped = [secret, ",
  },
  {
    name: "short secrets are cut out of ordinary words",
    promise: "A short secret is cut out only where it stands alone.",
    find: "form.length >= distinct_chars_min",
    replace: "form.length >= 0",
  },
])

const health = breaks({ file: "src/core/telemetry/health.ts", noticed_by: "src/core/telemetry/health.test.ts" }, [
  {
    name: "health is as long as its failures",
    promise: "/health is open and bounded, however many things fail.",
    page: changelog,
    find: "return chars > texts.health_chars_max",
    replace: "return chars > 1_000 * texts.health_chars_max",
  },
])

const logging = breaks({ file: "src/core/telemetry/logging.ts", noticed_by: "src/core/telemetry/logging.test.ts" }, [
  {
    name: "a text in a log begins a line of its own",
    promise: "Nothing that is logged can look like a line of its own.",
    find: '.join("\\n    ")',
    replace: '.join("\\n")',
  },
  {
    name: "a log in JSON steers the terminal",
    promise: "Log lines in every format are fit for a terminal.",
    find: "terminalText(Logger.formatJson.log(options))",
    replace: "Logger.formatJson.log(options)",
  },
])

const repeats = breaks({ file: "src/core/telemetry/repeats.ts", noticed_by: "src/core/telemetry/repeats.test.ts" }, [
  {
    name: "a flood is logged line by line",
    promise: "Log lines that repeat are written once and summed up once a minute.",
    page: changelog,
    find: "      return false\n    }\n    this.seen.set(",
    replace: "      return true\n    }\n    this.seen.set(",
  },
  {
    name: "what was counted is never told",
    promise: "A sum says how often a line was repeated.",
    page: changelog,
    find: "      sums.push({",
    replace: "      void ({",
  },
  {
    name: "texts without a bound are remembered",
    promise: "Beyond a thousand texts, what is new counts as one.",
    find: "this.seen.size < texts_max ? wanted",
    replace: "this.seen.size < 1_000 * texts_max ? wanted",
  },
])

const problem = breaks({ file: "src/core/actions/problem.ts", noticed_by: "test/actions/whose-fault.test.ts" }, [
  {
    name: "a fault of the request looks like an outage",
    promise:
      "Where the fault is the request's, the answer is 404, 409 or 422: only 429, 502, 503 and 504 may be repeated.",
    page: "README.md",
    find: '(reason === "rejected" && errors.length > 0 ? refusals[status] : undefined)',
    replace: '(reason === "retired" && errors.length > 0 ? refusals[status] : undefined)',
  },
  {
    name: "a thousand wrong fields are all named",
    promise: "Problem documents name at most 100 fields.",
    page: changelog,
    noticed_by: "test/actions/door.test.ts",
    find: "errors.slice(0, actions.field_errors_max)",
    replace: "errors",
  },
])

const secret = breaks({ file: "src/core/config/secret.ts", noticed_by: "src/core/config/load.test.ts" }, [
  {
    name: "a changed secret file is not read again",
    promise: "Secret files are read again when they change.",
    page: "README.md",
    find: "known.version === versionOf(yield* fs.stat(path))",
    replace: "known.version !== `${(yield* fs.stat(path)).type}`",
  },
  {
    name: "a secret of the configuration is printed",
    promise: secrets,
    page: changelog,
    noticed_by: "test/actions/http.test.ts",
    find: "  hideInLogs(text)\n",
    replace: "",
  },
])

export const texts: readonly Mutant[] = [
  ...text,
  ...redact,
  ...forms,
  ...health,
  ...logging,
  ...repeats,
  ...problem,
  ...secret,
]
