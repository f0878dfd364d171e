import type { ConsentHub } from '../../../packages/server/test/consent-hub.ts'
import type { Leg, LegRow } from '../leg.ts'
import { catchBrowser } from './catch-browser.ts'
import type { CaughtBrowser } from './catch-browser.ts'
import { publishedClients } from './published-clients.ts'
import type { PublishedClient, StartedClient } from './published-clients.ts'

/** Published clients, each through its own OAuth flow and a person's sign-in and consent in Chromium. */
export async function runPublishedClients(hub: ConsentHub): Promise<Leg> {
  const rows: LegRow[] = []
  for (const client of publishedClients) rows.push(...(await runClient(hub, client)))
  return { title: 'published clients, through sign-in and consent in Chromium', rows }
}

async function runClient(hub: ConsentHub, client: PublishedClient): Promise<LegRow[]> {
  await using home = await catchBrowser()
  await using started = await client.start(`${hub.url}/mcp`, home)
  const rows: LegRow[] = []
  for (const [step, prove] of Object.entries(steps)) {
    const row = { scenario: `${client.name}: ${step}`, wanted: 'works' }
    try {
      await prove({ hub, home, client: started })
      rows.push({ ...row, reached: 'works', verdict: 'equal', notes: [] })
    } catch (error) {
      rows.push({ ...row, reached: 'fails', verdict: 'different', notes: [String(error)] })
    }
  }
  return rows
}

interface Proof {
  readonly hub: ConsentHub
  readonly home: CaughtBrowser
  readonly client: StartedClient
}

/** In this order, on one started client. */
const steps: Readonly<Record<string, (proof: Proof) => Promise<void>>> = {
  async 'gets its own token, and lists'({ hub, home, client }) {
    await hub.ada.signOut()
    const listing = client.list()
    listing.catch(() => {})
    const back = await hub.ada.answer(await home.next(), { switches: { 'group.files.change': false } })
    expect(back.searchParams.has('code'), `the answer went to ${back.href}`)
    const listed = await listing
    expect(listed.includes('files__read_file'), `not listed: ${listed}`)
    for (const tool of ['write_file', 'delete_file'])
      expect(!listed.includes(tool), `listed what was not allowed: ${listed}`)
  },
  async 'calls, with the token that it has'({ hub, home, client }) {
    const before = hub.calls().length
    const said = await client.call('files__read_file')
    expect(said.includes('done read_file'), said)
    expect(hub.calls().slice(before).join() === 'read_file', `the server saw ${hub.calls().join()}`)
    expect(home.opened.length === 1, 'a browser was opened again')
  },
  async 'does nothing once its grant has ended'({ hub, home, client }) {
    const before = hub.calls().length
    await hub.revokeAll()
    const calling = client.call('files__read_file').then(
      (said) => !said.includes('done read_file'),
      () => true,
    )
    // Some ask their person again, who says no; others give up.
    const asked = home.next().then((url) => hub.ada.answer(url, { decision: 'Deny' }))
    asked.catch(() => {})
    expect(await calling, 'the call was answered')
    expect(hub.calls().length === before, 'the call was carried out')
  },
}

function expect(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise)
}
