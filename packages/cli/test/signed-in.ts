import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decide, type PageVisitor } from '../../server/test/page-visitor.ts'
import { runCommand, type Terminal } from '../src/run-command.ts'

/** A person at a terminal: commands as they are typed, and a browser that allows what it is asked, unless told otherwise. */
export class TerminalPerson {
  readonly directory = mkdtempSync(join(tmpdir(), 'parley-person-'))
  readonly #visitor: PageVisitor
  decision: 'allow' | 'deny' = 'allow'
  /** Changes where the browser comes back to. */
  callback = (url: URL): URL => url
  /** What the last page said. */
  lastPage = ''
  /** Addresses that were opened. */
  readonly opened: string[] = []

  constructor(visitor: PageVisitor) {
    this.#visitor = visitor
  }

  async run(argv: readonly string[], changes: Partial<Terminal> = {}) {
    const out: string[] = []
    const errors: string[] = []
    const browsing: Promise<void>[] = []
    const code = await runCommand(argv, {
      out: (text) => out.push(text),
      error: (text) => errors.push(text),
      dataDir: undefined,
      directory: this.directory,
      configDir: join(this.directory, 'config'),
      openBrowser: (url) => void browsing.push(this.browse(url)),
      ...changes,
    })
    await Promise.all(browsing)
    return { code, out: out.join('\n'), errors: errors.join('\n') }
  }

  /** From the address in the terminal through the consents, until a page of the terminal says that it is over. */
  async browse(address: string): Promise<void> {
    for (let next: string | null = address; next !== null;) {
      this.opened.push(next)
      const page = await this.#visitor.open(next)
      const callback = this.callback(await decide(this.#visitor, page, { decision: this.decision }))
      const response = await fetch(callback, { redirect: 'manual' })
      this.lastPage = await response.text()
      next = response.headers.get('location')
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
