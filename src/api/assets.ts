/**
 * Swagger UI's two files. Bun takes them from inside the executable, where the bundler puts what is imported as a file;
 * another runtime reads them from the installed package.
 */
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

export interface Asset {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** By the last part of its path; `undefined` for anything else. */
export const swaggerAsset = async (name: string): Promise<Asset | undefined> => {
  const asset = Object.hasOwn(assets, name) ? assets[name] : undefined
  return asset === undefined ? undefined : { type: asset.type, bytes: new Uint8Array(await asset.load()) }
}

const is_bun = typeof Bun !== "undefined"

const installed = (specifier: string) => async (): Promise<Uint8Array> =>
  readFile(fileURLToPath(import.meta.resolve(specifier)))

/** The path is one inside the executable once that is built. */
const embedded = (load: () => Promise<{ readonly default: string }>) => async (): Promise<ArrayBuffer> =>
  Bun.file((await load()).default).arrayBuffer()

const assets: Readonly<
  Record<string, { readonly type: string; readonly load: () => Promise<ArrayBuffer | Uint8Array> }>
> = {
  "swagger-ui.css": {
    type: "text/css; charset=utf-8",
    load: is_bun
      ? embedded(() => import("swagger-ui-dist/swagger-ui.css", { with: { type: "file" } }))
      : installed("swagger-ui-dist/swagger-ui.css"),
  },
  "swagger-ui-bundle.js": {
    type: "text/javascript; charset=utf-8",
    load: is_bun
      ? embedded(() => import("swagger-ui-dist/swagger-ui-bundle.js", { with: { type: "file" } }))
      : installed("swagger-ui-dist/swagger-ui-bundle.js"),
  },
}
