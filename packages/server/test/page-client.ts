export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly html: string
  /** Where it redirects to, without our origin. */
  readonly location: string | undefined
}

/** A browser without its screen: cookies, the form token of the last page, and the headers browsers add by themselves. */
export class PageClient {
  readonly origin: string
  readonly cookies = new Map<string, string>()
  #token = ''
  #options = ''

  constructor(origin: string) {
    this.origin = origin
  }

  /** The passkey options of the last page. */
  get options(): any {
    return JSON.parse(this.#options)
  }

  get sessionCookie(): string | undefined {
    return [...this.cookies].find(([name]) => name.startsWith('parley-session'))?.[1]
  }

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  get(path: string): Promise<Reply> {
    return this.#send(path, {})
  }

  /** Sends a form as the last page would; `headers` and `fields.form` can be made wrong. */
  post(
    path: string,
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    return this.#send(path, {
      method: 'POST',
      body: new URLSearchParams({ form: this.#token, ...fields }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'null',
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
    })
  }

  /** Another browser with the same cookies: a thief, or a tab. */
  copy(): PageClient {
    const copy = new PageClient(this.origin)
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    copy.#token = this.#token
    copy.#options = this.#options
    return copy
  }

  async #send(path: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Reply> {
    const url = path.startsWith('http') ? path : this.origin + path
    const cookie = this.cookies.size > 0 ? { cookie: this.cookieHeader } : {}
    const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux) Firefox/140.0', ...cookie, ...init.headers }
    const response = await fetch(url, { ...init, redirect: 'manual', headers })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    const html = await response.text()
    this.#token = /name="form" value="([^"]+)"/.exec(html)?.[1] ?? this.#token
    this.#options = unescape(/data-options="([^"]+)"/.exec(html)?.[1] ?? '') || this.#options
    const location = response.headers.get('location') ?? undefined
    return { status: response.status, headers: response.headers, html, location }
  }
}

function unescape(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
}
