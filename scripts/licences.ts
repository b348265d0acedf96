/** The licences of what the executable carries, from the lockfile and the packages themselves: `src/licences.json`. */
import { readdirSync, readFileSync } from "node:fs"
import { type Locked, runtimePackages, versionOf } from "./lockfile.ts"

const folderOf = ({ name }: Pick<Locked, "name">): string => `${import.meta.dir}/../node_modules/${name}`

/** SPDX expression that a package declares. */
export const licenceOf = (one: Pick<Locked, "name">): string => {
  const { license } = JSON.parse(readFileSync(`${folderOf(one)}/package.json`, "utf8")) as { license?: string }
  if (license === undefined) throw new Error(`${one.name} declares no licence`)
  return license
}

/** Files with a licence or a notice, beside a bundle also that of what the bundle holds. */
const isText = (name: string): boolean => /^(licen[cs]e|notice|copying)(\.|$)|bundle\.js\.licen[cs]e\.txt$/i.test(name)

const textOf = (one: Locked): string => {
  const names = readdirSync(folderOf(one)).filter(isText).sort()
  const texts = names.map((name) =>
    readFileSync(`${folderOf(one)}/${name}`, "utf8")
      .replaceAll("\r\n", "\n")
      .trim(),
  )
  return texts.length === 0 ? `${one.name} carries no licence text; it declares ${licenceOf(one)}.` : texts.join("\n\n")
}

/** Bun, which is the executable's runtime. It is in no package's folder: source of this text is LICENSE.md of its repository. */
const runtime = () => ({
  name: "bun",
  version: versionOf("bun"),
  licence: "MIT",
  text: [
    "Bun is MIT-licensed and links statically, among others: JavaScriptCore and WebCore (LGPL-2), BoringSSL and libarchive (several",
    "licences), TinyCC (LGPL-2.1), brotli, ls-hpack, ls-qpack, lsquic, mimalloc, c-ares, libuv, libdeflate, uucode (MIT), zstd, lol-html,",
    "libwebp (BSD-3-Clause), libbase64, libspng (BSD-2-Clause), simdutf, uSockets, uWebSockets, highway (Apache-2.0), zlib-ng (Zlib),",
    "picohttpparser (MIT), libjpeg-turbo (BSD-3-Clause, IJG, Zlib), ICU (Unicode licence).",
    "",
    "The whole list, and how to link Bun again with a changed JavaScriptCore: https://github.com/oven-sh/bun/blob/main/LICENSE.md.",
    "Akonis can be compiled again with such a runtime: `bun build --compile --compile-executable-path=<bun>` in place of the downloaded one.",
  ].join("\n"),
})

/** Every package with its licence, as the text of a JSON file. */
export const licences = (): string => {
  const packages = runtimePackages().map((one) => ({
    name: one.name,
    version: one.version,
    licence: licenceOf(one),
    text: textOf(one),
  }))
  return `${JSON.stringify([runtime(), ...packages], null, 2)}\n`
}
