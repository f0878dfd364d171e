import { fileURLToPath } from 'node:url'
import { knows } from '@parley/contract'
import { startUntilReady } from '../../process/start-until-ready.ts'
import { sdkReleases } from '../drivers/sdk-releases.ts'
import type { SdkRelease } from '../drivers/sdk-releases.ts'
import { specimen } from './fixture-upstreams.ts'
import type { MatrixUpstream, Specimen, StartedUpstream } from './upstream.ts'

const script = fileURLToPath(new URL('./old-sdk-server.ts', import.meta.url))
const pageSize = 5

type Way = 'http' | 'sse' | 'stdio'
const wayTitles: Record<Way, string> = { http: 'HTTP', sse: 'HTTP+SSE', stdio: 'stdio' }

/** Servers on the releases of SDK 1.x that speak earlier revisions, over each transport that they have. */
export const oldSdkUpstreams: MatrixUpstream[] = [
  upstream('@modelcontextprotocol/sdk', 'sse'),
  upstream('sdk-2025-06-18', 'http'),
  upstream('sdk-2025-06-18', 'sse'),
  upstream('sdk-2025-06-18', 'stdio'),
  upstream('sdk-2025-03-26', 'http'),
  upstream('sdk-2025-03-26', 'sse'),
  upstream('sdk-2025-03-26', 'stdio'),
  upstream('sdk-2024-11-05', 'sse'),
  upstream('sdk-2024-11-05', 'stdio'),
]

function upstream(release: SdkRelease, way: Way): MatrixUpstream {
  const { title, revision } = sdkReleases[release]
  const args = [script, '--sdk', release, '--transport', way]
  const paged = [...args, '--page-size', String(pageSize)]
  return {
    id: `sdk-${revision}-server-${way}`,
    title: `${title} server, ${revision} over ${wayTitles[way]}`,
    revision,
    specimen: specimenOf(release),
    isFixture: true,
    isForSdks: true,
    // Releases before 2025-11-25 send the code and the message of an error alone.
    dropsErrorData: revision < '2025-11-25',
    start: () => (way === 'stdio' ? startByHub(args, paged) : startBeside(args, paged)),
  }
}

function specimenOf(release: SdkRelease): Specimen {
  const { revision } = sdkReleases[release]
  const { structured, elicitation, urlElicitation, ...all } = specimen
  return {
    ...all,
    ...(structured && knows(revision, 'structuredContent') ? { structured } : {}),
    ...(elicitation && knows(revision, 'elicitation') ? { elicitation } : {}),
    ...(urlElicitation && knows(revision, 'urlElicitation') ? { urlElicitation } : {}),
  }
}

async function startByHub(args: string[], paged: string[]): Promise<StartedUpstream> {
  const command = process.execPath
  return { server: { command, args }, paged: { command, args: paged }, stop: async () => {} }
}

async function startBeside(args: string[], pagedArgs: string[]): Promise<StartedUpstream> {
  const [whole, paged] = await Promise.all([startUntilReady(args), startUntilReady(pagedArgs)])
  return {
    server: { url: String(whole.ready.url) },
    paged: { url: String(paged.ready.url) },
    stop: async () => void (await Promise.all([whole.stop(), paged.stop()])),
  }
}
