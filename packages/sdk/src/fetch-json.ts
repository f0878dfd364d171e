const TIMEOUT_MS = 5000
const LIMIT_BYTES = 4 * 1_048_576

/**
 * Gets a JSON object. Throws when there is none: no redirect is followed, because what the issuer says counts and not
 * where it points; an answer ends after 5 seconds or 4 MB.
 */
export async function fetchJson(
  fetch: typeof globalThis.fetch,
  url: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}.`)
  }
  return readJsonObject(response, LIMIT_BYTES)
}

/** The JSON object that an answer is. Throws when it is none, or larger. */
export async function readJsonObject(
  response: Response,
  limitBytes: number,
): Promise<Record<string, unknown>> {
  const value = JSON.parse(await readText(response, limitBytes)) as unknown
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${response.url} has no JSON object.`)
  return value as Record<string, unknown>
}

async function readText(response: Response, limitBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > limitBytes) throw new Error(`The answer is larger than ${limitBytes} bytes.`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
