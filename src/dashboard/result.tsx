/** What came of a run: counts first, then what failed, then what Falcon gave. */
import type { ActionResponse } from "../core/actions/response.ts"
import { Empty, Pairs, Sign, Table } from "./parts.tsx"
import { count } from "./words.ts"

/** Of what Falcon gave, in characters: a page is for looking, `akonis call --json` for more. */
const shown_max = 200_000

/** Rows of errors. */
const errors_max = 200

export const Result = ({ answer }: { readonly answer: ActionResponse }) => {
  const { outcome, counts, errors, warnings = [], results, request_id } = answer
  const status = outcome === "success" || outcome === "dry_run" ? "ok" : "degraded"
  return (
    <div class="result" role="status">
      <h3>
        <Sign status={status} text={outcome === "dry_run" ? "Dry run: nothing was sent" : outcome} />
      </h3>
      {outcome !== "dry_run" && <Pairs pairs={Object.entries(counts).map(([name, n]) => [name, count(n ?? 0)])} />}
      {warnings.map((warning) => (
        <p key={warning} class="warning">
          {warning}
        </p>
      ))}
      {errors.length > 0 && (
        <Table
          rows={errors.slice(0, errors_max)}
          keyOf={({ id, code, message }) => `${id} ${code} ${message}`}
          columns={[
            { title: "Id", cell: ({ id }) => id ?? "–" },
            { title: "Code", cell: ({ code }) => code },
            {
              title: "What Falcon says",
              kind: "detail",
              cell: ({ outcome, message }) => (outcome === undefined ? message : `${outcome}: ${message}`),
            },
          ]}
        />
      )}
      <Given results={results} />
      <p class="quiet">
        Request id <code>{request_id}</code>
      </p>
    </div>
  )
}

const Given = ({ results }: { readonly results: ActionResponse["results"] }) => {
  if ("requests" in results) {
    return (
      <ol class="requests">
        {results.requests.map((request, at) => (
          <li key={at}>
            <code>
              {request.method} {request.url}
            </code>
            {request.body !== undefined && <pre>{JSON.stringify(request.body, null, 2)}</pre>}
          </li>
        ))}
      </ol>
    )
  }
  if (results.resources.length === 0) return <Empty>Falcon gave nothing back.</Empty>
  const text = JSON.stringify(results.resources, null, 2)
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by the keyboard. */}
      <pre tabIndex={0}>{text.slice(0, shown_max)}</pre>
      {text.length > shown_max && <p class="quiet">Cut here: {count(text.length)} characters in all.</p>}
    </>
  )
}
