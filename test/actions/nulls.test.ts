/** Falcon writes `null` where a thing is not there, and its documents do not say where that may be. No answer with one may break an action. */
import { describe, expect, test } from "bun:test"
import { type Place, placesIn, withNull } from "../support/nulls.ts"
import { withApp } from "./app.ts"
import { cases, type Slug } from "./cases.ts"
import { knownOf, served } from "./cells.ts"
import { actions } from "./table.ts"

/** Places that are tried for each action: of objects and lists, and of plain values. All of them pass; these are what the suite has time for. */
const tried = { things: 5, values: 1 }

/** So many of them, spread over all, the first one among them. */
const spread = <A>(all: readonly A[], count: number): readonly A[] =>
  all.length <= count ? all : Array.from({ length: count }, (_, n) => all[Math.floor((n * all.length) / count)]!)

interface Spot {
  readonly path: string
  readonly place: Place
  readonly is_thing: boolean
}

const valueAt = (value: unknown, place: Place): unknown =>
  place.reduce((one: unknown, key) => (one as Record<string | number, unknown>)[key], value)

describe("a null anywhere in an answer of Falcon breaks no action:", () => {
  test.each(actions.map(({ slug }) => slug as Slug))("%s", (slug) => {
    const { simulator: options, prepare, good } = cases[slug]
    return withApp({ ...served, ...options }, async (app) => {
      await prepare?.(app.act)
      const args = good(await knownOf(app))
      const asked = app.simulator.fetch
      const spots = new Map<string, Spot>()
      let changed: Spot | undefined
      const fetch: typeof asked = async (request) => {
        const path = new URL(request.url).pathname
        const answer = await asked(request)
        if (path.startsWith("/oauth2") || path.startsWith("/_sim")) return answer
        const text = await answer.text()
        const body: unknown = JSON.parse(text)
        for (const place of changed === undefined ? placesIn(body) : []) {
          const is_thing = typeof valueAt(body, place) === "object"
          spots.set(`${path} ${place.join(".")}`, { path, place, is_thing })
        }
        const told = changed?.path === path ? JSON.stringify(withNull(body, changed.place)) : text
        return new Response(told, { status: answer.status, headers: answer.headers })
      }
      Object.assign(app.simulator, { fetch })
      expect((await app.act(slug, args)).status).toBe(200)
      const broken: string[] = []
      const all = [...spots.values()]
      const things = all.filter(({ is_thing }) => is_thing)
      const values = all.filter(({ is_thing }) => !is_thing)
      for (const one of [...spread(things, tried.things), ...spread(values, tried.values)]) {
        changed = one
        const said = await app.act(slug, args)
        if (said.body.type === "/problems/unexpected") broken.push(`${one.path} ${one.place.join(".")}: ${said.text}`)
      }
      expect(broken).toEqual([])
    })
  })
})
