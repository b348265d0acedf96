/**
 * The software bill of materials of an executable, CycloneDX 1.6: Bun, and every package that `bun.lock` names for running. Equal for
 * every build of one commit. A test checks it against CycloneDX's own schema.
 */
import { licenceOf } from "../licences.ts"
import { direct, type Locked, runtimePackages, versionOf } from "../lockfile.ts"
import type { Stamp } from "./stamp.ts"

const product = "akonis"

/** The bill as a plain object. `version`: of the product. */
export const sbom = (version: string, { commit, date }: Stamp) => {
  const packages = runtimePackages()
  const runtime = { name: "bun", version: versionOf("bun"), integrity: "", needs: [] }
  const ref = purl({ name: product, version })
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      ...(date !== "" && { timestamp: date }),
      component: {
        type: "application",
        "bom-ref": ref,
        name: product,
        version,
        licenses: [{ license: { id: "MIT" } }],
        ...(commit !== "" && { properties: [{ name: "akonis:commit", value: commit }] }),
      },
    },
    components: [component(runtime, "platform"), ...packages.map((one) => component(one, "library"))],
    dependencies: [
      { ref, dependsOn: [purl(runtime), ...packages.filter(({ name }) => direct.includes(name)).map(purl)] },
      { ref: purl(runtime), dependsOn: [] },
      ...packages.map((one) => ({
        ref: purl(one),
        dependsOn: packages.filter(({ name }) => one.needs.includes(name)).map(purl),
      })),
    ],
  }
}

const component = (one: Locked, type: "library" | "platform") => ({
  type,
  "bom-ref": purl(one),
  name: one.name,
  version: one.version,
  purl: purl(one),
  ...(type === "platform" ? { licenses: [{ license: { id: "MIT" } }] } : { licenses: [licenceEntry(licenceOf(one))] }),
  ...(one.integrity.startsWith("sha512-") && {
    hashes: [{ alg: "SHA-512", content: Buffer.from(one.integrity.slice(7), "base64").toString("hex") }],
  }),
})

/** One licence by its SPDX id, or an expression of several. */
const licenceEntry = (licence: string) =>
  /^[\w.+-]+$/.test(licence) ? { license: { id: licence } } : { expression: licence }

/** `pkg:npm/%40effect/platform-node@4.1.0` */
const purl = ({ name, version }: Pick<Locked, "name" | "version">): string =>
  `pkg:npm/${name.split("/").map(encodeURIComponent).join("/")}@${version}`
