/** What `deploy/` says has to be what the product knows. */
import { expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { parseAllDocuments } from "yaml"
import { refuseUnknownVariables } from "../../src/core/config/variables.ts"
import { plugins } from "../../src/plugins/index.ts"

const folder = `${import.meta.dir}/../../deploy`
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.\w+$|Dockerfile$/.test(name),
)
const read = (name: string): string => readFileSync(`${folder}/${name}`, "utf8")

test("every variable in deploy/ and in the pages about it exists", () => {
  const texts = [...files.map(read), readFileSync(`${folder}/../docs/deploy.md`, "utf8")]
  const names = texts.flatMap((text) => text.match(/\b(AKONIS|FALCON)_[A-Z_]*[A-Z]\b/g) ?? [])
  expect(names.length).toBeGreaterThan(20)
  refuseUnknownVariables(Object.fromEntries(names.map((name) => [name, "x"])), plugins)
})

test("every YAML file in deploy/ can be read, and the pod is one, on a read-only root, without service links", () => {
  const documents = files
    .filter((name) => /\.ya?ml$/.test(name))
    .flatMap((name) => parseAllDocuments(read(name)).map((document) => ({ name, document })))
  expect(documents.filter(({ document }) => document.errors.length > 0)).toEqual([])
  const all = documents.map(({ document }) => document.toJS() as { kind?: string; spec?: unknown })
  expect(all.find(({ kind }) => kind === "StatefulSet")?.spec).toMatchObject({
    replicas: 1,
    template: {
      spec: {
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true },
        containers: [{ securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } } }],
      },
    },
  })
})

test("every file that docs/deploy.md names is there", () => {
  const page = readFileSync(`${folder}/../docs/deploy.md`, "utf8")
  const named = [...page.matchAll(/\b(deploy\/[\w./-]*\w)/g)].map(([, path]) => path!)
  expect(named.length).toBeGreaterThan(5)
  const missing = named.filter((path) => !path.includes("secrets") && !existsSync(`${folder}/../${path}`))
  expect(missing).toEqual([])
})
