/** A finished HTTP answer to a request that goes no further. */
export interface Refusal {
  readonly kind: 'refused'
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer with a JSON body that nobody keeps (RFC 6750 §5.3). */
export function refuse(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return {
    kind: 'refused',
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  }
}
