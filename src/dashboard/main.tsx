/** The dashboard: a frame with the state of everything, and the view that the address names. */
import { render } from "preact"
import { Actions } from "./actions.tsx"
import { Approvals } from "./approvals.tsx"
import { Audit } from "./audit.tsx"
import { Letters } from "./letters.tsx"
import { Overview } from "./overview.tsx"
import { Sign } from "./parts.tsx"
import { signOut } from "./server.ts"
import { SignIn } from "./sign-in.tsx"
import { begin, connected, is_stale, report, route, session, tenant, tenant_id } from "./state.ts"
import { nextTheme, theme } from "./theme.ts"
import { clock, count, span } from "./words.ts"

const views = [
  ["", "Overview", Overview],
  ["actions", "Actions", Actions],
  ["dead-letters", "Dead letters", Letters],
  ["approvals", "Approvals", Approvals],
  ["audit", "Audit log", Audit],
] as const

const App = () => {
  if (session.value === "out") return <SignIn />
  if (report.value === undefined) {
    return (
      <main class="sign-in" tabIndex={-1}>
        <h1>Akonis</h1>
        <p role="status">
          {session.value === "unknown" ? "Asking the server how it is…" : "The server does not answer. Trying again…"}
        </p>
      </main>
    )
  }
  const [name] = route.value
  const [, , View] = views.find(([path]) => path === name) ?? views[0]
  return (
    <>
      <Top />
      <Tabs />
      <main tabIndex={-1}>
        {is_stale.value && (
          <p class="failure" role="alert">
            The server has not answered since {clock(report.value.at)}. What stands below is how it was then; trying
            again…
          </p>
        )}
        <View />
      </main>
      <footer>
        akonis {report.value.version}, up {span(report.value.uptime_s)}, {count(report.value.process.rss_bytes / 1e6)}{" "}
        MB · <a href="/docs">API</a> · <a href="/metrics">Metrics</a>
      </footer>
    </>
  )
}

const Top = () => {
  const { status, tenants, caller, at } = report.value!
  const is_live = connected.value && !is_stale.value
  return (
    <header>
      <a class="brand" href="#/">
        Akonis
      </a>
      <Sign status={status} />
      {report.value!.read_only && <span class="effect">read-only</span>}
      {tenants.length > 1 && (
        <label>
          <span class="hidden">Tenant</span>
          <select
            value={tenant.value?.id}
            onChange={({ currentTarget }) => {
              tenant_id.value = currentTarget.value
            }}
          >
            {tenants.map(({ id, status }) => (
              <option key={id} value={id}>
                {status === "ok" ? id : `${id} (${status})`}
              </option>
            ))}
          </select>
        </label>
      )}
      <span class="space" />
      <span class={is_live ? "live" : "live lost"}>{is_live ? `Live ${clock(at)}` : "No connection"}</span>
      <span class="who">
        {caller.name} <span class="quiet">{caller.role}</span>
      </span>
      <button type="button" class="plain" onClick={nextTheme}>
        Theme: {theme.value}
      </button>
      <button
        type="button"
        class="plain"
        onClick={() => {
          void signOut().then(() => location.reload())
        }}
      >
        Sign out
      </button>
    </header>
  )
}

const Tabs = () => {
  const [name] = route.value
  const letters = tenant.value?.dead_letters.pending ?? 0
  const approvals = tenant.value?.approvals_waiting ?? 0
  const numbers: Readonly<Record<string, number>> = { "dead-letters": letters, approvals }
  return (
    <nav aria-label="Views">
      {views.map(([path, title]) => (
        <a key={path} href={`#/${path}`} aria-current={path === (name ?? "") ? "page" : undefined}>
          {title}
          {(numbers[path] ?? 0) > 0 && <span class="number"> {count(numbers[path]!)}</span>}
        </a>
      ))}
    </nav>
  )
}

render(<App />, document.getElementById("app")!)
void begin()
