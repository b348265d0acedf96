/** An S3-compatible store in memory: the three calls that the module makes, signatures looked at but not computed. */

export type ObjectStore = ReturnType<typeof makeObjectStore>

export const makeObjectStore = (bucket: string) => {
  const objects = new Map<string, string>()
  const complaints: string[] = []
  const puts: string[] = []
  const state = { failing: false }

  const xml = (text: string, status = 200) =>
    new Response(text, { status, headers: { "content-type": "application/xml" } })
  const error = (code: string, status: number) => xml(`<Error><Code>${code}</Code></Error>`, status)
  const list = (prefix: string) => {
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix))
    const contents = keys.map((key) => `<Contents><Key>${key.replaceAll("&", "&amp;")}</Key></Contents>`).join("")
    return xml(
      `<?xml version="1.0"?><ListBucketResult><KeyCount>${keys.length}</KeyCount>${contents}</ListBucketResult>`,
    )
  }

  const fetch = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url)
    const [, name, ...rest] = pathname.split("/").map(decodeURIComponent)
    const key = rest.join("/")
    const signed = request.headers.get("authorization") ?? ""
    if (
      !/^AWS4-HMAC-SHA256 Credential=an-access-key\/\d{8}\/eu-west-3\/s3\/aws4_request, SignedHeaders=.*host.*, Signature=[0-9a-f]{64}$/.test(
        signed,
      )
    )
      complaints.push(`${request.method} ${pathname}: ${signed}`)
    if (!request.headers.has("x-amz-date") || !request.headers.has("x-amz-content-sha256"))
      complaints.push(`${pathname}: no date or digest`)
    // Signed as a blank where the store reads a plus, or the other way round.
    if (request.url.includes("+")) complaints.push(`${request.url}: a plus`)
    if (state.failing) return error("SlowDown", 503)
    if (name !== bucket) return error("NoSuchBucket", 404)
    if (request.method === "PUT") {
      objects.set(key, await request.text())
      puts.push(key)
      return new Response()
    }
    if (key === "") return list(searchParams.get("prefix") ?? "")
    const found = objects.get(key)
    return found === undefined ? error("NoSuchKey", 404) : new Response(found)
  }
  return { objects, complaints, puts, state, fetch }
}
