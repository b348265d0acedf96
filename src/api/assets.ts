/** Swagger UI's two files. */
import { packageFile } from "../core/runtime/package-file.ts"

export interface Asset {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** By the last part of its path; `undefined` for anything else. */
export const swaggerAsset = async (name: string): Promise<Asset | undefined> => {
  const asset = Object.hasOwn(assets, name) ? assets[name] : undefined
  return asset === undefined ? undefined : { type: asset.type, bytes: await asset.load() }
}

const assets: Readonly<Record<string, { readonly type: string; readonly load: () => Promise<Asset["bytes"]> }>> = {
  "swagger-ui.css": {
    type: "text/css; charset=utf-8",
    load: packageFile(
      "swagger-ui-dist/swagger-ui.css",
      () => import("swagger-ui-dist/swagger-ui.css", { with: { type: "file" } }),
    ),
  },
  "swagger-ui-bundle.js": {
    type: "text/javascript; charset=utf-8",
    load: packageFile(
      "swagger-ui-dist/swagger-ui-bundle.js",
      () => import("swagger-ui-dist/swagger-ui-bundle.js", { with: { type: "file" } }),
    ),
  },
}
