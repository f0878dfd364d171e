import { createHmac } from 'node:crypto'
import { equalSecrets } from '../../lib/equal-secrets.ts'

/** What a consent form is bound to: one request, one browser session. */
export interface TicketFor {
  readonly uid: string
  readonly session: string
}

/** Nobody reads a page in less; a click that comes sooner was meant for something else (clickjacking by timing). */
const LEAST_MS = 500
const MOST_MS = 30 * 60_000

export type TicketReading = 'good' | 'too-early' | 'wrong'

/** Makes and reads the field that says when a form was shown, and for whom. */
export function createFormTickets(key: Uint8Array): {
  make(what: TicketFor, nowMs: number): string
  read(ticket: string | undefined, what: TicketFor, nowMs: number): TicketReading
} {
  const mac = (what: TicketFor, shownMs: number) =>
    createHmac('sha256', key)
      .update(JSON.stringify([what.uid, what.session, shownMs]))
      .digest('base64url')

  return {
    make: (what, nowMs) => `${nowMs}.${mac(what, nowMs)}`,
    read(ticket, what, nowMs) {
      const [shown = '', code = ''] = (ticket ?? '').split('.')
      const shownMs = Number(shown)
      if (!/^\d{13,15}$/.test(shown)) return 'wrong'
      if (!equalSecrets(Buffer.from(code), Buffer.from(mac(what, shownMs)))) return 'wrong'
      if (nowMs - shownMs < LEAST_MS) return 'too-early'
      return nowMs - shownMs > MOST_MS ? 'wrong' : 'good'
    },
  }
}
