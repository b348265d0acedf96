/** The catalogue of actions: found by a word, described, tried dry, and run. */
import { signal } from "@preact/signals"
import { useEffect, useState } from "preact/hooks"
import type { CatalogueEntry } from "../core/actions/catalogue.ts"
import { Empty, Failure, Section } from "./parts.tsx"
import { Runner } from "./runner.tsx"
import { read } from "./server.ts"
import { base, route } from "./state.ts"

const catalogue = signal<{ readonly base: string; readonly actions: readonly CatalogueEntry[] } | undefined>(undefined)
const search = signal("")
const effect = signal<"all" | "reads" | "changes">("all")

export const Actions = () => {
  const [error, setError] = useState<Error>()
  const from = base.value
  useEffect(() => {
    if (catalogue.value?.base === from) return
    read<{ actions: readonly CatalogueEntry[] }>(`${from}/actions`)
      .then(({ actions }) => {
        catalogue.value = { base: from, actions }
      })
      .catch(setError)
  }, [from])
  const [, slug] = route.value
  if (error !== undefined) return <Failure error={error} />
  if (catalogue.value === undefined) return <Empty>The catalogue is on its way…</Empty>
  const { actions } = catalogue.value
  if (slug === undefined || slug === "") return <List actions={actions} />
  const action = actions.find((one) => one.slug === slug)
  if (action === undefined) {
    return (
      <Empty>
        There is no action {slug} among the plugins that are on. <a href="#/actions">All actions</a>
      </Empty>
    )
  }
  return (
    <>
      <p class="back">
        <a href="#/actions">← All actions</a>
      </p>
      <Runner key={slug} action={action} />
    </>
  )
}

const effectOf = ({ retired, destructive, changes }: CatalogueEntry) =>
  retired !== null ? "retired" : destructive ? "destructive" : changes ? "changes" : "reads"

/** The console's name of what an action works on: the part of its scope before the colon. */
const familyOf = ({ scopes }: CatalogueEntry): string => scopes[0]?.split(":")[0] ?? "Other"

const matches = (action: CatalogueEntry): boolean => {
  if (effect.value !== "all" && action.changes !== (effect.value === "changes")) return false
  const text = [action.slug, ...action.aliases, action.title, action.description, familyOf(action)]
    .join(" ")
    .toLowerCase()
  return search.value
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

const List = ({ actions }: { readonly actions: readonly CatalogueEntry[] }) => {
  const found = actions.filter(matches)
  const families = Map.groupBy(found, familyOf)
  return (
    <Section title="Actions" aside={`${found.length} of ${actions.length}`}>
      <div class="search">
        <label>
          <span class="hidden">Search the actions</span>
          <input
            type="search"
            placeholder="Search: isolate, indicator, tag…"
            value={search.value}
            onInput={({ currentTarget }) => {
              search.value = currentTarget.value
            }}
          />
        </label>
        <label>
          <span class="hidden">Which actions</span>
          <select
            value={effect.value}
            onChange={({ currentTarget }) => {
              effect.value = currentTarget.value as typeof effect.value
            }}
          >
            <option value="all">All</option>
            <option value="reads">Those that read</option>
            <option value="changes">Those that change something</option>
          </select>
        </label>
      </div>
      {found.length === 0 && <Empty>No action has all of these words.</Empty>}
      {[...families].map(([family, own]) => (
        <div key={family} class="family">
          <h3>{family}</h3>
          <ul class="actions">
            {own.map((action) => (
              <li key={action.slug}>
                <a href={`#/actions/${action.slug}`}>
                  <span class="name">{action.title}</span>
                  <code>{action.slug}</code>
                </a>
                <Effect name={effectOf(action)} />
              </li>
            ))}
          </ul>
        </div>
      ))}
    </Section>
  )
}

const Effect = ({ name }: { readonly name: string }) => <span class={`effect ${name}`}>{name}</span>
